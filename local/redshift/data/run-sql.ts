import type { ColumnMetadata } from '@aws-sdk/client-redshift-data';
import pg from 'pg';
import type { FieldDef } from 'pg';
import { RedshiftSqlError } from '../dialect/redshift-sql-error.js';
import { columnMetadata } from './fields.js';
import type { ColumnOrigin, ResultRow } from './fields.js';
import type { BoundSql } from './parameters.js';
import type { WarehouseConnection } from './warehouse-connections.js';

/** Limits of the Data API, in bytes. */
export interface ResultLimits {
  /** Largest result of a statement. */
  readonly resultBytes: number;
  /** Largest row of a result. */
  readonly rowBytes: number;
}

/** What one statement returned. */
export interface SqlOutcome {
  /** Undefined when the statement has no result set. */
  readonly columns?: ColumnMetadata[];
  /** Rows returned, or affected. */
  readonly rows: number;
  readonly bytes: number;
  readonly pages: number;
}

const PAGE_BYTES = 1_000_000;
const PAGE_ROWS = 5_000;

/**
 * Runs one statement and hands its rows on page by page; the server waits while a page is being stored, so memory
 * holds a page or two however large the result is.
 * @throws the server's error; RedshiftSqlError when the result is larger than the Data API allows
 */
export async function runSql(
  connection: WarehouseConnection,
  bound: BoundSql,
  limits: ResultLimits,
  savePage: (page: number, rows: readonly ResultRow[]) => Promise<void>
): Promise<SqlOutcome> {
  const pages = new Pages(connection, limits, savePage);
  const config = {
    text: bound.sql,
    values: [...bound.values],
    rowMode: 'array' as const,
    queryMode: 'extended', // one statement only, as in the Data API
    types: { getTypeParser: () => (value: string) => value },
  };
  const query = new pg.Query<ResultRow>(config as unknown as pg.QueryArrayConfig);
  query.on('row', (row) => pages.add(row as unknown as ResultRow));
  const result = await new Promise<pg.QueryResult>((resolve, reject) => {
    query.on('end', (end) => resolve(end as unknown as pg.QueryResult));
    query.on('error', reject);
    connection.client.query(query);
  });
  await pages.finish();
  const { rowCount, fields } = result;
  if (fields.length === 0) return { rows: rowCount ?? 0, bytes: 0, pages: 0 };
  const columns = await describeColumns(connection, fields);
  return { columns, rows: pages.rows, bytes: pages.bytes, pages: pages.count };
}

class Pages {
  rows = 0;
  bytes = 0;
  count = 0;
  #page: ResultRow[] = [];
  #pageBytes = 0;
  #saving: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(
    private readonly connection: WarehouseConnection,
    private readonly limits: ResultLimits,
    private readonly savePage: (page: number, rows: readonly ResultRow[]) => Promise<void>
  ) {}

  add(row: ResultRow): void {
    const size = row.reduce((sum, value) => sum + (value === null ? 0 : Buffer.byteLength(value)), 0);
    this.rows += 1;
    this.bytes += size;
    if (this.#failure !== undefined) return; // the rest of the result is read and dropped
    if (size > this.limits.rowBytes) {
      this.#failure = new RedshiftSqlError(
        `Packet for query is too large (${size} > ${this.limits.rowBytes}): a row of the result is larger than the Data API allows`
      );
    } else if (this.bytes > this.limits.resultBytes) {
      this.#failure = new RedshiftSqlError(
        `Query result is larger than the maximum of ${this.limits.resultBytes} bytes`
      );
    } else {
      this.#page.push(row);
      this.#pageBytes += size;
      if (this.#pageBytes >= PAGE_BYTES || this.#page.length >= PAGE_ROWS) this.#flush();
    }
  }

  async finish(): Promise<void> {
    if (this.#page.length > 0) this.#flush();
    await this.#saving;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #flush(): void {
    const page = this.#page;
    const number = this.count++;
    this.#page = [];
    this.#pageBytes = 0;
    this.connection.socket.pause();
    this.#saving = this.#saving
      .then(() => this.savePage(number, page))
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => this.connection.socket.resume());
  }
}

async function describeColumns(
  { client }: WarehouseConnection,
  fields: readonly FieldDef[]
): Promise<ColumnMetadata[]> {
  const tables = [...new Set(fields.map(({ tableID }) => tableID))].filter((id) => id !== 0);
  const origins = new Map<string, ColumnOrigin>();
  if (tables.length > 0) {
    const { rows } = await client.query<{
      key: string;
      schema: string;
      table: string;
      nullable: boolean;
      default: string;
    }>(
      `SELECT attrelid || '.' || attnum AS key, nspname AS schema, relname AS table, NOT attnotnull AS nullable,
              coalesce(pg_get_expr(adbin, adrelid), '') AS default
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = ANY ($1::oid[]) AND attnum > 0`,
      [tables]
    );
    for (const row of rows) {
      origins.set(row.key, {
        schemaName: row.schema,
        tableName: row.table,
        nullable: row.nullable,
        columnDefault: row.default,
      });
    }
  }
  return fields.map((field) => columnMetadata(field, origins.get(`${field.tableID}.${field.columnID}`)));
}
