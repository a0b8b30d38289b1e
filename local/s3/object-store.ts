import type { Readable } from 'node:stream';

/** What is kept of one S3 object besides its bytes. */
export interface ObjectRecord {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes; `<md5>-<parts>` for a multipart upload, else the MD5 in hex. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  readonly storageClass: string;
  readonly contentType?: string;
  /** `x-amz-meta-*` without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The part of the local S3 that other local services use without going through HTTP (the DynamoDB export and the Glue
 * jobs move whole files). Every write is atomic: readers see the old object or the whole new one.
 * Methods throw {@link AwsError} with S3's own codes (`NoSuchBucket`, `NoSuchKey`, …).
 */
export interface ObjectStore {
  createBucket(bucket: string): Promise<void>;
  headObject(bucket: string, key: string): Promise<ObjectRecord | undefined>;
  /** Writes bytes or a stream; the MD5 becomes the ETag. */
  putObject(
    bucket: string,
    key: string,
    body: Readable | Buffer | string,
    options?: { readonly contentType?: string; readonly metadata?: Readonly<Record<string, string>> }
  ): Promise<ObjectRecord>;
  /** Takes over a finished local file (moved, not copied, where the file system allows). */
  putFile(
    bucket: string,
    key: string,
    path: string,
    options?: { readonly contentType?: string }
  ): Promise<ObjectRecord>;
  /** Local path where the object's bytes can be read as one plain file. Valid until the object is overwritten or deleted. */
  filePath(bucket: string, key: string): Promise<string>;
  /** In UTF-8 byte order of the keys. */
  listObjects(bucket: string, prefix: string): AsyncIterable<ObjectRecord>;
  /** Deleting what is not there is a success, as in S3. */
  deleteObject(bucket: string, key: string): Promise<void>;
}
