import type { ResultDocument, RuleRun } from '../results/result-document.js';
import { embeddedJson } from './embedded-json.js';
import { ruleCounts } from './rule-counts.js';
import type { Cell, FailingRule, ReportData, Scope } from './report-data.js';
import { ruleTypeOfText } from './rule-type-of-text.js';

/** What the page holds at most: with the charting library it stays below 1 MB. */
export interface ReportBounds {
  /** Bytes of JSON for the figures by day, with the names of tables and rulesets. */
  readonly figures: number;
  /** Bytes of JSON for the failing rules. */
  readonly failingRules: number;
}

const defaultBounds: ReportBounds = { figures: 200_000, failingRules: 150_000 };
const maximumMessage = 400;
const maximumKey = 100;
const maximumKeys = 10;
/** Failing rules held while results are read; far more than fit on a page. */
const heldFailingRules = 2_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Gathers results, one at a time, into the page's data; memory grows with days, tables and rulesets only. */
export class ReportCollector {
  private readonly seen = new Set<string>();
  private readonly scopes = new Map<string, { readonly index: number; readonly scope: Scope }>();
  private readonly ruleTypes = new Map<string, number>();
  private readonly cells = new Map<string, Writable<Cell>>();
  private failing: FailingRule[] = [];
  private readonly totals = { results: 0, rules: 0, failed: 0 };
  private undated = 0;

  constructor(private readonly bounds: ReportBounds = defaultBounds) {}

  /** Results added, rules they evaluated or skipped, and rules that failed or had an error. */
  get counted(): { readonly results: number; readonly rules: number; readonly failed: number } {
    return { ...this.totals };
  }

  /**
   * Adds a result, unless its id was added before. One whose `completedOn` does not begin with a day, `YYYY-MM-DD`,
   * has no place in the figures: it is only counted as left out.
   */
  add(document: ResultDocument): void {
    if (this.seen.has(document.resultId)) return;
    this.seen.add(document.resultId);
    if (!/^\d{4}-\d{2}-\d{2}/.test(document.completedOn)) {
      this.undated += 1;
      return;
    }
    const scope = this.scopeOf(document);
    const day = document.completedOn.slice(0, 10);
    const key = `${day} ${scope}`;
    const cell = this.cells.get(key) ?? [scope, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, []];
    this.cells.set(key, cell);
    const counts = ruleCounts(document);
    cell[2] += 1;
    const score = document.score.trim() === '' ? Number.NaN : Number(document.score);
    if (Number.isFinite(score)) {
      cell[3] += 1;
      cell[4] += score;
    }
    cell[5] += counts.passed;
    cell[6] += counts.failed;
    cell[7] += counts.error;
    cell[8] += counts.skipped;
    const rows = rowCount(document.totalRows);
    const clean = rowCount(document.passedRows);
    if (rows !== undefined && clean !== undefined) {
      cell[9] += 1;
      cell[10] += rows;
      cell[11] += clean;
      if (counts.failed + counts.error === 0) cell[12] += clean;
    }
    cell[13] = this.addedTypes(cell[13], document.resultrun);
    for (const rule of document.resultrun) {
      if (rule.Result !== 'PASS') this.failing.push(failingRule(scope, document, rule));
    }
    if (this.failing.length > 2 * heldFailingRules) this.dropOldFailing(heldFailingRules);
    this.totals.results += 1;
    this.totals.rules += counts.passed + counts.failed + counts.error + counts.skipped;
    this.totals.failed += counts.failed + counts.error;
  }

  /** The page's data of all results added so far. */
  data(generatedOn: Date): ReportData {
    const ordered = [...this.cells.values()].sort((a, b) => compare(b[1], a[1]) || a[0] - b[0]);
    const scopes = [...this.scopes.values()].map(({ scope }) => scope);
    const cells = shownDays(ordered, scopes, this.bounds.figures);
    const days = new Set(cells.map(([, day]) => day));
    this.dropOldFailing(heldFailingRules);
    const failing = this.failing.filter(({ completedOn }) => days.has(completedOn.slice(0, 10)));
    const failingRules = within(failing, this.bounds.failingRules);
    const shown = [...new Set(cells.map(([scope]) => scope))];
    const place = new Map(shown.map((scope, index) => [scope, index]));
    const sum = (of: readonly Cell[], value: (cell: Cell) => number): number =>
      of.reduce((total, cell) => total + value(cell), 0);
    return {
      generatedOn: generatedOn.toISOString(),
      scopes: shown.map((scope) => scopes[scope]!),
      ruleTypes: [...this.ruleTypes.keys()],
      cells: cells.reverse().map(([scope, ...figures]) => [place.get(scope)!, ...figures]),
      failingRules: failingRules.map((rule) => ({ ...rule, scope: place.get(rule.scope)! })),
      leftOut: {
        results: this.totals.results - sum(cells, (cell) => cell[2]),
        undated: this.undated,
        failingRules: sum(cells, (cell) => cell[6] + cell[7]) - failingRules.length,
      },
    };
  }

  private scopeOf({ databaseName: database, tableName: table, ruleset_name: ruleset }: ResultDocument): number {
    const key = JSON.stringify([database, table, ruleset]);
    const known = this.scopes.get(key);
    if (known !== undefined) return known.index;
    const index = this.scopes.size;
    this.scopes.set(key, { index, scope: { database, table, ruleset } });
    return index;
  }

  private addedTypes(known: readonly number[], rules: readonly RuleRun[]): readonly number[] {
    const counts = new Map<number, [passed: number, evaluated: number]>();
    for (let at = 0; at < known.length; at += 3) counts.set(known[at]!, [known[at + 1]!, known[at + 2]!]);
    for (const { Description, Result } of rules) {
      const name = ruleTypeOfText(Description);
      const type = this.ruleTypes.get(name) ?? this.ruleTypes.size;
      this.ruleTypes.set(name, type);
      const [passed, evaluated] = counts.get(type) ?? [0, 0];
      counts.set(type, [passed + (Result === 'PASS' ? 1 : 0), evaluated + 1]);
    }
    return [...counts].flatMap(([type, count]) => [type, ...count]);
  }

  private dropOldFailing(kept: number): void {
    this.failing.sort((a, b) => compare(b.completedOn, a.completedOn));
    this.failing = this.failing.slice(0, kept);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function rowCount(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function failingRule(scope: number, { completedOn }: ResultDocument, rule: RuleRun): FailingRule {
  const keys = Array.isArray(rule.SampleKeys) ? rule.SampleKeys : [];
  return {
    scope,
    completedOn,
    name: String(rule.Name),
    rule: cut(rule.Description, maximumMessage),
    result: rule.Result === 'ERROR' ? 'ERROR' : 'FAIL',
    message: cut(rule.EvaluationMessage, maximumMessage),
    ...(rule.FailedRows === undefined ? {} : { failedRows: Number(rule.FailedRows) }),
    sampleKeys: keys.slice(0, maximumKeys).map((key) =>
      cut(
        Object.entries(key)
          .map(([column, value]) => `${column}=${String(value)}`)
          .join(', '),
        maximumKey
      )
    ),
  };
}

/** A text of at most this many characters, without a half surrogate pair at its end. */
function cut(text: unknown, length: number): string {
  const whole = String(text);
  return whole.length <= length ? whole : `${whole.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const bytes = (value: unknown): number => Buffer.byteLength(embeddedJson(value)) + 1;

/** The newest of the days that fit, each with all its cells; at least one day. */
function shownDays(newestFirst: readonly Cell[], scopes: readonly Scope[], bound: number): Cell[] {
  let length = 0;
  const named = new Set<number>();
  const first = newestFirst[0]?.[1];
  const beyond = newestFirst.find((cell) => {
    length += bytes(cell) + (named.has(cell[0]) ? 0 : bytes(scopes[cell[0]]));
    named.add(cell[0]);
    return length > bound && cell[1] !== first;
  });
  return beyond === undefined ? [...newestFirst] : newestFirst.filter(([, day]) => day > beyond[1]);
}

function within(rules: readonly FailingRule[], bound: number): FailingRule[] {
  let length = 0;
  const fits = rules.findIndex((rule) => (length += bytes(rule)) > bound);
  return fits === -1 ? [...rules] : rules.slice(0, fits);
}
