import type { S3Client } from '@aws-sdk/client-s3';
import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import { AwsCallError, StepError, onResource } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import type { StepInput } from '../run-scope.js';
import type { ArchiveLayer } from './generation.js';
import { manifestKey, tablePrefix } from './generation.js';
import type { ListedObject } from './list-page.js';
import { listBetween } from './list-page.js';
import { ManifestStore } from './manifest-store.js';

/** How far the deletes have come. */
export interface DeleteCursor {
  readonly page: number;
  /** Last key of the page before. */
  readonly after?: string;
  /** Objects that are gone. */
  readonly deleted: number;
  /** Objects that have changed since they were copied, and stay. */
  readonly changed: number;
}

/** Input of `deleteSources`. */
export interface DeleteSourcesInput extends StepInput {
  readonly table: string;
  readonly stamp: string;
  readonly layer: ArchiveLayer;
  readonly from: DeleteCursor;
  readonly pagesPerActivity: number;
}

/** How far an activity came. */
export interface DeletesDone {
  readonly cursor: DeleteCursor;
  readonly finished: boolean;
}

/** DeleteObjects takes so many keys. */
const batchSize = 1_000;

/** What S3 refused for one key, as a failed call of its own. */
function refusal(bucket: string, key: string, code: string, message: string): AwsCallError {
  return new AwsCallError(`s3://${bucket}/${key}`, Object.assign(new Error(message), { name: code }));
}

/** Deletes objects if they still have these ETags; returns how many have others by now. */
async function deleteBatch(s3: S3Client, bucket: string, batch: readonly ListedObject[]): Promise<number> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Quiet: true, Objects: batch.map(({ key, etag }) => ({ Key: key, ETag: `"${etag}"` })) },
  });
  const { Errors = [] } = await onResource(`s3://${bucket}`, () => s3.send(command));
  const harmless = ['PreconditionFailed', 'NoSuchKey'];
  const refused = Errors.find(({ Code = '' }) => !harmless.includes(Code));
  if (refused !== undefined) {
    const { Key = '', Code = 'InternalError', Message = 'could not be deleted' } = refused;
    throw refusal(bucket, Key, Code, `${Message} (${Errors.length} of ${batch.length} keys)`);
  }
  return Errors.filter(({ Code }) => Code === 'PreconditionFailed').length;
}

/**
 * Deletes the sources of a complete generation, page by page, as long as they are what was copied: an object that has
 * another ETag by now stays. After the last page the generation is marked as moved. May be repeated at any point.
 */
export async function deleteSources(s3: S3Client, input: DeleteSourcesInput): Promise<DeletesDone> {
  const { table, stamp, layer, pagesPerActivity } = input;
  const { bucket } = layer;
  const { info, cancellationSignal: signal, cancelled, heartbeat } = Context.current();
  const store = new ManifestStore(s3, layer.archiveBucket, table);
  let cursor = (info.heartbeatDetails as DeleteCursor | undefined) ?? input.from;
  const stopHeartbeats = keepHeartbeating(() => cursor);
  try {
    const manifest = await store.read(stamp);
    if (manifest === undefined || manifest.state === 'copying') {
      const uri = `s3://${layer.archiveBucket}/${manifestKey(table, stamp)}`;
      throw new StepError('Permanent', uri, 'the generation is not complete', 'Its sources are not deleted.');
    }
    for (let pages = 0; pages < pagesPerActivity && cursor.page < manifest.pages; pages += 1) {
      const entries = await store.readPage(stamp, cursor.page);
      const last = entries.at(-1)?.key ?? '';
      const present = await listBetween(s3, { bucket, prefix: tablePrefix(table), after: cursor.after }, last, signal);
      const found = entries.flatMap(({ key, etag }) => {
        const object = present.get(key);
        return object === undefined ? [] : [{ object, same: object.etag === etag }];
      });
      const unchanged = found.filter(({ same }) => same).map(({ object }) => object);
      let changed = found.length - unchanged.length;
      for (let at = 0; at < unchanged.length; at += batchSize) {
        if (signal.aborted) await cancelled;
        changed += await deleteBatch(s3, bucket, unchanged.slice(at, at + batchSize));
      }
      cursor = {
        page: cursor.page + 1,
        after: last,
        deleted: cursor.deleted + entries.length - changed,
        changed: cursor.changed + changed,
      };
      heartbeat(cursor);
    }
    if (cursor.page < manifest.pages) return { cursor, finished: false };
    await store.write({ ...manifest, state: 'moved' });
    return { cursor, finished: true };
  } finally {
    stopHeartbeats();
  }
}
