import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ArchiveActivities, ArchiveLayer, MultipartLimits } from '../../../activities/archive/index.js';
import { createArchiveActivities } from '../../../activities/archive/index.js';
import { FailureInterceptor } from '../../../activities/failures.js';
import type { StepInput } from '../../../activities/run-scope.js';
import type { InterceptedCall } from '../../../local/gateway/index.js';
import { startLocalS3 } from '../../local/s3/local-s3.js';
import type { LocalS3 } from '../../local/s3/local-s3.js';

const MiB = 1024 ** 2;

export const raw: ArchiveLayer = { name: 'raw', bucket: 'raw', archiveBucket: 'raw-archive' };
export const lake: ArchiveLayer = { name: 'lake', bucket: 'lake', archiveBucket: 'lake-archive' };
export const stamp = '2026-03-01T00-00-00Z';

/** A local S3 with the buckets of both layers, and the archive activities on it. */
export interface ArchiveScene {
  readonly s3: LocalS3;
  readonly activities: ArchiveActivities;
  /** Replaces what happens around every call. */
  misbehave(by: (call: InterceptedCall) => Promise<void> | void): void;
  /** Keys of a bucket in S3's order. */
  keys(bucket: string, prefix?: string): Promise<string[]>;
  text(bucket: string, key: string): Promise<string>;
  bytes(bucket: string, key: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts a scene; the default limits make objects above 5 MiB be copied in parts. */
export async function archiveScene(
  multipart: MultipartLimits = { threshold: 5 * MiB, partSize: 5 * MiB }
): Promise<ArchiveScene> {
  let misbehave: (call: InterceptedCall) => Promise<void> | void = () => undefined;
  const s3 = await startLocalS3({ intercept: [(call) => misbehave(call)] });
  for (const { bucket, archiveBucket } of [raw, lake]) {
    await s3.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.client.send(new CreateBucketCommand({ Bucket: archiveBucket }));
  }
  const bytes = async (Bucket: string, Key: string): Promise<Buffer> => {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return {
    s3,
    activities: createArchiveActivities({ s3: s3.client, multipart }),
    misbehave: (by) => void (misbehave = by),
    keys: async (Bucket, Prefix = '') => {
      const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    text: async (bucket, key) => (await bytes(bucket, key)).toString('utf8'),
    bytes,
    close: () => s3.close(),
  };
}

/** The part of an input that says which run and step it is for. */
export const stepOf = (runKey = 'run-1'): StepInput => ({
  scope: { pipeline: 'shop', runKey, planHash: 'hash' },
  stage: 'archive',
  step: 'archive',
});

/** An environment for an activity of a further attempt, with the heartbeat of the one before. */
export function laterAttempt(heartbeatDetails?: unknown): MockActivityEnvironment {
  return new MockActivityEnvironment(
    { attempt: 2, heartbeatDetails },
    { logger: new DefaultLogger('ERROR'), interceptors: [() => ({ inbound: new FailureInterceptor() })] }
  );
}

/** Archives a table as the workflow does, a layer after the other. Returns what was deleted and what had changed. */
export async function archiveTable(
  { activities }: ArchiveScene,
  table: string,
  run: <Input, Result>(activity: (input: Input) => Promise<Result>, input: Input) => Promise<Result>,
  options: { readonly runKey?: string; readonly stamp?: string; readonly pageObjects?: number } = {}
): Promise<{ deleted: number; changed: number; objects: number }> {
  const { pageObjects = 1_000 } = options;
  const at = { ...stepOf(options.runKey), table };
  const work = await run(activities.beginArchive, { ...at, stamp: options.stamp ?? stamp, layers: [lake, raw] });
  const total = { deleted: 0, changed: 0, objects: 0 };
  const remove = async (layer: ArchiveLayer, theStamp: string): Promise<void> => {
    const from = { page: 0, deleted: 0, changed: 0 };
    const input = { ...at, stamp: theStamp, layer, from, pagesPerActivity: 100 };
    const { cursor } = await run(activities.deleteSources, input);
    total.deleted += cursor.deleted;
    total.changed += cursor.changed;
  };
  for (const { layer: name, finish, copy } of work) {
    const layer = name === 'raw' ? raw : lake;
    if (finish) await remove(layer, finish.stamp);
    if (copy === undefined) continue;
    const from = { page: 0, objects: 0, bytes: 0 };
    const limits = { pageObjects, pagesPerActivity: 100 };
    const { cursor } = await run(activities.copyObjects, { ...at, ...copy, layer, from, limits });
    total.objects += cursor.objects;
    if (cursor.page > 0) await remove(layer, copy.stamp);
  }
  return total;
}
