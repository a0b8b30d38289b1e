import { z } from 'zod';
import { lakeStateFile } from '../../model/lake-state.js';

/** A layer of the pipeline that is archived. */
export type LayerName = 'raw' | 'lake';

/** A layer's bucket and the one that its archives stand in. */
export interface ArchiveLayer {
  readonly name: LayerName;
  readonly bucket: string;
  readonly archiveBucket: string;
}

/**
 * How far a generation has come: `copying`, incomplete and not to be restored; `copied`, complete while its sources are
 * being deleted; `moved`, complete and its sources gone.
 */
export type GenerationState = 'copying' | 'copied' | 'moved';

/** `manifest.json` of a generation, one a layer. Written before the first copy, after the last, and after the deletes. */
export const generationManifest = z.object({
  version: z.literal(1),
  table: z.string(),
  layer: z.enum(['raw', 'lake']),
  /** `yyyy-MM-dd'T'HH-mm-ss'Z'`. */
  stamp: z.string(),
  state: z.enum(['copying', 'copied', 'moved']),
  pipeline: z.string(),
  runKey: z.string(),
  /** Bucket that the objects came from. */
  sourceBucket: z.string(),
  objects: z.number().int().nonnegative(),
  /** Σ size. */
  bytes: z.number().int().nonnegative(),
  /** Number of `manifest-<n>.jsonl` files, from 0. */
  pages: z.number().int().nonnegative(),
});

/** See {@link generationManifest}. */
export type GenerationManifest = z.infer<typeof generationManifest>;

const checksum = z.object({ algorithm: z.string(), type: z.string(), value: z.string() });

/** One line of `manifest-<n>.jsonl`: an object that was copied and verified. Lines stand in S3's order of keys. */
export const manifestEntry = z.object({
  /** Key in the source bucket. */
  key: z.string().min(1),
  /** Bytes. */
  size: z.number().int().nonnegative(),
  /** ETags without quotes, of the source and of its copy. */
  etag: z.string(),
  archiveEtag: z.string(),
  /** Of the copy, as S3 keeps it. */
  checksum: checksum.optional(),
  /** Storage class that the source had; the copy has STANDARD_IA. */
  storageClass: z.string(),
  /** Of the source, ISO 8601. */
  lastModified: z.string(),
});

/** See {@link manifestEntry}. */
export type ManifestEntry = z.infer<typeof manifestEntry>;

/** Stamps have this form, so that they sort as times do. */
export const stampPattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/;

/** Prefix of a table's objects in raw and lake, and of its generations in the archive buckets. */
export const tablePrefix = (table: string): string => `${table}/`;

/** Prefix of one generation. */
export const generationPrefix = (table: string, stamp: string): string => `${table}/${stamp}/`;

/** Key of an object's copy. */
export const archiveKey = (table: string, stamp: string, key: string): string =>
  `${generationPrefix(table, stamp)}${key}`;

// Copies stand under `<stamp>/<table>/`, so that no object's copy can have these keys.
/** Key of a generation's `manifest.json`. */
export const manifestKey = (table: string, stamp: string): string => `${generationPrefix(table, stamp)}manifest.json`;

/** Key of a page of the manifest. */
export const manifestPageKey = (table: string, stamp: string, page: number): string =>
  `${generationPrefix(table, stamp)}manifest-${String(page).padStart(5, '0')}.jsonl`;

/** The lake's own record, which must stand there only when everything else does. */
export const lakeStateKey = (table: string): string => `${tablePrefix(table)}${lakeStateFile}`;
