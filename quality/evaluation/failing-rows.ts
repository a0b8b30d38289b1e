import type { DuckDBConnection } from '@duckdb/node-api';
import { primaryAlias } from './check.js';
import type { Dataset } from './dataset.js';
import { findColumn } from './dataset.js';
import type { RowRule } from './quarantine.js';

/** The rows that fail one rule. */
export interface FailingRows {
  count: number;
  /** Keys of some of them, the first ones by key; absent without key columns. */
  sample?: Record<string, string | null>[];
}

/** What to say of failing rows. */
export interface FailingRowsOptions {
  /** Columns that tell rows apart; only these leave the table. Without them rows are counted only. */
  keys?: readonly string[];
  /** How many keys to keep per rule; 10 unless told, at most 1,000. */
  sample?: number;
}

/** Rows of the table, and how many of them fail none or any of the rules on rows. */
export interface RowTotals {
  processed: number;
  passed: number;
  failed: number;
}

interface Key {
  name: string;
  sql: string;
}

/** Checks the key columns before anything runs. @throws Error for one the table has not. */
export function keyColumns(primary: Dataset, keys: readonly string[] = []): Key[] {
  return keys.map((name) => {
    const column = findColumn(primary, name);
    if (column === undefined) throw new Error(`Key column ${name} is not in the table ${primary.table}`);
    return { name, sql: `${primaryAlias}.${column.sql}` };
  });
}

/**
 * Counts the rows that fail each rule and samples their keys. What the metrics have told is not counted again: one pass
 * evaluates the other rules, and none does when at most one kind of row can fail.
 */
export async function failingRows(
  connection: DuckDBConnection,
  primary: Dataset,
  rules: readonly RowRule[],
  { keys, sample = 10 }: FailingRowsOptions
): Promise<{ byRule: Map<string, FailingRows>; totals: RowTotals }> {
  const columns = keyColumns(primary, keys);
  const limit = Math.min(1000, Math.max(0, Math.floor(sample)));
  const { processed, failed, counts } = await counted(connection, primary, rules);
  const byRule = new Map<string, FailingRows>();
  for (const { name, rows } of rules) {
    const count = counts.get(name)!;
    const wanted = count === 0 ? 0 : limit;
    const keep = columns.length > 0 && { sample: await sampled(connection, primary, rows, columns, wanted) };
    byRule.set(name, { count, ...keep });
  }
  return { byRule, totals: { processed, passed: processed - failed, failed } };
}

async function counted(
  connection: DuckDBConnection,
  primary: Dataset,
  rules: readonly RowRule[]
): Promise<{ processed: number; failed: number; counts: Map<string, number> }> {
  const known = new Map(
    rules.flatMap(({ rows, failing }) => (failing === undefined ? [] : [[rows, failing] as const]))
  );
  // Rules of the same predicate fail on the same rows.
  const asked = [...new Set(rules.map(({ rows }) => rows))].filter((rows) => known.get(rows) !== 0);
  const [only] = asked;
  const isKnown = asked.length === 0 || (asked.length === 1 && known.has(only!));
  const names = isKnown ? [] : asked.map((_, index) => `r${index}`);
  const failing = names.map((name) => `count_if(NOT ${name})::DOUBLE`);
  const any = names.length === 0 ? '0' : `count_if(NOT (${names.join(' AND ')}))`;
  const predicates = names.map((name, index) => `(${asked[index]}) AS ${name}`);
  const from =
    names.length === 0 ? primary.sql : `(SELECT ${predicates.join(', ')} FROM ${primary.sql} AS ${primaryAlias})`;
  const statement = `SELECT ${['count(*)::DOUBLE', `${any}::DOUBLE`, ...failing].join(', ')} FROM ${from}`;
  const [processed, failed, ...counts] = (await connection.runAndReadAll(statement)).getRowsJS()[0] as number[];
  for (const [index, count] of counts.entries()) known.set(asked[index]!, count);
  return {
    processed: processed!,
    failed: isKnown ? (known.get(only ?? '') ?? 0) : failed!,
    counts: new Map(rules.map(({ name, rows }) => [name, known.get(rows)!])),
  };
}

async function sampled(
  connection: DuckDBConnection,
  primary: Dataset,
  rows: string,
  keys: readonly Key[],
  limit: number
): Promise<Record<string, string | null>[]> {
  if (limit === 0) return [];
  const reader = await connection.runAndReadAll(
    `SELECT ${keys.map(({ sql }) => `CAST(${sql} AS VARCHAR)`).join(', ')}
     FROM ${primary.sql} AS ${primaryAlias} WHERE NOT (${rows})
     ORDER BY ${keys.map(({ sql }) => sql).join(', ')} LIMIT ${limit}`
  );
  const found = reader.getRowsJS() as (string | null)[][];
  return found.map((row) => Object.fromEntries(keys.map(({ name }, index) => [name, row[index]!])));
}
