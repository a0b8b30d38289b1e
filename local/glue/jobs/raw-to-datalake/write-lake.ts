import { join } from 'node:path';
import { lakeStateFile } from '../../../../model/lake-state.js';
import type { LakeState } from '../../../../model/lake-state.js';
import type { ItemTypePlan, LakeJobSpec } from '../../../../model/plan.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { runHash } from '../arguments.js';
import { catalogDataset } from '../catalog-dataset.js';
import { deleteOthers, storeDatasetFile } from '../dataset-files.js';
import type { JobReport } from '../job-report.js';
import type { JobContext } from '../job-script.js';
import { rejectedColumns, rejectedDataset, writeRejected } from '../rejected-rows.js';
import type { S3Location } from '../s3-uri.js';
import { catalogType } from './lake-column.js';
import { untouched } from './merge-changes.js';
import { deletedDataset } from './previous-lake.js';
import type { PreviousLake } from './previous-lake.js';
import type { ItemTable } from './read-items.js';

/** A dataset written to a local file, on its way to the lake. */
export interface Dataset {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly { readonly Name: string; readonly Type: string }[];
}

const writtenAt = 'sluice_written_at';
const writtenAtColumn = { Name: writtenAt, Type: 'timestamp' };

async function writeParquet(session: DuckDbSession, query: string, path: string): Promise<number> {
  return session.run(`COPY (${query}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION snappy)`);
}

async function writeItemType(
  session: DuckDbSession,
  folder: string,
  spec: LakeJobSpec,
  items: ItemTable,
  itemType: ItemTypePlan,
  previous: PreviousLake | undefined
): Promise<Dataset> {
  const index = spec.itemTypes.indexOf(itemType);
  const path = join(folder, `item-type-${index}.parquet`);
  const names = itemType.columns.map(({ name }) => quoteIdentifier(name));
  const columns = itemType.columns.map((column) => `${items.valueOf(column)} AS ${quoteIdentifier(column.name)}`);
  const keys = spec.keys.map((_, key) => `k${key}`);
  const fresh = `FROM items WHERE item_type = ${index} AND NOT bad`;
  const base = previous?.datasets.find(({ name }) => name === itemType.name);
  const query =
    base === undefined
      ? `SELECT ${columns.join(', ')}, written_at AS ${writtenAt} ${fresh} ORDER BY ${keys.join(', ')}`
      : `SELECT ${names.join(', ')}, written_at AS ${writtenAt} FROM (` +
        `SELECT ${[...columns, 'written_at', ...keys].join(', ')} ${fresh} ` +
        `UNION ALL ${untouched(base, [...names, 'written_at', ...keys])}) ORDER BY ${keys.join(', ')}`;
  const rows = await writeParquet(session, query, path);
  const catalogColumns = itemType.columns.map((column) => ({ Name: column.name, Type: catalogType(column) }));
  return { name: itemType.name, path, rows, columns: [...catalogColumns, writtenAtColumn] };
}

/** Writes the lake's datasets to local files: the item types, `rejected` and, of a query, `deleted`. */
export async function writeDatasets(
  session: DuckDbSession,
  folder: string,
  spec: LakeJobSpec,
  items: ItemTable,
  previous: PreviousLake | undefined,
  deleted: string
): Promise<Dataset[]> {
  const datasets: Dataset[] = [];
  for (const itemType of spec.itemTypes) {
    datasets.push(await writeItemType(session, folder, spec, items, itemType, previous));
  }
  datasets.push({ name: rejectedDataset, ...(await writeRejected(session, folder)), columns: rejectedColumns });
  const path = join(folder, 'deleted.parquet');
  const rows = await writeParquet(
    session,
    `SELECT key, written_at AS ${writtenAt} FROM (${deleted}) ORDER BY key`,
    path
  );
  const keyColumn = { Name: 'key', Type: 'string' };
  datasets.push({ name: deletedDataset, path, rows, columns: [keyColumn, writtenAtColumn] });
  return datasets;
}

/** A new generation of a table's lake. */
export interface Generation {
  readonly lake: S3Location;
  readonly database: string;
  readonly spec: LakeJobSpec;
  readonly runKey: string;
  /** Left out by runs that 0.1.0 began: their lake is no base for changes. */
  readonly state?: Pick<LakeState, 'asOf' | 'exportTime' | 'tableId'>;
}

/**
 * Puts datasets into the lake, then the state file that makes them a complete generation, and only then deletes what was
 * there before. Returns the stored files.
 */
export async function replaceLake(
  { store, catalog }: JobContext,
  session: DuckDbSession,
  datasets: readonly Dataset[],
  { lake, database, spec, runKey, state }: Generation
): Promise<JobReport['files']> {
  const stored: JobReport['files'][number][] = [];
  const held: Record<string, { rows: number; files: string[] }> = {};
  for (const { name, path, rows } of datasets) {
    const file = `type=${name}/${runHash(runKey)}-0.parquet`;
    stored.push(await storeDatasetFile(session, store, { path, bucket: lake.bucket, key: lake.key + file, rows }));
    held[name] = { rows, files: [file] };
  }
  const keep = new Set(Object.values(held).flatMap(({ files }) => files.map((file) => lake.key + file)));
  if (state !== undefined) {
    const { keys, itemTypes } = spec;
    const content: LakeState = { version: 1, runKey, ...state, datasets: held, spec: { keys, itemTypes } };
    const key = lake.key + lakeStateFile;
    await store.putObject(lake.bucket, key, `${JSON.stringify(content)}\n`, { contentType: 'application/json' });
    keep.add(key);
  }
  await deleteOthers(store, lake.bucket, lake.key, keep);
  for (const { name, columns, rows } of datasets) {
    const location = `s3://${lake.bucket}/${lake.key}type=${name}/`;
    await catalogDataset(catalog, { database, table: `${spec.table}_${name}`, location, columns, rows, runKey });
  }
  return stored;
}
