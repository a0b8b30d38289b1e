import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import type { ChecksumAlgorithm, GetObjectCommandInput } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'objects';
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.close());

async function read(input: Omit<GetObjectCommandInput, 'Bucket'>): Promise<string | undefined> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, ...input }));
  return Body?.transformToString();
}

const put = (Key: string, Body: string | Buffer = 'x'): Promise<unknown> =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));

describe('PutObject, GetObject, HeadObject', () => {
  it('keeps bytes, metadata, content headers, storage class, tags and encryption', async () => {
    const Body = randomBytes(300_000);
    const Expires = new Date('2030-01-02T03:04:05Z');
    const said = {
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.bin"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      ContentType: 'application/x-thing',
      Metadata: { one: '1', two: 'ü' },
      StorageClass: 'STANDARD_IA' as const,
      ServerSideEncryption: 'aws:kms' as const,
      SSEKMSKeyId: 'key-1',
    };
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'whole', Body, Expires, Tagging: 'a=1&b=%2B', ...said }));
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
    expect(got).toMatchObject({
      ...said,
      ExpiresString: Expires.toUTCString(),
      TagCount: 2,
      ContentLength: 300_000,
      ETag: `"${createHash('md5').update(Body).digest('hex')}"`,
      AcceptRanges: 'bytes',
    });
    expect(Buffer.compare(Buffer.from((await got.Body?.transformToByteArray()) ?? []), Body)).toBe(0);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'whole' }));
    expect(head).toMatchObject({ ...said, ContentLength: 300_000, ETag: got.ETag });
  });

  it.each([
    ['a key with a space and a plus', 'a b+c'],
    ['double slashes', 'a//b'],
    ['a leading slash', '/a'],
    ['a trailing slash', 'folder/'],
    ['dots that a path would resolve', 'a/../../b/./c'],
    ['a percent sign that looks encoded', 'a%2Fb%20c%'],
    ['query characters', 'a?b=c&d#e;f'],
    ['unicode beyond the first plane', 'ü/𝄞/日本'],
    ['control characters and line ends', 'a\u0001\r\n\tb'],
    ['XML characters', `<a>&"b'`],
    ['1024 bytes', 'ü'.repeat(512)],
  ])('takes %s', async (_name, Key) => {
    await put(Key, `content of ${Key}`);
    expect(await read({ Key })).toBe(`content of ${Key}`);
    const listed = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, EncodingType: 'url' }));
    expect(listed.Contents?.map((object) => decodeURIComponent(object.Key ?? ''))).toEqual([Key]);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(read({ Key })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses a key of 1025 bytes', async () => {
    await expect(put('k'.repeat(1025))).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });

  it('refuses what S3 refuses of metadata, classes and tags', async () => {
    const base = { Bucket, Key: 'refused', Body: '' };
    const attempt = (more: object): Promise<unknown> => s3.client.send(new PutObjectCommand({ ...base, ...more }));
    await expect(attempt({ Metadata: { a: 'x'.repeat(2048) } })).rejects.toMatchObject({ name: 'MetadataTooLarge' });
    await expect(attempt({ StorageClass: 'COLD' })).rejects.toMatchObject({ name: 'InvalidStorageClass' });
    await expect(attempt({ Tagging: 'a=1&a=2' })).rejects.toMatchObject({ name: 'InvalidTag' });
    await expect(attempt({ Tagging: 'aws:a=1' })).rejects.toMatchObject({ name: 'InvalidTag' });
    const eleven = Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&');
    await expect(attempt({ Tagging: eleven })).rejects.toMatchObject({ name: 'BadRequest' });
    await expect(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'refused' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('names what is missing', async () => {
    await expect(read({ Key: 'missing' })).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    const elsewhere = new GetObjectCommand({ Bucket: 'no-such-bucket', Key: 'x' });
    await expect(s3.client.send(elsewhere)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(
      s3.client.send(new PutObjectCommand({ Bucket: 'no-such-bucket', Key: 'x', Body: Buffer.alloc(1_000_000) }))
    ).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it('streams a body of unknown shape and keeps empty objects', async () => {
    const Body = Readable.from([Buffer.alloc(100_000, 'a'), Buffer.alloc(100_000, 'b')]);
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: 200_000 }));
    expect(await read({ Key: 'streamed' })).toBe('a'.repeat(100_000) + 'b'.repeat(100_000));
    await put('empty', '');
    expect(await read({ Key: 'empty' })).toBe('');
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }));
    expect(head).toMatchObject({ ContentLength: 0, ETag: '"d41d8cd98f00b204e9800998ecf8427e"' });
  });

  it('does not serve archived objects', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'cold', Body: 'x', StorageClass: 'GLACIER' }));
    await expect(read({ Key: 'cold' })).rejects.toMatchObject({ name: 'InvalidObjectState' });
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'cold' }));
    expect(head.StorageClass).toBe('GLACIER');
  });

  it('knows no versions', async () => {
    await put('versioned');
    expect(await read({ Key: 'versioned', VersionId: 'null' })).toBe('x');
    await expect(read({ Key: 'versioned', VersionId: 'abc' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});

describe('ranges', () => {
  beforeAll(() => put('digits', '0123456789'));

  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=3-5', '345', 'bytes 3-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=7-1000', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-100', '0123456789', 'bytes 0-9/10'],
  ])('serves %s', async (Range, expected, ContentRange) => {
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
    expect(await got.Body?.transformToString()).toBe(expected);
    expect(got).toMatchObject({ ContentRange, ContentLength: expected.length, $metadata: { httpStatusCode: 206 } });
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'digits', Range }));
    expect(head.ContentLength).toBe(expected.length);
  });

  it.each(['bytes=5-3', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-'])('ignores %s', async (Range) => {
    expect(await read({ Key: 'digits', Range })).toBe('0123456789');
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('refuses %s', async (Range) => {
    await expect(read({ Key: 'digits', Range })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    });
  });
});

describe('conditions', () => {
  it('writes only what is not there, or what has the ETag', async () => {
    const write = (more: object): Promise<unknown> =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'conditional', Body: 'new', ...more }));
    const precondition = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
    await expect(write({ IfMatch: '"0"' })).rejects.toMatchObject({ name: 'NoSuchKey' });
    await write({ IfNoneMatch: '*' });
    await expect(write({ IfNoneMatch: '*' })).rejects.toMatchObject(precondition);
    await expect(write({ IfMatch: '"0"' })).rejects.toMatchObject(precondition);
    const { ETag } = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'conditional' }));
    await write({ IfMatch: ETag });
    await expect(
      s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'conditional', IfMatch: '"0"' }))
    ).rejects.toMatchObject(precondition);
  });

  it('lets exactly one of many writers create an object', async () => {
    const writers = Array.from({ length: 20 }, (_, index) =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'race', Body: `writer ${index}`, IfNoneMatch: '*' })).then(
        () => index,
        () => undefined
      )
    );
    const winners = (await Promise.all(writers)).filter((index) => index !== undefined);
    expect(winners).toHaveLength(1);
    expect(await read({ Key: 'race' })).toBe(`writer ${winners[0]}`);
  });

  it('reads by ETag and date as HTTP has it', async () => {
    await put('dated', 'x');
    const { ETag, LastModified = new Date() } = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'dated' }));
    const before = new Date(LastModified.getTime() - 10_000);
    const after = new Date(LastModified.getTime() + 10_000);
    const status = async (input: object): Promise<number | undefined> =>
      s3.client.send(new HeadObjectCommand({ Bucket, Key: 'dated', ...input })).then(
        () => 200,
        (error: { $metadata: { httpStatusCode?: number } }) => error.$metadata.httpStatusCode
      );
    expect(await status({ IfMatch: ETag })).toBe(200);
    expect(await status({ IfMatch: '"0"' })).toBe(412);
    expect(await status({ IfNoneMatch: ETag })).toBe(304);
    expect(await status({ IfNoneMatch: '"0"' })).toBe(200);
    expect(await status({ IfModifiedSince: before })).toBe(200);
    expect(await status({ IfModifiedSince: LastModified })).toBe(304);
    expect(await status({ IfUnmodifiedSince: before })).toBe(412);
    expect(await status({ IfUnmodifiedSince: after })).toBe(200);
    expect(await status({ IfMatch: ETag, IfUnmodifiedSince: before })).toBe(200);
    expect(await status({ IfNoneMatch: '"0"', IfModifiedSince: after })).toBe(200);
  });
});

describe('checksums', () => {
  // Of the text "123456789": the check values by which these algorithms are defined.
  const known = {
    CRC32: Buffer.from('cbf43926', 'hex'),
    CRC32C: Buffer.from('e3069283', 'hex'),
    CRC64NVME: Buffer.from('ae8b14860a799888', 'hex'),
    SHA1: createHash('sha1').update('123456789').digest(),
    SHA256: createHash('sha256').update('123456789').digest(),
  } as const;

  it.each(Object.entries(known))('verifies and gives back %s', async (name, digest) => {
    const ChecksumAlgorithm = name as ChecksumAlgorithm;
    const value = digest.toString('base64');
    const Key = `checksum/${name}`;
    const computed = await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: '123456789', ChecksumAlgorithm }));
    expect(computed).toMatchObject({ [`Checksum${name}`]: value, ChecksumType: 'FULL_OBJECT' });
    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: '123456789', [`Checksum${name}`]: value }));
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ [`Checksum${name}`]: value });
    const attributes = await s3.client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Checksum', 'ETag', 'ObjectSize'] })
    );
    expect(attributes).toMatchObject({
      Checksum: { [`Checksum${name}`]: value, ChecksumType: 'FULL_OBJECT' },
      ETag: createHash('md5').update('123456789').digest('hex'),
      ObjectSize: 9,
    });
    await expect(
      s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'other', [`Checksum${name}`]: value }))
    ).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await read({ Key, ChecksumMode: 'ENABLED' })).toBe('123456789');
  });

  it('sends a streamed body with a trailing checksum, and notices a wrong one', async () => {
    const bytes = Readable.from([Buffer.from('12345'), Buffer.from('6789')]);
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: 'trailing', Body: bytes, ContentLength: 9, ChecksumAlgorithm: 'SHA256' })
    );
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'trailing', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumSHA256).toBe(known.SHA256.toString('base64'));
    expect(head.ContentEncoding).toBeUndefined();
  });

  it('computes CRC64NVME when the sender says nothing', async () => {
    const silent = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    await silent.send(new PutObjectCommand({ Bucket, Key: 'silent', Body: '123456789' }));
    const head = await silent.send(new HeadObjectCommand({ Bucket, Key: 'silent', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumCRC64NVME).toBe(known.CRC64NVME.toString('base64'));
    silent.destroy();
  });

  it('verifies Content-MD5', async () => {
    const md5 = (text: string): string => createHash('md5').update(text).digest('base64');
    const write = (ContentMD5: string): Promise<unknown> =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'md5', Body: 'right', ContentMD5 }));
    await expect(write(md5('wrong'))).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(write('nonsense')).rejects.toMatchObject({ name: 'InvalidDigest' });
    await write(md5('right'));
    expect(await read({ Key: 'md5' })).toBe('right');
  });
});

describe('DeleteObjects', () => {
  it('deletes up to a thousand keys, each with its result', async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `many/${index} &\r\n<`);
    for (const key of keys.slice(0, 20)) await put(key);
    const Objects = keys.map((Key) => ({ Key }));
    const { Deleted, Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Errors).toBeUndefined();
    expect(Deleted).toHaveLength(1000);
    const left = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }));
    expect(left.KeyCount).toBe(0);
  });

  it('says nothing of successes when quiet, but of failures', async () => {
    await put('quiet/1');
    await put('quiet/2');
    const Objects = [{ Key: 'quiet/1' }, { Key: 'quiet/2', VersionId: 'v1' }];
    const result = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects } }));
    expect(result.Deleted).toBeUndefined();
    expect(result.Errors).toMatchObject([{ Key: 'quiet/2', VersionId: 'v1', Code: 'NoSuchVersion' }]);
    expect(await read({ Key: 'quiet/2' })).toBe('x');
    await expect(read({ Key: 'quiet/1' })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses more than a thousand keys, and none', async () => {
    const Objects = Array.from({ length: 1001 }, (_, index) => ({ Key: `${index}` }));
    const attempt = (list: { Key: string }[]): Promise<unknown> =>
      s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: list } }));
    await expect(attempt(Objects)).rejects.toMatchObject({ name: 'MalformedXML' });
    await expect(attempt([])).rejects.toMatchObject({ name: 'MalformedXML' });
  });
});

describe('tags', () => {
  it('can be put, read and deleted without touching the object', async () => {
    await put('tagged', 'body');
    const before = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'tagged' }));
    const TagSet = [
      { Key: 'a', Value: '' },
      { Key: 'key with space', Value: 'ü+-=._:/@' },
    ];
    await s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }));
    const read = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }));
    expect(read.TagSet).toEqual(TagSet);
    const after = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'tagged' }));
    expect(await after.Body?.transformToString()).toBe('body');
    expect(after).toMatchObject({ TagCount: 2, LastModified: before.LastModified, ETag: before.ETag });
    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }));
    expect((await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet).toEqual([]);
    await expect(
      s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'missing', Tagging: { TagSet } }))
    ).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});
