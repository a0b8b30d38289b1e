import { join } from 'node:path';
import type { ObjectStore } from '../../s3/object-store.js';
import type { Catalog } from '../api/catalog.js';
import { compoundKey } from '../../state/entity-store.js';
import type { DuckDbSession } from '../duckdb/session.js';
import { escapeGlob, literalList, quoteIdentifier, quoteLiteral } from '../duckdb/sql-text.js';
import { JobFailure } from '../jobs/job-script.js';
import { parseS3Uri } from '../jobs/s3-uri.js';
import { copyWarehouseTable } from './warehouse-table.js';
import type { SourceTable } from './data-source.js';

/** What opening a catalog table needs. */
export interface TableAccess {
  readonly session: DuckDbSession;
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** PostgreSQL URLs by Glue connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly signal: AbortSignal;
}

interface Descriptor {
  readonly Columns?: readonly { readonly Name?: string; readonly Type?: string }[];
  readonly Location?: string;
  readonly SerdeInfo?: { readonly SerializationLibrary?: string; readonly Parameters?: Record<string, string> };
}

const hiveTypes: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  binary: 'BLOB',
};

/** DuckDB's type for one of Hive's; text for what has no flat counterpart. */
function duckDbType(hive: string): string {
  const type = hive.toLowerCase();
  return hiveTypes[type] ?? (/^decimal\(\d+,\s*\d+\)$/.test(type) ? type.toUpperCase() : 'VARCHAR');
}

async function filesUnder(store: ObjectStore, location: string): Promise<string[]> {
  const { bucket, key } = parseS3Uri(location, 'Location');
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const paths: string[] = [];
  for await (const object of store.listObjects(bucket, prefix)) {
    // Spark and Athena pass over names that begin with _ or a dot, and over empty files.
    const hidden = object.key
      .slice(prefix.length)
      .split('/')
      .some((part) => /^[_.]/.test(part));
    if (!hidden && object.size > 0) paths.push(escapeGlob(await store.filePath(bucket, object.key)));
  }
  return paths;
}

function emptyRelation(columns: Descriptor['Columns']): string {
  const list = (columns ?? []).map(
    ({ Name, Type }) => `CAST(NULL AS ${duckDbType(Type ?? 'string')}) AS ${quoteIdentifier(String(Name))}`
  );
  if (list.length === 0) throw new JobFailure('The catalog table has neither files nor columns');
  return `(SELECT ${list.join(', ')} WHERE false)`;
}

/** A relation over the files of one location, by the format that its SerDe names. */
function filesRelation(paths: readonly string[], descriptor: Descriptor, parameters: Record<string, string>): string {
  const serde =
    `${descriptor.SerdeInfo?.SerializationLibrary ?? ''} ${parameters['classification'] ?? ''}`.toLowerCase();
  const files = literalList(paths);
  if (serde.includes('parquet')) return `read_parquet(${files}, union_by_name = true, hive_partitioning = false)`;
  const columns = (descriptor.Columns ?? [])
    .map(({ Name, Type }) => `${quoteLiteral(String(Name))}: ${quoteLiteral(duckDbType(Type ?? 'string'))}`)
    .join(', ');
  if (serde.includes('json')) return `read_json(${files}, format = 'newline_delimited', columns = {${columns}})`;
  if (serde.includes('csv') || serde.includes('lazysimpleserde')) {
    const own = descriptor.SerdeInfo?.Parameters ?? {};
    const delimiter = own['field.delim'] ?? own['separatorChar'] ?? parameters['delimiter'] ?? ',';
    const skipped = Number(parameters['skip.header.line.count'] ?? own['skip.header.line.count'] ?? 0);
    const options = `delim = ${quoteLiteral(delimiter)}, header = false, skip = ${skipped}, quote = '"', escape = '"'`;
    return `read_csv(${files}, auto_detect = false, ${options}, null_padding = true, columns = {${columns}})`;
  }
  throw new JobFailure(
    `The local Glue reads Parquet, CSV and JSON lines, not ${serde.trim() || 'a table without SerDe'}`
  );
}

async function datasetRelation(access: TableAccess, { database, table }: SourceTable): Promise<string> {
  const { catalog, store } = access;
  const entity = catalog.table(database, table);
  const parameters: Record<string, string> = entity.Parameters ?? {};
  const descriptor: Descriptor = entity.StorageDescriptor ?? {};
  const relation = async (part: Descriptor): Promise<string> => {
    const paths = await filesUnder(store, part.Location ?? '');
    return paths.length === 0 ? emptyRelation(descriptor.Columns) : filesRelation(paths, part, parameters);
  };
  const keys = entity.PartitionKeys ?? [];
  if (keys.length === 0) return relation(descriptor);
  // As in Hive, only partitions that the catalog knows are read, and the path gives their values.
  const parts: string[] = [];
  for (const { value } of catalog.partitions.list(compoundKey(database, table))) {
    const own: Descriptor = { ...descriptor, ...value.StorageDescriptor };
    const values = keys.map(
      ({ Name, Type }, index) =>
        `CAST(${quoteLiteral(value.Values[index] ?? '')} AS ${duckDbType(Type ?? 'string')}) AS ${quoteIdentifier(String(Name))}`
    );
    parts.push(`SELECT *, ${values.join(', ')} FROM ${await relation(own)}`);
  }
  return parts.length === 0
    ? emptyRelation([...(descriptor.Columns ?? []), ...keys])
    : `(${parts.join(' UNION ALL BY NAME ')})`;
}

/**
 * Makes a table of the catalog readable as the view or table `name` of the session: files in S3, or a table of a
 * warehouse that one of Glue's connections leads to (`Parameters.connectionName`, `Location` as
 * `database.schema.table`).
 * @throws JobFailure for a format or connection that the local Glue does not know.
 */
export async function openTable(access: TableAccess, source: SourceTable, name: string): Promise<void> {
  const { session, catalog, connections, folder, signal } = access;
  const entity = catalog.table(source.database, source.table);
  const connection: string | undefined = entity.Parameters?.['connectionName'];
  const target = quoteIdentifier(name);
  if (connection === undefined) {
    await session.run(`CREATE VIEW ${target} AS SELECT * FROM ${await datasetRelation(access, source)}`);
    return;
  }
  const url = connections[connection];
  if (url === undefined) throw new JobFailure(`There is no Glue connection ${connection}`);
  const file = join(folder, `${name}.csv`);
  const columns = await copyWarehouseTable({ url, location: entity.StorageDescriptor?.Location ?? '', file, signal });
  const list = columns.map((column) => `${quoteLiteral(column.name)}: ${quoteLiteral(column.type)}`).join(', ');
  await session.run(
    `CREATE TABLE ${target} AS SELECT * FROM read_csv(${quoteLiteral(escapeGlob(file))}, auto_detect = false, ` +
      `header = false, delim = ',', quote = '"', escape = '"', nullstr = '\\N', allow_quoted_nulls = false, columns = {${list}})`
  );
}
