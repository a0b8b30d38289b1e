import type { ObjectStore } from '../../../s3/object-store.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { escapeGlob, literalList } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';

/** The Parquet files of one item type. */
export interface LakeDataset {
  /** `read_parquet(…)`, for a `FROM` clause. */
  readonly relation: string;
  /** DuckDB types by column name. */
  readonly columns: ReadonlyMap<string, string>;
  /** Bytes as stored. */
  readonly bytes: number;
  readonly items: number;
}

/**
 * Opens the dataset under `prefix`.
 * @param generation first 16 hex characters of the run key's SHA-256. A lake job that was killed between writing its
 *   files and deleting the earlier ones leaves two generations behind; then only that of this run is read.
 * @throws JobFailure when there is no file, or several generations of which none is this run's.
 */
export async function openLakeDataset(
  session: DuckDbSession,
  store: ObjectStore,
  bucket: string,
  prefix: string,
  generation: string
): Promise<LakeDataset> {
  const objects: { readonly key: string; readonly size: number; readonly generation: string }[] = [];
  for await (const { key, size } of store.listObjects(bucket, prefix)) {
    const name = key.slice(prefix.length);
    if (!name.startsWith('_') && !name.startsWith('.'))
      objects.push({ key, size, generation: name.split('-')[0] ?? '' });
  }
  if (objects.length === 0)
    throw new JobFailure(`The lake has no dataset at s3://${bucket}/${prefix}: run the lake job first`);
  const generations = new Set(objects.map((object) => object.generation));
  if (generations.size > 1 && !generations.has(generation)) {
    throw new JobFailure(`s3://${bucket}/${prefix} holds files of several lake runs: run the lake job again`);
  }
  const current = objects.filter((object) => generations.size === 1 || object.generation === generation);
  const paths: string[] = [];
  for (const { key } of current) paths.push(escapeGlob(await store.filePath(bucket, key)));
  const relation = `read_parquet(${literalList(paths)}, hive_partitioning = false)`;
  const described = await session.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${relation})`);
  const [count] = await session.rows(`SELECT count(*) AS items FROM ${relation}`);
  return {
    relation,
    columns: new Map(described.map((row) => [String(row['column_name']), String(row['column_type'])])),
    bytes: current.reduce((sum, object) => sum + object.size, 0),
    items: Number(count?.['items']),
  };
}
