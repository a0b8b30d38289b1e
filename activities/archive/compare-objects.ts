import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { onResource } from '../failures.js';
import type { ObjectHead, ObjectPlace } from './object-head.js';
import { uriOf } from './object-head.js';

/** `unknown`: nothing that S3 says of the two can be compared. */
export type Comparison = 'same' | 'different' | 'unknown';

/** An ETag is the MD5 of the bytes only where S3 itself keeps the key, and for objects written in one piece. */
const md5Of = ({ etag, output }: ObjectHead): string | undefined =>
  (output.ServerSideEncryption ?? 'AES256') === 'AES256' && /^[0-9a-f]{32}$/.test(etag) ? etag : undefined;

/**
 * Compares the bytes of two objects by what S3 says of them: size, then checksums of one kind, then MD5s.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export function compareHeads(one: ObjectHead, other: ObjectHead): Comparison {
  if (one.size !== other.size) return 'different';
  const [a, b] = [one.checksum, other.checksum];
  if (a !== undefined && b !== undefined && a.algorithm === b.algorithm && a.type === b.type) {
    if (a.value === b.value) return 'same';
    // Composite checksums of different parts differ also for equal bytes.
    if (a.type === 'FULL_OBJECT') return 'different';
  }
  const [md5, otherMd5] = [md5Of(one), md5Of(other)];
  if (md5 === undefined || otherMd5 === undefined) return 'unknown';
  return md5 === otherMd5 ? 'same' : 'different';
}

/** The first of what was to be kept with an object and was not; undefined when all was. */
export function lostAttribute(source: ObjectHead, copy: ObjectHead): string | undefined {
  const [a, b] = [source.output, copy.output];
  const kept = [
    'ContentType',
    'ContentEncoding',
    'ContentDisposition',
    'ContentLanguage',
    'CacheControl',
    'ExpiresString',
    'TagCount',
  ] as const;
  const lost = kept.find((name) => (a[name] ?? '') !== (b[name] ?? ''));
  if (lost !== undefined) return lost;
  // Objects of before 2023 may have no encryption; every copy has one.
  const unlike = (['ServerSideEncryption', 'SSEKMSKeyId'] as const).find((name) => a[name] && a[name] !== b[name]);
  if (unlike !== undefined) return unlike;
  const sorted = (metadata: Readonly<Record<string, string>> = {}): string =>
    JSON.stringify(Object.entries(metadata).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a.Metadata) === sorted(b.Metadata) ? undefined : 'Metadata';
}

/** SHA-256 of an object's bytes, read as a stream; rejects when the object is no longer the one that was looked at. */
async function digest(s3: S3Client, place: ObjectPlace, { etag }: ObjectHead, signal: AbortSignal): Promise<string> {
  return await onResource(uriOf(place), async () => {
    const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key, IfMatch: etag });
    const { Body } = await s3.send(command, { abortSignal: signal });
    const hash = createHash('sha256');
    await pipeline(Body as Readable, hash, { signal });
    return hash.digest('hex');
  });
}

/** Compares the bytes of two objects themselves, for those of which S3 says nothing that can be compared. */
export async function compareBytes(
  s3: S3Client,
  one: { readonly place: ObjectPlace; readonly head: ObjectHead },
  other: { readonly place: ObjectPlace; readonly head: ObjectHead },
  signal: AbortSignal
): Promise<Comparison> {
  if (one.head.size !== other.head.size) return 'different';
  const [a, b] = await Promise.all([one, other].map(({ place, head }) => digest(s3, place, head, signal)));
  return a === b ? 'same' : 'different';
}
