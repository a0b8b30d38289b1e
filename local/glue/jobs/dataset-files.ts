import type { ObjectStore } from '../../s3/object-store.js';
import type { DuckDbSession } from '../duckdb/session.js';
import { escapeGlob, quoteLiteral } from '../duckdb/sql-text.js';
import { JobFailure } from './job-script.js';
import type { JobReport } from './job-report.js';

/** A finished Parquet file and where it goes. */
export interface DatasetFile {
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
  readonly rows: number;
}

/**
 * Moves a Parquet file into the lake and reads its footer back from there.
 * @throws JobFailure when the stored file has not the rows that were written.
 */
export async function storeDatasetFile(
  session: DuckDbSession,
  store: ObjectStore,
  file: DatasetFile
): Promise<JobReport['files'][number]> {
  const uri = `s3://${file.bucket}/${file.key}`;
  const stored = await store.putFile(file.bucket, file.key, file.path, {
    contentType: 'application/vnd.apache.parquet',
  });
  const head = await store.headObject(file.bucket, file.key);
  const path = escapeGlob(await store.filePath(file.bucket, file.key));
  const [footer] = await session.rows(`SELECT num_rows AS rows FROM parquet_file_metadata(${quoteLiteral(path)})`);
  if (head?.size !== stored.size || Number(footer?.['rows']) !== file.rows) {
    throw new JobFailure(`${uri} does not hold the ${file.rows} rows that were written to it`);
  }
  return { uri, rows: file.rows, bytes: stored.size };
}

/** Deletes every object under `prefix` but those in `keep`. */
export async function deleteOthers(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  keep: ReadonlySet<string>
): Promise<void> {
  const old: string[] = [];
  for await (const { key } of store.listObjects(bucket, prefix)) if (!keep.has(key)) old.push(key);
  for (const key of old) await store.deleteObject(bucket, key);
}
