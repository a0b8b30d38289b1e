import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const run = promisify(execFile);
const MiB = 1024 ** 2;
const Bucket = 'disk';

/** Paths of all files below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('objects on disk', () => {
  let s3: LocalS3;
  beforeAll(async () => {
    s3 = await startLocalS3();
    await s3.store.createBucket(Bucket);
  });
  afterAll(() => s3.close());

  const blobs = (): Promise<string[]> => filesIn(join(s3.folder, 's3', 'blobs'));
  const read = async (Key: string): Promise<string | undefined> =>
    (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

  it('are there after a restart, uploads under way among them', async () => {
    await s3.client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'kept',
        Body: 'body',
        Metadata: { m: '1' },
        Tagging: 't=1',
        StorageClass: 'STANDARD_IA',
      })
    );
    const upload = { Bucket, Key: 'parts' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...part, Body: 'a part' }));
    const before = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'kept', ChecksumMode: 'ENABLED' }));
    await s3.restart();
    const after = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'kept', ChecksumMode: 'ENABLED' }));
    expect({ ...after, $metadata: {} }).toEqual({ ...before, $metadata: {} });
    expect(await read('kept')).toBe('body');
    const Parts = [{ PartNumber: 1, ETag }];
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    expect(await read('parts')).toBe('a part');
  });

  it('leave no file behind when they are overwritten, deleted or joined', async () => {
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
    expect(await blobs()).toHaveLength(Contents.length);
    await Promise.all(Array.from({ length: 30 }, (_, index) => s3.store.putObject(Bucket, 'same', `${index}`)));
    expect(await blobs()).toHaveLength(Contents.length + 1);
    for (const { Key = '' } of [...Contents, { Key: 'same' }]) await s3.store.deleteObject(Bucket, Key);
    expect(await blobs()).toEqual([]);
    expect(await filesIn(join(s3.folder, 's3', 'tmp'))).toEqual([]);
  });

  it('are read whole while others overwrite and delete them', async () => {
    const versions = ['a', 'b', 'c'].map((letter) => letter.repeat(400_000));
    await s3.store.putObject(Bucket, 'busy', versions[0] ?? '');
    const writer = async (): Promise<void> => {
      for (let round = 0; round < 30; round += 1) await s3.store.putObject(Bucket, 'busy', versions[round % 3] ?? '');
    };
    const reader = async (): Promise<string[]> => {
      const seen: string[] = [];
      for (let round = 0; round < 20; round += 1) seen.push((await read('busy')) ?? '');
      return seen;
    };
    const [, ...reads] = await Promise.all([writer(), reader(), reader(), reader()]);
    expect(reads.flat().filter((body) => !versions.includes(body))).toEqual([]);
  });

  it('are swept of what a crash left, and only of that', async () => {
    await s3.store.putObject(Bucket, 'whole', 'whole');
    const folder = join(s3.folder, 's3');
    const halfWritten = join(folder, 'tmp', 'half-written');
    const unindexed = join(folder, 'blobs', '00', '00-moved-but-not-indexed');
    await s3.restart(async (db) => {
      await writeFile(halfWritten, 'half');
      await mkdir(join(folder, 'blobs', '00'), { recursive: true });
      await writeFile(unindexed, 'moved');
      const index = db.sublevel<string, string>('s3', { valueEncoding: 'json' });
      await index.put('garbage/00-moved-but-not-indexed', '');
    });
    expect(await filesIn(folder)).not.toContain(halfWritten);
    expect(await filesIn(folder)).not.toContain(unindexed);
    expect(await read('whole')).toBe('whole');
  });

  it('can be taken over from files, and read as files', async () => {
    const source = join(s3.folder, 'finished file');
    const bytes = randomBytes(100_000);
    await writeFile(source, bytes);
    const record = await s3.store.putFile(Bucket, 'taken', source, { contentType: 'application/x' });
    expect(record).toMatchObject({ bucket: Bucket, key: 'taken', size: 100_000, contentType: 'application/x' });
    await expect(readFile(source)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(Buffer.compare(await readFile(await s3.store.filePath(Bucket, 'taken')), bytes)).toBe(0);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'taken' }));
    expect(head).toMatchObject({ ETag: `"${record.etag}"`, ContentType: 'application/x' });
    await expect(s3.store.filePath(Bucket, 'missing')).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(s3.store.putFile('missing-bucket', 'k', source)).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });

  it('pass through without being held in memory', async () => {
    const size = 400 * MiB;
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers)), 10);
    const chunk = Buffer.alloc(MiB, 'x');
    const Body = Readable.from(
      (function* () {
        for (let sent = 0; sent < size; sent += MiB) yield chunk;
      })()
    );
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'large', Body, ContentLength: size }));
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large' }));
    let read = 0;
    for await (const bytes of got.Body as Readable) read += (bytes as Buffer).length;
    clearInterval(watch);
    expect(read).toBe(size);
    expect(peak).toBeLessThan(150 * MiB);
    await s3.store.deleteObject(Bucket, 'large');
  });

  it('are not made by a stream that fails', async () => {
    const failing = Readable.from(
      (function* () {
        yield 'some';
        throw new Error('the source broke');
      })()
    );
    await expect(s3.store.putObject(Bucket, 'broken', failing)).rejects.toThrow('the source broke');
    expect(await s3.store.headObject(Bucket, 'broken')).toBeUndefined();
    expect(await filesIn(join(s3.folder, 's3', 'tmp'))).toEqual([]);
  });
});

/** A file system of 32 MiB, or undefined where this user may not mount one. */
async function smallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-small-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', folder]);
    return folder;
  } catch {
    await rmdir(folder);
    return undefined;
  }
}

const disk = await smallDisk();
if (disk === undefined) process.stderr.write('Skipped: the full-disk tests need the right to mount a tmpfs.\n');

describe.skipIf(disk === undefined)('a full disk', () => {
  const folder = disk ?? '';
  let s3: LocalS3;
  beforeAll(async () => {
    s3 = await startLocalS3({ parent: folder });
    insufficient.message = insufficient.message.replace('FOLDER', join(s3.folder, 's3'));
    await s3.store.createBucket(Bucket);
  });
  afterAll(async () => {
    await s3.close();
    await run('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  const insufficient = {
    name: 'InsufficientStorage',
    message:
      'The disk that holds FOLDER is full. Free some space there, or choose another folder: --data, or TMPDIR for a temporary one.',
    $metadata: { httpStatusCode: 507, attempts: 1 },
  };
  const put = (Key: string, size: number): Promise<unknown> =>
    s3.connect({ maxAttempts: 4 }).send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, 'x') }));
  const blobs = (): Promise<string[]> => filesIn(join(s3.folder, 's3'));

  it('refuses what does not fit at once, says what to do, and is not asked again', async () => {
    await put('first', 10 * MiB);
    const before = await blobs();
    await expect(put('second', 20 * MiB)).rejects.toMatchObject(insufficient);
    expect(await blobs()).toEqual(before);
    expect(await s3.store.headObject(Bucket, 'second')).toBeUndefined();
  });

  it('ends a stream of unknown length without leaving a part of it', async () => {
    const before = await blobs();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(MiB);
      })()
    );
    await expect(s3.store.putObject(Bucket, 'endless', endless)).rejects.toMatchObject({ code: 'InsufficientStorage' });
    expect(await blobs()).toEqual(before);
    expect(await s3.store.headObject(Bucket, 'endless')).toBeUndefined();
  });

  it('keeps the object that was to be overwritten, and serves on', async () => {
    await expect(put('first', 30 * MiB)).rejects.toMatchObject(insufficient);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'first' }));
    expect(head.ContentLength).toBe(10 * MiB);
    await put('small', 1000);
    await s3.store.deleteObject(Bucket, 'first');
    await put('second', 20 * MiB);
    expect((await s3.store.headObject(Bucket, 'second'))?.size).toBe(20 * MiB);
  });

  it('refuses to join parts that do not fit twice, and keeps them', async () => {
    await s3.store.deleteObject(Bucket, 'second');
    const upload = { Bucket, Key: 'joined' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...part, Body: Buffer.alloc(16 * MiB) }));
    const complete = new CompleteMultipartUploadCommand({
      ...upload,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    });
    await expect(s3.client.send(complete)).rejects.toMatchObject({ name: 'InsufficientStorage' });
    expect(await s3.store.headObject(Bucket, 'joined')).toBeUndefined();
  });

  it('leaves the index whole when many small objects fill the disk', async () => {
    const body = Buffer.alloc(100_000, 's');
    const written: string[] = [];
    let refused: unknown;
    while (refused === undefined) {
      const key = `many/${written.length}`;
      await s3.store.putObject(Bucket, key, body).then(
        () => written.push(key),
        (error: unknown) => (refused = error)
      );
    }
    expect(refused).toMatchObject({ code: 'InsufficientStorage' });
    expect(written.length).toBeGreaterThan(10);
    await s3.restart();
    for (const key of written) {
      expect(Buffer.compare(await readFile(await s3.store.filePath(Bucket, key)), body)).toBe(0);
      await s3.store.deleteObject(Bucket, key);
    }
    await put('after', 1000);
    expect((await s3.store.headObject(Bucket, 'after'))?.size).toBe(1000);
  });
});
