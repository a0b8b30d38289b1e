import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { Deployment } from '../model/configuration.js';
import { lakeStateFile, parseLakeState, sameItemTypes } from '../model/lake-state.js';
import type { LakeState } from '../model/lake-state.js';
import type { LakeJobSpec } from '../model/plan.js';
import { onResource } from './failures.js';

/** Where a table's lake generations are looked for, and which can be used. */
export interface LakeBaseQuery {
  readonly table: string;
  readonly buckets: Pick<Deployment['buckets'], 'lake' | 'lakeArchive'>;
  readonly spec: Pick<LakeJobSpec, 'keys' | 'itemTypes'>;
  /** Only this generation will do. */
  readonly only?: Pick<LakeState, 'runKey' | 'asOf'>;
}

/** A complete lake generation that changes can be merged into. */
export interface LakeBase extends Pick<LakeState, 'runKey' | 'asOf' | 'exportTime' | 'tableId'> {
  /** Folder of the generation, such as `s3://<archive>/<table>/<stamp>/<table>/`. */
  readonly uri: string;
}

/** The lake's own record in a folder; undefined when it has none. Rejects with {@link AwsCallError}. */
export async function readLakeState(
  s3: S3Client,
  bucket: string,
  folder: string,
  abortSignal?: AbortSignal
): Promise<LakeState | undefined> {
  const Key = folder + lakeStateFile;
  return await onResource(`s3://${bucket}/${Key}`, async () => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }), { abortSignal });
      return parseLakeState((await Body?.transformToString()) ?? '');
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  });
}

/** Folders of the table's generations in the archive, the newest first. */
async function archivedFolders(s3: S3Client, bucket: string, table: string): Promise<string[]> {
  const folders: string[] = [];
  await onResource(`s3://${bucket}/${table}/`, async () => {
    const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: `${table}/`, Delimiter: '/' });
    for await (const { CommonPrefixes = [] } of pages) {
      folders.push(...CommonPrefixes.map(({ Prefix = '' }) => `${Prefix}${table}/`));
    }
  });
  return folders.sort().reverse();
}

/**
 * The newest complete generation of a table's lake: the present one, or one in the archive. Those of other item types
 * than the specification's are passed over. Rejects with {@link AwsCallError}.
 */
export async function newestLakeBase(
  s3: S3Client,
  { table, buckets, spec, only }: LakeBaseQuery,
  signal?: AbortSignal
): Promise<LakeBase | undefined> {
  const usable = async (bucket: string, folder: string): Promise<LakeBase | undefined> => {
    const state = await readLakeState(s3, bucket, folder, signal);
    if (state === undefined || !sameItemTypes(state, spec)) return undefined;
    const { runKey, asOf, exportTime, tableId } = state;
    if (only !== undefined && (only.runKey !== runKey || only.asOf !== asOf)) return undefined;
    return { runKey, asOf, ...(exportTime && { exportTime }), tableId, uri: `s3://${bucket}/${folder}` };
  };
  const present = await usable(buckets.lake, `${table}/`);
  if (present !== undefined) return present;
  for (const folder of await archivedFolders(s3, buckets.lakeArchive, table)) {
    const base = await usable(buckets.lakeArchive, folder);
    if (base !== undefined) return base;
  }
  return undefined;
}
