import { join } from 'node:path';
import type { DuckDbSession } from '../duckdb/session.js';
import { quoteLiteral } from '../duckdb/sql-text.js';
import type { RejectReason } from './job-report.js';

/** Name of the lake's dataset of rejected items and rows. */
export const rejectedDataset = 'rejected';

/** Columns of the rejected dataset, as the catalog has them. */
export const rejectedColumns = [
  { Name: 'item_type', Type: 'string' },
  { Name: 'reasons', Type: 'array<string>' },
  { Name: 'key', Type: 'string' },
  { Name: 'item', Type: 'string' },
  { Name: 'sluice_written_at', Type: 'timestamp' },
] as const;

/** Makes the table `rejected` from a query of the same columns, whose reasons are structs. */
export function rejectedTableSql(query: string): string {
  return `CREATE TABLE rejected AS ${query}`;
}

/** The table `rejected` without rows, for runs that reject nothing. */
export const noRejectedSql = rejectedTableSql(
  `SELECT '' AS item_type, [{'attribute': '', 'expected': '', 'found': ''}] AS reasons, '' AS key, '' AS item, CAST(NULL AS TIMESTAMP) AS written_at WHERE false`
);

/** The reasons of the table `rejected`, counted, with the ten lowest keys of each. */
export async function reasonRows(session: DuckDbSession): Promise<RejectReason[]> {
  const rows = await session.rows(
    `SELECT item_type, x.attribute AS attribute, x.expected AS expected, x.found AS found, count(*) AS items, ` +
      `min(key, 10) AS keys FROM (SELECT item_type, key, unnest(list_distinct(reasons)) AS x FROM rejected) ` +
      `GROUP BY ALL ORDER BY item_type NULLS FIRST, attribute, expected, found`
  );
  return rows.map((row) => ({
    itemType: row['item_type'] === null ? null : String(row['item_type']),
    attribute: String(row['attribute']),
    expected: String(row['expected']),
    found: String(row['found']),
    items: Number(row['items']),
    sampleKeys: Array.isArray(row['keys']) ? row['keys'].map((key): unknown => JSON.parse(String(key))) : [],
  }));
}

/** Writes the table `rejected` as Parquet into `folder` and returns the file. */
export async function writeRejected(session: DuckDbSession, folder: string): Promise<{ path: string; rows: number }> {
  const path = join(folder, 'rejected.parquet');
  const reason = `CASE WHEN x.attribute = '' THEN x.found ELSE x.attribute || ': expected ' || x.expected || ', found ' || x.found END`;
  const rows = await session.run(
    `COPY (SELECT item_type, list_transform(reasons, lambda x: ${reason}) AS reasons, key, item, written_at AS sluice_written_at FROM rejected ` +
      `ORDER BY key, item) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION snappy)`
  );
  return { path, rows };
}
