import type { DuckDBConnection } from '@duckdb/node-api';
import { primaryAlias } from './check.js';
import type { Dataset } from './dataset.js';
import { findColumn } from './dataset.js';
import { asRuleError } from './errors.js';

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

/** Checks the key columns before anything runs. @throws RuleError for one the table has not. */
export function keyColumns(primary: Dataset, keys: readonly string[] = []): { name: string; sql: string }[] {
  return keys.map((name) => {
    const column = findColumn(primary, name);
    if (column === undefined) throw asRuleError(new Error(`Key column ${name} is not in the table`));
    return { name, sql: column.sql };
  });
}

/** Counts the rows for which a rule's predicate is not TRUE, and samples their keys. */
export async function failingRows(
  connection: DuckDBConnection,
  primary: Dataset,
  rows: string,
  { keys, sample = 10 }: FailingRowsOptions
): Promise<FailingRows> {
  const from = `FROM ${primary.sql} AS ${primaryAlias} WHERE NOT (${rows})`;
  const count = (await connection.runAndReadAll(`SELECT count(*)::DOUBLE ${from}`)).getRowsJS()[0]![0] as number;
  const columns = keyColumns(primary, keys);
  if (columns.length === 0) return { count };
  const limit = Math.min(1000, Math.max(0, Math.floor(sample)));
  if (count === 0 || limit === 0) return { count, sample: [] };
  const order = columns.map(({ sql }) => `${primaryAlias}.${sql}`);
  const reader = await connection.runAndReadAll(
    `SELECT ${order.map((sql) => `CAST(${sql} AS VARCHAR)`).join(', ')} ${from} ORDER BY ${order.join(', ')} LIMIT ${limit}`
  );
  const found = reader.getRowsJS() as (string | null)[][];
  return { count, sample: found.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]!]))) };
}

/** Counts the rows that fail any of the predicates. */
export async function rowsFailingAny(
  connection: DuckDBConnection,
  primary: Dataset,
  predicates: readonly string[]
): Promise<number> {
  if (predicates.length === 0) return 0;
  const all = predicates.map((rows) => `(${rows})`).join(' AND ');
  const statement = `SELECT count(*)::DOUBLE FROM ${primary.sql} AS ${primaryAlias} WHERE NOT (${all})`;
  return (await connection.runAndReadAll(statement)).getRowsJS()[0]![0] as number;
}
