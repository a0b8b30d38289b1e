import { setMaxListeners } from 'node:events';
import type { S3Client } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import { StepError } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import type { StepInput } from '../run-scope.js';
import type { PageCursor, PagesDone } from './copy-objects.js';
import { copyVerified } from './copy-verified.js';
import type { MultipartLimits } from './copy-verified.js';
import type { ArchiveLayer, ManifestEntry } from './generation.js';
import { archiveKey, lakeStateKey } from './generation.js';
import { inParallel } from './in-parallel.js';
import { ManifestStore } from './manifest-store.js';

/** Where a restore is: as the pages of an archive, and an object that is to come back last. */
export interface RestoreCursor extends PageCursor {
  readonly last?: ManifestEntry;
}

/** Input of `restoreObjects`. */
export interface RestoreObjectsInput extends StepInput {
  readonly table: string;
  readonly stamp: string;
  readonly layer: ArchiveLayer;
  /** Pages of the generation's manifest. */
  readonly pages: number;
  readonly from: RestoreCursor;
  readonly pagesPerActivity: number;
}

/** How far an activity came. */
export interface RestoreDone extends PagesDone {
  readonly cursor: RestoreCursor;
}

/** Copies that one activity makes at a time. */
const concurrency = 32;

/**
 * Copies objects back to where they were, in the storage class that they had, and verifies each against its manifest.
 * What is there already, unchanged, is not copied again. The lake's own record comes back after everything else.
 */
export async function restoreObjects(
  s3: S3Client,
  input: RestoreObjectsInput,
  limits: MultipartLimits
): Promise<RestoreDone> {
  const { table, stamp, layer, pages } = input;
  const { info, cancellationSignal: signal, cancelled, heartbeat } = Context.current();
  const store = new ManifestStore(s3, layer.archiveBucket, table);
  let cursor = (info.heartbeatDetails as RestoreCursor | undefined) ?? input.from;
  const restore = async (entry: ManifestEntry): Promise<void> => {
    if (signal.aborted) await cancelled;
    const { key, size, archiveEtag, storageClass } = entry;
    const from = { bucket: layer.archiveBucket, key: archiveKey(table, stamp, key) };
    const wrong = (what: string): StepError =>
      new StepError('Permanent', `s3://${from.bucket}/${from.key}`, what, 'Restore another generation (--at).');
    const copied = await copyVerified(s3, {
      from,
      to: { bucket: layer.bucket, key },
      storageClass,
      mayExist: true,
      limits,
      signal,
      check: (source) => {
        if (source.size !== size || source.etag !== archiveEtag) throw wrong('this is not the copy that was archived');
      },
    });
    if (copied === undefined) throw wrong('the archived copy is gone');
  };
  setMaxListeners(0, signal); // every call under way listens to it
  const stopHeartbeats = keepHeartbeating(() => cursor);
  try {
    for (let done = 0; done < input.pagesPerActivity && cursor.page < pages; done += 1) {
      const entries = await store.readPage(stamp, cursor.page);
      const isLast = ({ key }: ManifestEntry): boolean => layer.name === 'lake' && key === lakeStateKey(table);
      await inParallel(
        entries.filter((entry) => !isLast(entry)),
        concurrency,
        restore
      );
      const last = entries.find(isLast) ?? cursor.last;
      cursor = {
        page: cursor.page + 1,
        objects: cursor.objects + entries.length,
        bytes: cursor.bytes + entries.reduce((sum, { size }) => sum + size, 0),
        ...(last && { last }),
      };
      heartbeat(cursor);
    }
    if (cursor.page < pages) return { cursor, finished: false };
    if (cursor.last !== undefined) await restore(cursor.last);
    return { cursor, finished: true };
  } finally {
    stopHeartbeats();
  }
}
