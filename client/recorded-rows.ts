import type { BoundQuery } from '../model/sql/run-history.js';
import { RunFailedError } from './errors.js';
import type { ResultValue, WarehouseQuery } from './warehouse-query.js';

/** A row of the `sluice` schema by column. */
export type RecordedRow = Readonly<Record<string, ResultValue>>;

/** A value as text; empty for NULL. */
export const textOf = (value: ResultValue | undefined): string =>
  value === null || value === undefined ? '' : String(value);

/**
 * What a query finds in the tables of the run history; nothing in a warehouse that no run of this version has set up.
 * @throws the error of the Data API, or RunFailedError, when the warehouse cannot be read.
 */
export async function recordedRows(
  warehouse: WarehouseQuery,
  { sql, parameters }: BoundQuery,
  signal?: AbortSignal
): Promise<RecordedRow[]> {
  try {
    const { columns, rows } = await warehouse.query(sql, signal, parameters);
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
  } catch (error) {
    if (error instanceof RunFailedError && /does not exist/i.test(error.message)) return [];
    throw error;
  }
}
