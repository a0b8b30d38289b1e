import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, Dataset } from './dataset.js';
import type { RuleError } from './errors.js';
import { asRuleError } from './errors.js';

/** What can be asked of the groups of equal values in a set of columns; `n` is a group's number of rows. */
const measures = {
  /** Distinct combinations with at least one value that is not NULL. */
  distinct: 'count(*) FILTER (WHERE n > 0 AND present)',
  /** Distinct combinations, NULL counting as a value. */
  distinctWithNull: 'count(*) FILTER (WHERE n > 0)',
  /** Combinations that occur once. */
  once: 'count(*) FILTER (WHERE n = 1 AND present)',
  /** Rows with at least one value that is not NULL. */
  rows: 'sum(n) FILTER (WHERE present)',
  /** Rows in groups of two or more. */
  repeated: 'sum(n) FILTER (WHERE n > 1)',
  /** Sum of n ln n, from which entropy follows. */
  surprise: 'sum(n * ln(nullif(n, 0))) FILTER (WHERE present)',
} as const;

/** Name of a measure of groups. */
export type Measure = keyof typeof measures;

/** The measures of one set of columns under one filter, once the groups have run. */
export interface Groups {
  /** @throws RuleError when the columns could not be grouped. */
  get(measure: Measure): number;
}

interface Asked {
  columns: readonly Column[];
  /** The filters, each with the measures asked under it. */
  filters: Map<string, Set<Measure>>;
  outcome: Map<string, number> | RuleError | undefined;
}

/** Groupings over one dataset, gathered from all rules: each set of columns is grouped once, whatever is asked of it. */
export class SharedGroups {
  private readonly sets = new Map<string, Asked>();

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly dataset: Dataset
  ) {}

  /** Asks measures of the groups of these columns, in any order of them, over the rows that pass the filter. */
  add(columns: readonly Column[], where: string | undefined, ...wanted: Measure[]): Groups {
    const key = columns
      .map(({ sql }) => sql)
      .sort()
      .join();
    const asked = this.sets.get(key) ?? { columns, filters: new Map<string, Set<Measure>>(), outcome: undefined };
    this.sets.set(key, asked);
    const filter = where ?? '';
    asked.filters.set(filter, new Set([...(asked.filters.get(filter) ?? []), ...wanted]));
    return { get: (measure) => answer(asked, `${filter} ${measure}`) };
  }

  /** Runs what has not run yet. Never throws: failures stay with their groups. */
  async run(): Promise<void> {
    for (const asked of this.sets.values()) if (asked.outcome === undefined) await this.group(asked);
  }

  private async group(asked: Asked): Promise<void> {
    const filters = [...asked.filters.keys()];
    const wanted = filters.flatMap((filter, index) =>
      [...asked.filters.get(filter)!].map((measure) => ({
        key: `${filter} ${measure}`,
        sql: `(${measures[measure].replaceAll(/\bn\b/g, `n${index}`)})::DOUBLE`,
      }))
    );
    const counts = filters.map((filter, i) => `count(*)${filter === '' ? '' : ` FILTER (WHERE ${filter})`} AS n${i}`);
    const present = asked.columns.map((_, index) => `k${index} IS NOT NULL`).join(' OR ');
    const keys = asked.columns.map(({ sql }, index) => `${sql} AS k${index}`);
    const names = asked.columns.map((_, index) => `k${index}`);
    // The keys are renamed below the grouping, so that a filter cannot mistake k0 for a column.
    const filtered = filters.map((filter, index) => (filter === '' ? undefined : `(${filter}) AS f${index}`));
    const inner = [...keys, ...filtered.filter((part) => part !== undefined)];
    const grouped = counts.map((count, index) =>
      filters[index] === '' ? count : `count(*) FILTER (WHERE f${index}) AS n${index}`
    );
    try {
      const reader = await this.connection.runAndReadAll(
        `SELECT ${wanted.map(({ sql }) => sql).join(', ')}
         FROM (SELECT *, (${present}) AS present FROM (
           SELECT ${[...names, ...grouped].join(', ')} FROM (SELECT ${inner.join(', ')} FROM ${this.dataset.sql})
           GROUP BY ${names.join(', ')}))`
      );
      const [row] = reader.getRowsJS() as (number | null)[][];
      asked.outcome = new Map(wanted.map(({ key }, index) => [key, row![index] ?? 0]));
    } catch (error) {
      asked.outcome = asRuleError(error);
    }
  }
}

function answer({ outcome }: Asked, key: string): number {
  if (outcome === undefined) throw new Error(`The groups have not run: ${key}`);
  if (outcome instanceof Error) throw outcome;
  return outcome.get(key)!;
}
