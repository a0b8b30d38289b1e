import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { primaryAlias } from './check.js';
import type { Dataset } from './dataset.js';
import { RuleError } from './errors.js';
import { literal, quoted } from './identifiers.js';

/** Column of `bad.parquet` with the names of all rules that a row fails; the name is Glue's. */
export const reasonsColumn = 'DataQualityRulesFail';

/** A rule on rows: its name, and SQL over the primary that is TRUE where a row complies. */
export interface RowRule {
  name: string;
  rows: string;
  /** How many rows fail, where it is known. */
  failing?: number;
}

/** Where the split went, and how many rows each side has. */
export interface Quarantine {
  good: string;
  bad: string;
  goodRows: number;
  badRows: number;
}

/**
 * Splits the table by the rules on rows, as Glue's row-level results do: `bad.parquet` has every row that fails one or
 * more, with their names, whether or not a threshold lets the rule pass; `good.parquet` has the others. Both appear
 * whole or not at all.
 */
export async function quarantine(
  connection: DuckDBConnection,
  primary: Dataset,
  rules: readonly RowRule[],
  folder: string
): Promise<Quarantine> {
  if (primary.columns.some(({ name }) => name.toLowerCase() === reasonsColumn.toLowerCase())) {
    throw new RuleError(`The table has a column ${reasonsColumn} already: rename it before a quarantine`);
  }
  await mkdir(folder, { recursive: true });
  const reasons = rules.map(({ name, rows }) => `CASE WHEN NOT (${rows}) THEN ${literal(name)} END`);
  const column = quoted(reasonsColumn);
  const split = `SELECT ${primaryAlias}.*, CAST(list_filter([${reasons.join(', ')}], r -> r IS NOT NULL) AS VARCHAR[]) AS ${column}
    FROM ${primary.sql} AS ${primaryAlias}`;
  const files = { good: join(folder, 'good.parquet'), bad: join(folder, 'bad.parquet') };
  const part = { good: `${files.good}.part`, bad: `${files.bad}.part` };
  const write = async (query: string, file: string): Promise<number> => {
    const reader = await connection.runAndReadAll(`COPY (${query}) TO ${literal(file)} (FORMAT parquet)`);
    return Number(reader.getRowsJS()[0]![0]);
  };
  try {
    const goodRows = await write(`SELECT * EXCLUDE (${column}) FROM (${split}) WHERE len(${column}) = 0`, part.good);
    const badRows = await write(`SELECT * FROM (${split}) WHERE len(${column}) > 0`, part.bad);
    await rename(part.good, files.good);
    await rename(part.bad, files.bad);
    return { ...files, goodRows, badRows };
  } finally {
    await Promise.all([rm(part.good, { force: true }), rm(part.bad, { force: true })]);
  }
}
