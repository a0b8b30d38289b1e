import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, CreateMultipartUploadCommandInput, UploadPartCommandInput } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'multipart';
const MiB = 1024 ** 2;
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.close());

async function start(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId;
}

async function upload(
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer | Readable,
  more: Partial<UploadPartCommandInput> = {}
): Promise<CompletedPart> {
  const { ETag, ...rest } = await s3.client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more })
  );
  const { ChecksumCRC32, ChecksumSHA256 } = rest;
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 };
}

const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}): Promise<unknown> =>
  s3.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));

async function bytesOf(Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

describe('an upload in parts', () => {
  const first = randomBytes(5 * MiB);
  const second = randomBytes(6 * MiB);
  const last = randomBytes(10);

  it('becomes one object, in the order of the parts, once it is complete', async () => {
    const id = await start('whole', {
      ContentType: 'text/x',
      Metadata: { m: '1' },
      StorageClass: 'STANDARD_IA',
      Tagging: 't=1',
    });
    const three = await upload('whole', id, 30, last);
    const one = await upload('whole', id, 1, Readable.from([first]), { ContentLength: first.length });
    await upload('whole', id, 2, last); // replaced by the next
    const two = await upload('whole', id, 2, second);
    await upload('whole', id, 4, last); // not listed: dropped
    await expect(bytesOf('whole')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await complete('whole', id, [one, two, three]);
    const expected = Buffer.concat([first, second, last]);
    expect(Buffer.compare(await bytesOf('whole'), expected)).toBe(0);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'whole' }));
    expect(head).toMatchObject({
      ETag: `"${md5(Buffer.concat([md5(first), md5(second), md5(last)])).toString('hex')}-3"`,
      ContentLength: expected.length,
      ContentType: 'text/x',
      Metadata: { m: '1' },
      StorageClass: 'STANDARD_IA',
      TagCount: 1,
    });
    expect(Buffer.compare(await bytesOf('whole', { PartNumber: 2 }), second)).toBe(0);
    const part = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'whole', PartNumber: 3 }));
    expect(part).toMatchObject({ PartsCount: 3, ContentLength: 10 });
    await expect(bytesOf('whole', { PartNumber: 4 })).rejects.toMatchObject({ $metadata: { httpStatusCode: 416 } });
    await expect(complete('whole', id, [one, two, three])).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  it('keeps a composite checksum, or one of all bytes', async () => {
    const composite = await start('composite', { ChecksumAlgorithm: 'SHA256' });
    const parts = [
      await upload('composite', composite, 1, first, { ChecksumAlgorithm: 'SHA256' }),
      await upload('composite', composite, 2, last, { ChecksumAlgorithm: 'SHA256' }),
    ];
    await complete('composite', composite, parts);
    const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
    const value = sha(Buffer.concat([sha(first), sha(last)])).toString('base64');
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'composite', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ChecksumSHA256: `${value}-2`, ChecksumType: 'COMPOSITE' });
    const attributes = await s3.client.send(
      new GetObjectAttributesCommand({ Bucket, Key: 'composite', ObjectAttributes: ['ObjectParts', 'StorageClass'] })
    );
    expect(attributes.ObjectParts).toMatchObject({
      TotalPartsCount: 2,
      Parts: [
        { PartNumber: 1, Size: first.length, ChecksumSHA256: sha(first).toString('base64') },
        { PartNumber: 2, Size: last.length, ChecksumSHA256: sha(last).toString('base64') },
      ],
    });

    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(Buffer.concat([first, last])));
    const full = await start('full', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const fullParts = [await upload('full', full, 1, first), await upload('full', full, 2, last)];
    const wrong = { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' };
    await expect(complete('full', full, fullParts, wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    const right = { ChecksumCRC32: crc.toString('base64'), ChecksumType: 'FULL_OBJECT' };
    expect(await complete('full', full, fullParts, right)).toMatchObject(right);
  });

  it('refuses what S3 refuses', async () => {
    const id = await start('refused');
    const small = await upload('refused', id, 1, last);
    const big = await upload('refused', id, 2, first);
    const attempt = (parts: CompletedPart[], more: object = {}): Promise<unknown> =>
      complete('refused', id, parts, more);
    await expect(attempt([small, big])).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await expect(attempt([big, small])).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(attempt([big, big])).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(attempt([{ ...big, ETag: '"0"' }])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(attempt([{ ...big, PartNumber: 9 }])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(attempt([])).rejects.toMatchObject({ name: 'MalformedXML' });
    await expect(attempt([big], { MpuObjectSize: 1 })).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(upload('refused', id, 0, last)).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(upload('refused', id, 10_001, last)).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(upload('refused', 'no-such-id', 1, last)).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(upload('other key', id, 1, last)).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await s3.store.putObject(Bucket, 'refused', 'there already');
    await expect(attempt([big], { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect((await bytesOf('refused')).toString()).toBe('there already');
    await attempt([big]);
    expect((await bytesOf('refused')).length).toBe(5 * MiB);
  });

  it('wants the checksum of each part when it was started with one', async () => {
    const id = await start('strict', { ChecksumAlgorithm: 'SHA256' });
    await expect(upload('strict', id, 1, last, { ChecksumAlgorithm: 'CRC32' })).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    const part = await upload('strict', id, 1, last, { ChecksumAlgorithm: 'SHA256' });
    const { PartNumber, ETag } = part;
    await expect(complete('strict', id, [{ PartNumber, ETag }])).rejects.toMatchObject({ name: 'InvalidRequest' });
    const wrong = createHash('sha256').digest('base64');
    await expect(complete('strict', id, [{ ...part, ChecksumSHA256: wrong }])).rejects.toMatchObject({
      name: 'InvalidPart',
    });
    await complete('strict', id, [part]);
    const types = { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' } as const;
    await expect(start('strict', types)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});

describe('uploads under way', () => {
  it('are listed by key and then by age, in pages', async () => {
    const ids: string[] = [];
    for (const key of ['list/b', 'list/a', 'list/a', 'list/sub/1', 'list/sub/2']) ids.push(await start(key));
    const list = (more: object): Promise<Record<string, unknown>> =>
      s3.client
        .send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }))
        .then((answer) => ({ ...answer }));
    const all = await list({});
    expect(all['Uploads']).toMatchObject([
      { Key: 'list/a', UploadId: ids[1] },
      { Key: 'list/a', UploadId: ids[2] },
      { Key: 'list/b', UploadId: ids[0] },
      { Key: 'list/sub/1' },
      { Key: 'list/sub/2' },
    ]);
    const page = await list({ MaxUploads: 1 });
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: 'list/a', NextUploadIdMarker: ids[1] });
    const next = await list({ KeyMarker: 'list/a', UploadIdMarker: ids[1], Delimiter: '/' });
    expect(next['Uploads']).toMatchObject([{ UploadId: ids[2] }, { UploadId: ids[0] }]);
    expect(next).toMatchObject({ IsTruncated: false, CommonPrefixes: [{ Prefix: 'list/sub/' }] });
    const later = await list({ KeyMarker: 'list/a' });
    expect(later['Uploads']).toMatchObject([{ Key: 'list/b' }, { Key: 'list/sub/1' }, { Key: 'list/sub/2' }]);
  });

  it('list their parts in pages, and go when aborted', async () => {
    const id = await start('parts');
    for (const number of [3, 1, 2]) await upload('parts', id, number, Buffer.alloc(number));
    const query = { Bucket, Key: 'parts', UploadId: id };
    const page = await s3.client.send(new ListPartsCommand({ ...query, MaxParts: 2 }));
    expect(page).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      Parts: [
        { PartNumber: 1, Size: 1 },
        { PartNumber: 2, Size: 2, ETag: `"${md5(Buffer.alloc(2)).toString('hex')}"` },
      ],
    });
    const rest = await s3.client.send(new ListPartsCommand({ ...query, PartNumberMarker: page.NextPartNumberMarker }));
    expect(rest).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
    await s3.client.send(new AbortMultipartUploadCommand(query));
    await expect(s3.client.send(new ListPartsCommand(query))).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(s3.client.send(new AbortMultipartUploadCommand(query))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });

  it('do not keep a bucket from being deleted', async () => {
    await s3.client.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'short-lived', Key: 'k' }));
    await s3.client.send(
      new UploadPartCommand({ Bucket: 'short-lived', Key: 'k', UploadId, PartNumber: 1, Body: 'x' })
    );
    await s3.client.send(new DeleteBucketCommand({ Bucket: 'short-lived' }));
    await s3.client.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'short-lived' }));
    expect(Uploads).toBeUndefined();
  });
});
