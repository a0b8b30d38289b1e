import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
// Without DuckDB's library: to load it takes a fifth of a second of a core, also of commands that evaluate nothing.
import { DuckDBTypeId } from '@duckdb/node-api/lib/DuckDBTypeId.js';
import { RuleError } from './errors.js';
import { literal, quoted } from './identifiers.js';

/** What rules distinguish about a column's type. */
export type Kind = 'number' | 'string' | 'date' | 'timestamp' | 'boolean' | 'nested' | 'other';

/** A column of a dataset, or a field of a struct column under its dotted path. */
export interface Column {
  name: string;
  /** The SQL that reads it, quoted; unqualified. */
  sql: string;
  /** The dataset's own column it is read from, which for a struct's field is another name. */
  root: string;
  kind: Kind;
  /** DuckDB's name of the type, such as `DECIMAL(10,2)`. */
  type: string;
}

/** A table or view the rules read: its fully qualified, quoted name and its columns in order. */
export interface Dataset {
  /** `"catalog"."schema"."table"`: qualified, so that no CTE of a user's statement can stand in its place. */
  sql: string;
  catalog: string;
  schema: string;
  table: string;
  columns: Column[];
  /** Fields of struct columns, by dotted path. */
  fields: Column[];
}

const { INTEGER, TINYINT, SMALLINT, BIGINT, HUGEINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT } = DuckDBTypeId;
const { FLOAT, DOUBLE, DECIMAL, BIGNUM, VARCHAR, ENUM, UUID, DATE, BOOLEAN } = DuckDBTypeId;
const { TIMESTAMP, TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP_NS, TIMESTAMP_TZ, STRUCT, LIST, MAP, ARRAY, UNION } =
  DuckDBTypeId;

const kinds: [Kind, DuckDBTypeId[]][] = [
  ['number', [INTEGER, TINYINT, SMALLINT, BIGINT, HUGEINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT]],
  ['number', [FLOAT, DOUBLE, DECIMAL, BIGNUM]],
  ['string', [VARCHAR, ENUM, UUID]],
  ['date', [DATE]],
  ['timestamp', [TIMESTAMP, TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP_NS, TIMESTAMP_TZ]],
  ['boolean', [BOOLEAN]],
  ['nested', [STRUCT, LIST, MAP, ARRAY, UNION]],
];

/**
 * Finds a table or view by name as the connection would (`temp` first, then the current schema), or by
 * `schema.table` and `catalog.schema.table`, and reads its columns.
 *
 * @throws RuleError when the connection has no such table.
 */
export async function describeDataset(connection: DuckDBConnection, name: string): Promise<Dataset> {
  const found = await connection.runAndReadAll(
    `SELECT database_name, schema_name, name FROM (
       SELECT database_name, schema_name, table_name AS name FROM duckdb_tables()
       UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views())
     WHERE (name = $1 AND (database_name = 'temp' OR (database_name = current_database() AND schema_name = current_schema())))
       OR (schema_name || '.' || name = $1 AND database_name = current_database())
       OR database_name || '.' || schema_name || '.' || name = $1
     ORDER BY name = $1 DESC, database_name = 'temp' DESC LIMIT 1`,
    [name]
  );
  const [row] = found.getRowsJS() as [string, string, string][];
  if (row === undefined) throw new RuleError(`There is no table or view ${literal(name)} in this DuckDB connection`);
  const [catalog, schema, table] = row;
  const sql = [catalog, schema, table].map(quoted).join('.');
  const empty = await connection.runAndReadAll(`SELECT * FROM ${sql} LIMIT 0`);
  const names = empty.columnNames();
  const columns = empty.columnTypes().map((type, index) => columnOf([names[index]!], type));
  const fields = empty.columnTypes().flatMap((type, index) => structFields([names[index]!], type));
  return { sql, catalog, schema, table, columns, fields };
}

function columnOf(path: string[], type: DuckDBType): Column {
  const kind = kinds.find(([, ids]) => ids.includes(type.typeId))?.[0] ?? 'other';
  return { name: path.join('.'), sql: path.map(quoted).join('.'), root: path[0]!, kind, type: type.toString() };
}

function structFields(path: string[], type: DuckDBType): Column[] {
  if (type.typeId !== STRUCT || !('entryNames' in type)) return [];
  return type.entryNames.flatMap((name, index) => {
    const entry = type.entryTypes[index]!;
    return [columnOf([...path, name], entry), ...structFields([...path, name], entry)];
  });
}

/**
 * The column a rule names: by exact name, else by the one that differs in case only, else as a struct's field
 * (`address.city`); backticks around the name are Spark's quotes and fall away.
 */
export function findColumn(dataset: Dataset, name: string): Column | undefined {
  const bare = /^`.*`$/s.test(name) ? name.slice(1, -1).replaceAll('``', '`') : name;
  const all = [...dataset.columns, ...dataset.fields];
  const exact = all.find((column) => column.name === bare);
  if (exact !== undefined) return exact;
  const lower = bare.toLowerCase();
  const similar = all.filter((column) => column.name.toLowerCase() === lower);
  return similar.length === 1 ? similar[0] : undefined;
}
