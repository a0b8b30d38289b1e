import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { CopyObjectCommand, GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';

/** Where the objects are; the prefix ends in a slash. */
export interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

/** What is moved, by key below the prefix: size and ETag. */
export type Contents = ReadonlyMap<string, string>;

/** What a place holds, as a listing tells it. */
export async function contentsOf(s3: S3Client, { bucket, prefix }: Place): Promise<Contents> {
  const found = new Map<string, string>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = '', ETag, Size } of Contents) found.set(Key.slice(prefix.length), `${Size} ${ETag}`);
  }
  return found;
}

/** Rejects unless a place holds just these objects. */
export async function expectContents(s3: S3Client, place: Place, expected: Contents, by: string): Promise<void> {
  const found = await contentsOf(s3, place);
  const differs = [...expected].find(([key, value]) => found.get(key) !== value);
  if (differs === undefined && found.size === expected.size) return;
  throw new Error(`${by}: ${place.bucket}/${place.prefix} holds ${found.size} of ${expected.size}; ${differs?.[0]}`);
}

const keyOf = (index: number): string => `AWSDynamoDB/01/data/${String(index).padStart(6, '0')}.json.gz`;

/** Writes small objects of different bytes. */
export async function fillSmall(s3: S3Client, place: Place, objects: number, bytes: number): Promise<void> {
  const indexes = Array.from({ length: objects }, (_, index) => index).values();
  const lane = async (): Promise<void> => {
    for (const index of indexes) {
      const Body = `${index} `.padEnd(bytes, 'x');
      await s3.send(new PutObjectCommand({ Bucket: place.bucket, Key: place.prefix + keyOf(index), Body }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

/** Writes one object of zeros and copies it: the local S3 keeps its bytes once. */
export async function fillLarge(s3: S3Client, place: Place, objects: number, bytes: number): Promise<void> {
  const block = Buffer.alloc(1024 ** 2);
  const first = { Bucket: place.bucket, Key: place.prefix + keyOf(0) };
  function* zeros(): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= block.length) yield block.subarray(0, left);
  }
  await s3.send(new PutObjectCommand({ ...first, Body: Readable.from(zeros()), ContentLength: bytes }));
  for (let index = 1; index < objects; index += 1) {
    const Key = place.prefix + keyOf(index);
    await s3.send(new CopyObjectCommand({ Bucket: place.bucket, Key, CopySource: `${first.Bucket}/${first.Key}` }));
  }
}

/** Entries of the manifest pages of a generation. */
export async function manifestEntries(s3: S3Client, { bucket, prefix }: Place): Promise<number> {
  let entries = 0;
  const query = { Bucket: bucket, Prefix: `${prefix}manifest-` };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, query)) {
    for (const { Key } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      for await (const line of createInterface({ input: Body as Readable })) if (line !== '') entries += 1;
    }
  }
  return entries;
}
