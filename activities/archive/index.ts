import type { S3Client } from '@aws-sdk/client-s3';
import { beginArchive } from './begin-archive.js';
import type { BeginArchiveInput, LayerWork } from './begin-archive.js';
import { copyObjects } from './copy-objects.js';
import type { CopyObjectsInput, PagesDone } from './copy-objects.js';
import { defaultMultipartLimits } from './copy-verified.js';
import type { MultipartLimits } from './copy-verified.js';
import { deleteSources } from './delete-sources.js';
import type { DeleteSourcesInput, DeletesDone } from './delete-sources.js';
import { findGeneration } from './find-generation.js';
import type { FindGenerationInput, FoundGeneration } from './find-generation.js';
import { restoreObjects } from './restore-objects.js';
import type { RestoreDone, RestoreObjectsInput } from './restore-objects.js';

export type { BeginArchiveInput, LayerWork } from './begin-archive.js';
export type { PageCursor, PageLimits, PagesDone } from './copy-objects.js';
export type { MultipartLimits } from './copy-verified.js';
export type { DeleteCursor, DeletesDone } from './delete-sources.js';
export type { FindGenerationInput, FoundGeneration, FoundLayer } from './find-generation.js';
export type { ArchiveLayer, LayerName } from './generation.js';
export type { RestoreCursor, RestoreDone } from './restore-objects.js';

/** Activities that move raw and lake to the archive buckets and bring them back. All may be repeated at any point. */
export interface ArchiveActivities {
  /** Keeps the archive buckets' lifecycle rules, and says what is to be done, also of what an earlier run left. */
  beginArchive(input: BeginArchiveInput): Promise<LayerWork[]>;
  /** Copies and verifies pages of objects, and writes their manifests; deletes nothing. */
  copyObjects(input: CopyObjectsInput): Promise<PagesDone>;
  /** Deletes the sources of a complete generation, except those that have changed since. */
  deleteSources(input: DeleteSourcesInput): Promise<DeletesDone>;
  /** Finds the generation to restore and holds its objects against its manifests; changes nothing. */
  findGeneration(input: FindGenerationInput): Promise<FoundGeneration>;
  /** Copies pages of a generation back and verifies them. */
  restoreObjects(input: RestoreObjectsInput): Promise<RestoreDone>;
}

/** Makes the activities over a client; `multipart` says from which size on objects are copied in parts. */
export function createArchiveActivities({
  s3,
  multipart = defaultMultipartLimits,
}: {
  readonly s3: S3Client;
  readonly multipart?: MultipartLimits;
}): ArchiveActivities {
  return {
    beginArchive: (input) => beginArchive(s3, input),
    copyObjects: (input) => copyObjects(s3, input, multipart),
    deleteSources: (input) => deleteSources(s3, input),
    findGeneration: (input) => findGeneration(s3, input),
    restoreObjects: (input) => restoreObjects(s3, input, multipart),
  };
}
