import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { JobFailure } from '../jobs/job-script.js';

/** A table to copy out of the warehouse. */
export interface WarehouseTable {
  /** PostgreSQL URL of the Glue connection. */
  readonly url: string;
  /** `database.schema.table`, as a crawler writes it. */
  readonly location: string;
  /** CSV file to write: no header, every value quoted, NULL as a bare `\N`. */
  readonly file: string;
  readonly signal: AbortSignal;
}

function duckDbType(type: string): string {
  const numeric = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (numeric !== null) return Number(numeric[1]) <= 38 ? `DECIMAL(${numeric[1]},${numeric[2]})` : 'DOUBLE';
  if (type.startsWith('timestamp')) return 'TIMESTAMP';
  const plain: Readonly<Record<string, string>> = {
    smallint: 'SMALLINT',
    integer: 'INTEGER',
    bigint: 'BIGINT',
    real: 'FLOAT',
    'double precision': 'DOUBLE',
    numeric: 'DOUBLE',
    boolean: 'BOOLEAN',
    date: 'DATE',
  };
  return plain[type] ?? 'VARCHAR';
}

/**
 * Copies a warehouse table into a CSV file and tells its columns with DuckDB's types.
 * @throws JobFailure when there is no such table or the warehouse refuses; messages hold no data.
 */
export async function copyWarehouseTable(table: WarehouseTable): Promise<{ name: string; type: string }[]> {
  const [database, schema, name, ...rest] = table.location.split('.');
  if (database === undefined || schema === undefined || name === undefined || rest.length > 0) {
    throw new JobFailure(`The location ${table.location} of a warehouse table is not database.schema.table`);
  }
  const url = new URL(table.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href, application_name: 'glue_data_quality' });
  client.on('error', () => undefined); // a lost connection also rejects the query under way
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string; type: string }>(
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY a.attnum`,
      [schema, name]
    );
    if (rows.length === 0) throw new JobFailure(`The warehouse has no table ${table.location}`);
    const relation = [schema, name].map((part) => pg.escapeIdentifier(part)).join('.');
    const query = `COPY (SELECT * FROM ${relation}) TO STDOUT (FORMAT csv, NULL '\\N', FORCE_QUOTE *)`;
    await pipeline(client.query(copyTo(query)), createWriteStream(table.file), { signal: table.signal });
    return rows.map((column) => ({ name: column.name, type: duckDbType(column.type) }));
  } catch (error) {
    table.signal.throwIfAborted();
    if (error instanceof pg.DatabaseError) {
      throw new JobFailure(`The warehouse refused to read ${table.location} (SQLSTATE ${error.code ?? 'unknown'})`);
    }
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
