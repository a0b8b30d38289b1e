import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Folder of the official engine's answers, beside the checkout. */
export const dqdlData = join(import.meta.dirname, '../../../../shared/dqdl');
export const haveDqdlData = existsSync(dqdlData);

export interface EvaluatedCase {
  dataset: string;
  rule: string;
  refs?: Record<string, string>;
  outcome: 'Passed' | 'Failed' | 'EXCEPTION';
  failure_reason: string | null;
  metrics: Record<string, number | string>;
  caveat?: string;
}

/** The lines of one of the JSON lines files. */
export function casesOf<Case>(file: string): Case[] {
  if (!haveDqdlData) return [];
  const lines = readFileSync(join(dqdlData, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}

type Cell = string | number | null;
interface Table {
  columns: [string, string][];
  rows: Cell[][];
}

const types: Record<string, string> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** Creates a table of Spark's types. */
export async function createTable(connection: DuckDBConnection, name: string, table: Table): Promise<void> {
  const quoted = (text: string): string => `"${text}"`;
  const columns = table.columns.map(([column, type]) => `${quoted(column)} ${types[type]!}`);
  await connection.run(`CREATE TABLE ${quoted(name)} (${columns.join(', ')})`);
  const literal = (cell: Cell): string => (typeof cell === 'string' ? `'${cell.replaceAll("'", "''")}'` : String(cell));
  if (table.rows.length === 0) return;
  const rows = table.rows.map((row) => `(${row.map(literal).join(', ')})`);
  await connection.run(`INSERT INTO ${quoted(name)} VALUES ${rows.join(', ')}`);
}

/** Creates all tables of datasets.json, each under its name. */
export async function createDatasets(connection: DuckDBConnection): Promise<void> {
  const datasets = JSON.parse(readFileSync(join(dqdlData, 'datasets.json'), 'utf8')) as Record<string, Table>;
  for (const [name, table] of Object.entries(datasets)) await createTable(connection, name, table);
}
