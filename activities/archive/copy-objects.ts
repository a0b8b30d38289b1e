import { setMaxListeners } from 'node:events';
import type { S3Client } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import { keepHeartbeating } from '../heartbeat.js';
import type { StepInput } from '../run-scope.js';
import { copyVerified } from './copy-verified.js';
import type { MultipartLimits } from './copy-verified.js';
import type { ArchiveLayer, ManifestEntry } from './generation.js';
import { archiveKey, tablePrefix } from './generation.js';
import { inParallel } from './in-parallel.js';
import type { ListedObject } from './list-page.js';
import { listPage } from './list-page.js';
import { ManifestStore } from './manifest-store.js';

/** How far the work on a generation has come. Heartbeat details, and what one activity hands to the next. */
export interface PageCursor {
  /** Page to go on with. */
  readonly page: number;
  /** Last key of the page before. */
  readonly after?: string;
  /** Objects and bytes in the pages before. */
  readonly objects: number;
  readonly bytes: number;
}

/** Bounds of one activity. */
export interface PageLimits {
  /** Objects a page, at most 1,000. */
  readonly pageObjects: number;
  readonly pagesPerActivity: number;
}

/** Input of `copyObjects`. */
export interface CopyObjectsInput extends StepInput {
  readonly table: string;
  readonly stamp: string;
  readonly layer: ArchiveLayer;
  readonly from: PageCursor;
  readonly limits: PageLimits;
  /** True when an earlier archive may have made some of the copies. */
  readonly resumed: boolean;
}

/** How far an activity came. */
export interface PagesDone {
  readonly cursor: PageCursor;
  /** True when nothing is left for a further activity. */
  readonly finished: boolean;
}

/** Copies that one activity makes at a time. */
const concurrency = 32;

/**
 * Copies pages of objects to the archive, verifies each copy, and writes the page's manifest; after the last page, the
 * generation's. Goes on where the attempt before was.
 */
export async function copyObjects(s3: S3Client, input: CopyObjectsInput, limits: MultipartLimits): Promise<PagesDone> {
  const { table, stamp, layer, scope } = input;
  const { info, cancellationSignal: signal, cancelled, heartbeat } = Context.current();
  const store = new ManifestStore(s3, layer.archiveBucket, table);
  let cursor = (info.heartbeatDetails as PageCursor | undefined) ?? input.from;
  const copy = async ({ key, lastModified }: ListedObject): Promise<ManifestEntry | undefined> => {
    if (signal.aborted) await cancelled;
    const copied = await copyVerified(s3, {
      from: { bucket: layer.bucket, key },
      to: { bucket: layer.archiveBucket, key: archiveKey(table, stamp, key) },
      storageClass: 'STANDARD_IA',
      mayExist: input.resumed || info.attempt > 1,
      limits,
      signal,
    });
    if (copied === undefined) return undefined;
    const { source, copy: kept } = copied;
    return {
      key,
      size: source.size,
      etag: source.etag,
      archiveEtag: kept.etag,
      ...(kept.checksum && { checksum: kept.checksum }),
      storageClass: source.storageClass,
      lastModified: (source.output.LastModified ?? lastModified).toISOString(),
    };
  };
  setMaxListeners(0, signal); // every call under way listens to it
  const stopHeartbeats = keepHeartbeating(() => cursor);
  try {
    for (let pages = 0; pages < input.limits.pagesPerActivity; pages += 1) {
      if (signal.aborted) await cancelled;
      const query = { bucket: layer.bucket, prefix: tablePrefix(table), after: cursor.after };
      const { objects, truncated } = await listPage(s3, { ...query, limit: input.limits.pageObjects }, signal);
      const copied = await inParallel(objects, concurrency, copy);
      const entries = copied.filter((entry) => entry !== undefined);
      if (entries.length > 0) {
        await store.writePage(stamp, cursor.page, entries);
        cursor = {
          page: cursor.page + 1,
          after: objects.at(-1)?.key,
          objects: cursor.objects + entries.length,
          bytes: cursor.bytes + entries.reduce((sum, { size }) => sum + size, 0),
        };
      } else {
        cursor = { ...cursor, after: objects.at(-1)?.key ?? cursor.after };
      }
      heartbeat(cursor);
      if (truncated) continue;
      const { page, objects: all, bytes } = cursor;
      const { pipeline, runKey } = scope;
      const counts = { objects: all, bytes, pages: page };
      await store.write({
        version: 1,
        table,
        layer: layer.name,
        stamp,
        state: page === 0 ? 'moved' : 'copied',
        pipeline,
        runKey,
        sourceBucket: layer.bucket,
        ...counts,
      });
      return { cursor, finished: true };
    }
    return { cursor, finished: false };
  } finally {
    stopHeartbeats();
  }
}
