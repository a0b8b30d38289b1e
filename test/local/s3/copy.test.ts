import { createHash, randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { CopyObjectCommandInput } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredObject } from '../../../local/s3/records.js';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'copies';
const MiB = 1024 ** 2;
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.client.send(new CreateBucketCommand({ Bucket: 'copies-archive' }));
  await s3.client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'source ü+?',
      Body: 'the bytes',
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      Metadata: { a: '1' },
      Tagging: 'tag=value',
      ServerSideEncryption: 'aws:kms',
      ChecksumAlgorithm: 'SHA256',
    })
  );
});
afterAll(() => s3.close());

const CopySource = encodeURIComponent(`${Bucket}/source ü+?`);

const copy = (more: Partial<CopyObjectCommandInput>): Promise<unknown> =>
  s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, ...more }));

async function head(Key: string, bucket = Bucket): Promise<Record<string, unknown>> {
  return { ...(await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }))) };
}

async function tagsOf(Key: string, bucket = Bucket): Promise<unknown> {
  return (await s3.client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }))).TagSet;
}

describe('CopyObject', () => {
  it('takes metadata and tags along, but not storage class and encryption', async () => {
    const sha = createHash('sha256').update('the bytes').digest('base64');
    const { CopyObjectResult } = await s3.client.send(
      new CopyObjectCommand({ Bucket: 'copies-archive', Key: 'a/copy', CopySource, StorageClass: 'STANDARD_IA' })
    );
    expect(CopyObjectResult).toMatchObject({
      ETag: `"${createHash('md5').update('the bytes').digest('hex')}"`,
      ChecksumSHA256: sha,
    });
    expect(await head('a/copy', 'copies-archive')).toMatchObject({
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      Metadata: { a: '1' },
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'AES256',
      ChecksumSHA256: sha,
      ContentLength: 9,
    });
    expect(await tagsOf('a/copy', 'copies-archive')).toEqual([{ Key: 'tag', Value: 'value' }]);
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: 'copies-archive', Key: 'a/copy' }));
    expect(await Body?.transformToString()).toBe('the bytes');
  });

  it('replaces metadata and tags when told to', async () => {
    await copy({
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      ContentType: 'text/html',
      TaggingDirective: 'REPLACE',
      Tagging: 'new=tag',
      ChecksumAlgorithm: 'CRC32C',
    });
    const replaced = await head('copy');
    expect(replaced).toMatchObject({ Metadata: { b: '2' }, ContentType: 'text/html' });
    expect(replaced['CacheControl']).toBeUndefined();
    expect(replaced['ChecksumCRC32C']).toBeTypeOf('string');
    expect(await tagsOf('copy')).toEqual([{ Key: 'new', Value: 'tag' }]);
  });

  it('goes on existing when its source is overwritten or deleted', async () => {
    await s3.store.putObject(Bucket, 'changing', 'first');
    await copy({ Key: 'kept', CopySource: `${Bucket}/changing` });
    await s3.store.putObject(Bucket, 'changing', 'second');
    await s3.store.deleteObject(Bucket, 'changing');
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'kept' }));
    expect(await Body?.transformToString()).toBe('first');
  });

  it('copies an object to itself only to change it', async () => {
    const itself = { Key: 'itself', CopySource: `${Bucket}/itself` };
    await s3.store.putObject(Bucket, 'itself', 'same');
    await expect(copy(itself)).rejects.toMatchObject({ name: 'InvalidRequest' });
    await copy({ ...itself, StorageClass: 'STANDARD_IA' });
    expect(await head('itself')).toMatchObject({ StorageClass: 'STANDARD_IA', ContentLength: 4 });
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'itself' }));
    expect(await Body?.transformToString()).toBe('same');
  });

  it('holds to the conditions of its source', async () => {
    const { ETag } = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'source ü+?' }));
    const past = new Date(Date.now() - 3_600_000);
    const precondition = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
    await copy({ CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: past });
    await copy({ CopySourceIfNoneMatch: '"0"' });
    await copy({ CopySourceIfModifiedSince: past });
    await expect(copy({ CopySourceIfMatch: '"0"' })).rejects.toMatchObject(precondition);
    await expect(copy({ CopySourceIfNoneMatch: ETag })).rejects.toMatchObject(precondition);
    await expect(copy({ CopySourceIfUnmodifiedSince: past })).rejects.toMatchObject(precondition);
    await expect(copy({ CopySourceIfModifiedSince: new Date(Date.now() + 60_000) })).rejects.toMatchObject(
      precondition
    );
  });

  it('names what is wrong with its source', async () => {
    await expect(copy({ CopySource: `${Bucket}/missing` })).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(copy({ CopySource: 'no-such-bucket/x' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(copy({ CopySource: 'nonsense' })).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(copy({ StorageClass: 'COLD' as 'STANDARD' })).rejects.toMatchObject({ name: 'InvalidStorageClass' });
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'cold', Body: '', StorageClass: 'DEEP_ARCHIVE' }));
    await expect(copy({ CopySource: `${Bucket}/cold` })).rejects.toMatchObject({ name: 'ObjectNotInActiveTierError' });
  });
});

describe('UploadPartCopy', () => {
  it('joins ranges of objects', async () => {
    const bytes = randomBytes(8 * MiB);
    await s3.store.putObject(Bucket, 'large', bytes);
    const upload = { Bucket, Key: 'joined' };
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'SHA256' })
    );
    const ranges = [
      [2 * MiB, 7 * MiB - 1],
      [0, 100],
    ] as const;
    const Parts = [];
    for (const [index, [first, last]] of ranges.entries()) {
      const PartNumber = index + 1;
      const { CopyPartResult } = await s3.client.send(
        new UploadPartCopyCommand({
          ...upload,
          UploadId,
          PartNumber,
          CopySource: `${Bucket}/large`,
          CopySourceRange: `bytes=${first}-${last}`,
        })
      );
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag, ChecksumSHA256: CopyPartResult?.ChecksumSHA256 });
    }
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    const { Body } = await s3.client.send(new GetObjectCommand(upload));
    const expected = Buffer.concat([bytes.subarray(2 * MiB, 7 * MiB), bytes.subarray(0, 101)]);
    expect(Buffer.compare(Buffer.from((await Body?.transformToByteArray()) ?? []), expected)).toBe(0);
  });

  it('refuses ranges that the source does not have', async () => {
    const upload = { Bucket, Key: 'refused' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const attempt = (CopySourceRange: string): Promise<unknown> =>
      s3.client.send(new UploadPartCopyCommand({ ...upload, UploadId, PartNumber: 1, CopySource, CopySourceRange }));
    await expect(attempt('bytes=0-9')).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(attempt('bytes=0-')).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(attempt('bytes=5-1')).rejects.toMatchObject({ name: 'InvalidArgument' });
    await s3.client.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
    await expect(attempt('bytes=0-8')).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });
});

describe('a copy of an object that was uploaded in parts', () => {
  it('has the MD5 of its bytes as its ETag, and one checksum of them all', async () => {
    const bytes = randomBytes(6 * MiB);
    const upload = { Bucket, Key: 'in parts' };
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'SHA256', Metadata: { kept: 'yes' } })
    );
    const Parts = [];
    for (const [index, Body] of [bytes.subarray(0, 5 * MiB), bytes.subarray(5 * MiB)].entries()) {
      const part = { ...upload, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: 'SHA256' as const };
      const { ETag, ChecksumSHA256 } = await s3.client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: index + 1, ETag, ChecksumSHA256 });
    }
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    expect(await head('in parts')).toMatchObject({ ChecksumType: 'COMPOSITE' });
    await copy({ Key: 'whole', CopySource: `${Bucket}/in parts` });
    expect(await head('whole')).toMatchObject({
      ETag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
      ChecksumType: 'FULL_OBJECT',
      Metadata: { kept: 'yes' },
    });
  });
});

describe('a copy and its source', () => {
  const blobs = async (): Promise<number> =>
    (await readdir(join(s3.folder, 's3', 'blobs'), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile()
    ).length;
  const text = async (Key: string): Promise<string | undefined> =>
    (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

  it('have one file until the last of them is gone, also over a restart', async () => {
    const before = await blobs();
    await s3.store.putObject(Bucket, 'one', 'bytes');
    await copy({ Key: 'two', CopySource: `${Bucket}/one` });
    await copy({ Key: 'three', CopySource: `${Bucket}/two` });
    await copy({ Key: 'two', CopySource: `${Bucket}/three` });
    await copy({ Key: 'three', CopySource: `${Bucket}/three`, StorageClass: 'STANDARD_IA' });
    expect(await blobs()).toBe(before + 1);
    await s3.store.putObject(Bucket, 'one', 'others');
    expect([await text('one'), await text('two'), await text('three')]).toEqual(['others', 'bytes', 'bytes']);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'two' }));
    await s3.restart();
    expect(await text('three')).toBe('bytes');
    expect(await blobs()).toBe(before + 2);
    const Objects = ['one', 'two', 'three'].map((Key) => ({ Key }));
    await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(await blobs()).toBe(before);
  });

  it('go together when one call deletes both', async () => {
    const before = await blobs();
    await s3.store.putObject(Bucket, 'one', 'bytes');
    await copy({ Key: 'two', CopySource: `${Bucket}/one` });
    const Objects = ['one', 'two'].map((Key) => ({ Key }));
    await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(await blobs()).toBe(before);
  });
});

describe('an object above 5 GiB', () => {
  it('is refused by CopyObject and copied by ranges', async () => {
    const size = 5 * 1024 ** 3 + 10;
    await s3.store.putObject(Bucket, 'above', '');
    const file = await open(await s3.store.filePath(Bucket, 'above'), 'r+');
    await file.truncate(size); // sparse: takes no space
    await file.write('the end...', size - 10);
    await file.close();
    await s3.restart(async (db) => {
      const index = db.sublevel<string, StoredObject>('s3', { valueEncoding: 'json' });
      const object = await index.get(`object/${Bucket}/above`);
      if (object) await index.put(`object/${Bucket}/above`, { ...object, size });
    });
    await expect(copy({ CopySource: `${Bucket}/above` })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('5368709120') as string,
    });
    const upload = { Bucket, Key: 'tail' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1, CopySource: `${Bucket}/above` };
    await expect(s3.client.send(new UploadPartCopyCommand(part))).rejects.toMatchObject({ name: 'InvalidRequest' });
    const { CopyPartResult } = await s3.client.send(
      new UploadPartCopyCommand({ ...part, CopySourceRange: `bytes=${size - 12}-${size - 1}` })
    );
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    const { Body } = await s3.client.send(new GetObjectCommand(upload));
    expect(await Body?.transformToString()).toBe('\0\0the end...');
    const range = { Bucket, Key: 'above', Range: 'bytes=-3' };
    expect(await (await s3.client.send(new GetObjectCommand(range))).Body?.transformToString()).toBe('...');
  });
});
