import type { Cell, FailingRule, ReportData, Scope } from './report-data.js';

/** What the reader chose; empty is all. */
export interface ReportFilter {
  readonly database: string;
  readonly table: string;
  readonly ruleset: string;
  /** First and last day, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
}

/** The filter that leaves nothing out. */
export const everything: ReportFilter = { database: '', table: '', ruleset: '', from: '', to: '' };

/** Rules by outcome. */
export interface Outcomes {
  readonly passed: number;
  readonly failed: number;
  readonly error: number;
  readonly skipped: number;
}

/** Rules passed of rules evaluated. */
export interface PivotEntry {
  readonly passed: number;
  readonly evaluated: number;
}

/** All figures of the page for one filter. Scores are means of the results' scores, 0 to 1; undefined where none is. */
export interface Figures {
  readonly results: number;
  readonly score: number | undefined;
  readonly rules: Outcomes;
  readonly days: readonly {
    readonly day: string;
    readonly results: number;
    readonly score: number | undefined;
    readonly rules: Outcomes;
  }[];
  /** Lowest mean score first; each table's score on each of {@link days}. */
  readonly tables: readonly {
    readonly name: string;
    readonly score: number | undefined;
    readonly scores: readonly (number | undefined)[];
  }[];
  readonly pivot: {
    /** Most used first. */
    readonly ruleTypes: readonly string[];
    readonly rows: readonly { readonly table: string; readonly entries: readonly (PivotEntry | undefined)[] }[];
  };
  readonly rows: {
    /** Results that tell of their rows; the counts below are theirs. */
    readonly results: number;
    readonly evaluated: number;
    /** Rows that failed no rule on rows. */
    readonly clean: number;
    /** Clean rows of results in which every rule passed. */
    readonly cleared: number;
  };
  /** Newest first, of those that the page holds. */
  readonly failingRules: readonly FailingRule[];
}

/** A table's name with its database, as the page shows it. */
export const tableName = ({ database, table }: Scope): string => (database === '' ? table : `${database}.${table}`);

/** Computes what the page shows of its data under a filter. */
export function figures(data: ReportData, filter: ReportFilter): Figures {
  const chosen = data.scopes.map((scope) => inScope(scope, filter));
  const inDays = (day: string): boolean =>
    (filter.from === '' || day >= filter.from) && (filter.to === '' || day <= filter.to);
  const cells = data.cells.filter(([scope, day]) => chosen[scope] === true && inDays(day));
  const days = [...groups(cells, ([, day]) => day)].sort(([a], [b]) => order(a, b));
  const byTable = groups(cells, ([scope]) => tableName(data.scopes[scope]!));
  return {
    results: sum(cells, (cell) => cell[2]),
    score: meanScore(cells),
    rules: outcomes(cells),
    days: days.map(([day, of]) => ({
      day,
      results: sum(of, (cell) => cell[2]),
      score: meanScore(of),
      rules: outcomes(of),
    })),
    tables: [...byTable]
      .map(([name, of]) => {
        const ofDay = groups(of, ([, day]) => day);
        return { name, score: meanScore(of), scores: days.map(([day]) => meanScore(ofDay.get(day) ?? [])) };
      })
      .sort((a, b) => (a.score ?? 2) - (b.score ?? 2) || order(a.name, b.name)),
    pivot: pivotOf(data, byTable),
    rows: {
      results: sum(cells, (cell) => cell[9]),
      evaluated: sum(cells, (cell) => cell[10]),
      clean: sum(cells, (cell) => cell[11]),
      cleared: sum(cells, (cell) => cell[12]),
    },
    failingRules: data.failingRules.filter(
      ({ scope, completedOn }) => chosen[scope] === true && inDays(completedOn.slice(0, 10))
    ),
  };
}

/** What the filters offer: databases, and the tables and rulesets of the chosen ones. Each list is sorted. */
export function choices(
  { scopes }: ReportData,
  { database, table }: Pick<ReportFilter, 'database' | 'table'>
): Record<'databases' | 'tables' | 'rulesets', string[]> {
  const names = (of: readonly Scope[], name: (scope: Scope) => string): string[] => [...new Set(of.map(name))].sort();
  const ofDatabase = scopes.filter((scope) => database === '' || scope.database === database);
  return {
    databases: names(scopes, (scope) => scope.database),
    tables: names(ofDatabase, (scope) => scope.table),
    rulesets: names(
      ofDatabase.filter((scope) => table === '' || scope.table === table),
      (scope) => scope.ruleset
    ),
  };
}

function inScope(scope: Scope, { database, table, ruleset }: ReportFilter): boolean {
  return (
    (database === '' || scope.database === database) &&
    (table === '' || scope.table === table) &&
    (ruleset === '' || scope.ruleset === ruleset)
  );
}

function pivotOf(data: ReportData, byTable: ReadonlyMap<string, readonly Cell[]>): Figures['pivot'] {
  const used = new Map<number, number>();
  const rows = [...byTable]
    .sort(([a], [b]) => order(a, b))
    .map(([table, cells]) => {
      const entries = new Map<number, PivotEntry>();
      for (const [, , , , , , , , , , , , , byType] of cells) {
        for (let at = 0; at < byType.length; at += 3) {
          const [type, passed, evaluated] = [byType[at]!, byType[at + 1]!, byType[at + 2]!];
          const known = entries.get(type) ?? { passed: 0, evaluated: 0 };
          entries.set(type, { passed: known.passed + passed, evaluated: known.evaluated + evaluated });
          used.set(type, (used.get(type) ?? 0) + evaluated);
        }
      }
      return { table, entries };
    });
  const types = [...used].sort((a, b) => b[1] - a[1] || order(data.ruleTypes[a[0]]!, data.ruleTypes[b[0]]!));
  return {
    ruleTypes: types.map(([type]) => data.ruleTypes[type]!),
    rows: rows.map(({ table, entries }) => ({ table, entries: types.map(([type]) => entries.get(type)) })),
  };
}

function outcomes(cells: readonly Cell[]): Outcomes {
  return {
    passed: sum(cells, (cell) => cell[5]),
    failed: sum(cells, (cell) => cell[6]),
    error: sum(cells, (cell) => cell[7]),
    skipped: sum(cells, (cell) => cell[8]),
  };
}

function meanScore(cells: readonly Cell[]): number | undefined {
  const scored = sum(cells, (cell) => cell[3]);
  return scored === 0 ? undefined : sum(cells, (cell) => cell[4]) / scored;
}

function groups(cells: readonly Cell[], key: (cell: Cell) => string): Map<string, Cell[]> {
  const found = new Map<string, Cell[]>();
  for (const cell of cells) {
    const group = found.get(key(cell));
    if (group === undefined) found.set(key(cell), [cell]);
    else group.push(cell);
  }
  return found;
}

const sum = (cells: readonly Cell[], value: (cell: Cell) => number): number =>
  cells.reduce((total, cell) => total + value(cell), 0);

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
