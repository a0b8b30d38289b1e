import type { S3Client } from '@aws-sdk/client-s3';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { onResource } from '../failures.js';

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  readonly lastModified: Date;
}

/** Objects of a prefix in S3's order of keys. */
export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** True when there are more. */
  readonly truncated: boolean;
}

/** What to list. */
export interface ListQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** Only keys after this one: unlike a continuation token it still holds after days and after objects have gone. */
  readonly after?: string;
  /** At most so many, up to 1,000. */
  readonly limit?: number;
}

/** One page of a listing. Rejects with `AwsCallError`. */
export async function listPage(s3: S3Client, query: ListQuery, abortSignal?: AbortSignal): Promise<ListedPage> {
  const { bucket: Bucket, prefix: Prefix, after: StartAfter, limit: MaxKeys } = query;
  const command = new ListObjectsV2Command({ Bucket, Prefix, StartAfter, MaxKeys });
  const answer = await onResource(`s3://${Bucket}/${Prefix}`, () => s3.send(command, { abortSignal }));
  const objects = (answer.Contents ?? []).map(({ Key = '', ETag = '', Size = 0, LastModified }) => ({
    key: Key,
    etag: ETag.replaceAll('"', ''),
    size: Size,
    lastModified: LastModified ?? new Date(0),
  }));
  return { objects, truncated: answer.IsTruncated === true };
}

/** True when a key stands after another one in a listing: S3 compares their UTF-8 bytes. */
export const isAfter = (key: string, other: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;

/**
 * The objects from one key (exclusive) to another (inclusive), by key. Bounded by what the prefix holds there, which
 * for a page of a manifest is that page and whatever came since.
 */
export async function listBetween(
  s3: S3Client,
  query: Omit<ListQuery, 'limit'>,
  last: string,
  abortSignal?: AbortSignal
): Promise<Map<string, ListedObject>> {
  const found = new Map<string, ListedObject>();
  for (let { after } = query; ;) {
    const { objects, truncated } = await listPage(s3, { ...query, after }, abortSignal);
    for (const object of objects) {
      if (isAfter(object.key, last)) return found;
      found.set(object.key, object);
    }
    after = objects.at(-1)?.key;
    if (!truncated || after === undefined) return found;
  }
}
