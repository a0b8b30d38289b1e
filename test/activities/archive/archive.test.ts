import { randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { DeleteObjectsCommandInput } from '@aws-sdk/client-s3';
import { CancelledFailure } from '@temporalio/activity';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createArchiveActivities } from '../../../activities/archive/index.js';
import { AwsError } from '../../../local/gateway/aws-error.js';
import { DroppedReply } from '../../../local/gateway/interception.js';
import { activityEnvironment, runActivity } from '../activity-environment.js';
import { archiveScene, archiveTable, laterAttempt, lake, raw, stamp, stepOf } from './archive-scene.js';
import type { ArchiveScene } from './archive-scene.js';

const MiB = 1024 ** 2;
const limits = { pageObjects: 1_000, pagesPerActivity: 100 };
const start = { page: 0, objects: 0, bytes: 0 };

describe('archiving', () => {
  let scene: ArchiveScene;
  let tables = 0;
  beforeAll(async () => {
    scene = await archiveScene();
  });
  afterEach(() => scene.misbehave(() => undefined));
  afterAll(async () => scene?.close());

  /** A table of its own for each test, with these objects in the lake. */
  const tableWith = async (objects: Readonly<Record<string, string | Buffer>>): Promise<string> => {
    const table = `table-${++tables}`;
    for (const [key, body] of Object.entries(objects)) {
      await scene.s3.client.send(new PutObjectCommand({ Bucket: 'lake', Key: `${table}/${key}`, Body: body }));
    }
    return table;
  };
  const archived = (table: string, key: string): string => `${table}/${stamp}/${table}/${key}`;
  const manifestOf = async (table: string, at = stamp): Promise<Record<string, unknown>> =>
    JSON.parse(await scene.text('lake-archive', `${table}/${at}/manifest.json`)) as Record<string, unknown>;
  const copyLake = (table: string) => ({ ...stepOf(), table, stamp, layer: lake, from: start, limits, resumed: false });
  const beginLake = (table: string) => ({ ...stepOf(), table, stamp, layers: [lake, raw] });

  it('moves objects under the stamp with tags, metadata, headers and encryption', async () => {
    const table = await tableWith({});
    const Key = `${table}/type=order/ü +&.parquet`;
    const source = {
      ContentType: 'application/vnd.apache.parquet',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      Metadata: { owner: 'sales' },
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:us-east-1:000000000000:key/one',
      BucketKeyEnabled: true,
    } as const;
    await scene.s3.client.send(
      new PutObjectCommand({ Bucket: 'lake', Key, Body: 'rows', Tagging: 'team=a%20b&x=', ...source })
    );
    await scene.s3.client.send(new PutObjectCommand({ Bucket: 'raw', Key: `${table}/AWSDynamoDB/1/f`, Body: 'raw' }));
    expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 2, deleted: 2, changed: 0 });

    const copy = { Bucket: 'lake-archive', Key: `${table}/${stamp}/${Key}` };
    expect(await scene.s3.client.send(new HeadObjectCommand(copy))).toMatchObject({
      ...source,
      StorageClass: 'STANDARD_IA',
      ContentLength: 4,
    });
    const { TagSet } = await scene.s3.client.send(new GetObjectTaggingCommand(copy));
    expect(TagSet).toEqual([
      { Key: 'team', Value: 'a b' },
      { Key: 'x', Value: '' },
    ]);
    expect(await scene.text(copy.Bucket, copy.Key)).toBe('rows');
    expect(await scene.text('raw-archive', archived(table, 'AWSDynamoDB/1/f'))).toBe('raw');
    expect([...(await scene.keys('lake', table)), ...(await scene.keys('raw', table))]).toEqual([]);

    expect(await manifestOf(table)).toMatchObject({ state: 'moved', objects: 1, bytes: 4, pages: 1, runKey: 'run-1' });
    const page = await scene.text('lake-archive', `${table}/${stamp}/manifest-00000.jsonl`);
    expect(JSON.parse(page)).toMatchObject({ key: Key, size: 4, storageClass: 'STANDARD' });
  });

  it('asks for what it knows the way of without the SDK, as well: any key, every attribute', async () => {
    const table = await tableWith({});
    const names = ['a', "!'()*~", 'ü +&%2F', 'b//c', '日本', 'x=1/y'].map((name) => `${table}/${name}`);
    const source = {
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      Metadata: { owner: 'sales' },
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:us-east-1:000000000000:key/one',
      BucketKeyEnabled: true,
    } as const;
    for (const Key of names) {
      await scene.s3.client.send(
        new PutObjectCommand({
          Bucket: 'lake',
          Key,
          Body: Key,
          Tagging: 'team=a',
          WebsiteRedirectLocation: '/there',
          ...source,
        })
      );
    }
    const began = scene.s3.calls();
    expect(await archiveTable(scene, table, runActivity)).toMatchObject({ objects: 6, deleted: 6 });
    for (const Key of names) {
      const copy = { Bucket: 'lake-archive', Key: `${table}/${stamp}/${Key}` };
      expect(await scene.s3.client.send(new HeadObjectCommand(copy))).toMatchObject({
        ...source,
        StorageClass: 'STANDARD_IA',
        TagCount: 1,
        WebsiteRedirectLocation: '/there',
      });
      expect(await scene.text(copy.Bucket, copy.Key)).toBe(Key);
    }
    const calls = (name: string): number => (scene.s3.calls()[name] ?? 0) - (began[name] ?? 0);
    expect([calls('s3.CopyObject'), calls('s3.HeadObject')]).toEqual([6, 12 + 6]);
  });

  it('repeats a call that broke off, by the SDK', async () => {
    const table = await tableWith({ a: '1', b: '2', c: '3' });
    const seen = new Map<string, number>();
    scene.misbehave(({ operation, phase, input }) => {
      const call = `${operation} ${String(input['Bucket'])} ${String(input['Key'])}`;
      if (phase !== 'after' || !['HeadObject', 'CopyObject'].includes(operation)) return;
      seen.set(call, (seen.get(call) ?? 0) + 1);
      if (seen.get(call) === 1) throw new DroppedReply();
    });
    const client = scene.s3.connect({ maxAttempts: 3, forcePathStyle: true });
    const activities = createArchiveActivities({ s3: client });
    expect(await archiveTable({ ...scene, activities }, table, runActivity)).toMatchObject({ objects: 3, deleted: 3 });
    expect([...seen.values()].every((count) => count === 2)).toBe(true);
    expect(await scene.text('lake-archive', archived(table, 'c'))).toBe('3');
  });

  it('takes an empty table as a success', async () => {
    const table = await tableWith({});
    expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 0, deleted: 0, changed: 0 });
    expect(await manifestOf(table)).toMatchObject({ state: 'moved', objects: 0, pages: 0 });
  });

  it('never takes the place of an earlier generation', async () => {
    const table = await tableWith({ a: '1' });
    await archiveTable(scene, table, runActivity);
    await scene.s3.store.putObject('lake', `${table}/a`, '2');
    // The same second, or a clock that went back.
    await archiveTable(scene, table, runActivity, { runKey: 'run-2' });
    expect(await scene.text('lake-archive', archived(table, 'a'))).toBe('1');
    expect(await scene.text('lake-archive', `${table}/2026-03-01T00-00-01Z/${table}/a`)).toBe('2');
    expect(await manifestOf(table)).toMatchObject({ state: 'moved', runKey: 'run-1' });
  });

  it('leaves tables alone whose names begin alike', async () => {
    const table = await tableWith({ a: '1' });
    await scene.s3.client.send(new PutObjectCommand({ Bucket: 'lake', Key: `${table}x/a`, Body: '1' }));
    await archiveTable(scene, table, runActivity);
    expect(await scene.keys('lake', `${table}x/`)).toEqual([`${table}x/a`]);
  });

  it('goes through more objects than a page and a delete hold', async () => {
    const table = await tableWith({});
    const names = Array.from({ length: 1_001 }, (_, index) => `${table}/${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => scene.s3.store.putObject('lake', name, name)));
    const before = scene.s3.calls()['s3.DeleteObjects'] ?? 0;
    expect(await archiveTable(scene, table, runActivity)).toMatchObject({ objects: 1_001, deleted: 1_001 });
    expect(await scene.keys('lake', `${table}/`)).toEqual([]);
    expect(await manifestOf(table)).toMatchObject({ objects: 1_001, pages: 2 });
    expect(await scene.text('lake-archive', archived(table, '1000'))).toBe(`${table}/1000`);
    expect((scene.s3.calls()['s3.DeleteObjects'] ?? 0) - before).toBe(2);
  });

  describe('in parts', () => {
    it('copies a large object with all that belongs to it', async () => {
      const table = await tableWith({});
      const Key = `${table}/large`;
      const bytes = randomBytes(11 * MiB);
      const source = { ContentType: 'text/plain', ContentEncoding: 'br', Metadata: { a: 'b' } };
      await scene.s3.client.send(
        new PutObjectCommand({
          Bucket: 'lake',
          Key,
          Body: bytes,
          Tagging: 't=1',
          ...source,
          ChecksumAlgorithm: 'CRC32',
        })
      );
      const before = scene.s3.calls()['s3.UploadPartCopy'] ?? 0;
      await archiveTable(scene, table, runActivity);
      expect((scene.s3.calls()['s3.UploadPartCopy'] ?? 0) - before).toBe(3);
      const copy = { Bucket: 'lake-archive', Key: `${table}/${stamp}/${Key}` };
      const head = await scene.s3.client.send(new HeadObjectCommand(copy));
      expect(head).toMatchObject({ ...source, StorageClass: 'STANDARD_IA', ContentLength: 11 * MiB, TagCount: 1 });
      expect(Buffer.compare(await scene.bytes(copy.Bucket, copy.Key), bytes)).toBe(0);
      expect(await scene.keys('lake', `${table}/`)).toEqual([]);
    });

    it('keeps the parts of a source whose checksum is of its parts', async () => {
      const table = await tableWith({});
      const upload = { Bucket: 'lake', Key: `${table}/parts` };
      const { UploadId } = await scene.s3.client.send(
        new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'SHA256' })
      );
      const Parts = [];
      for (const [index, size] of [6 * MiB, 1 * MiB].entries()) {
        const part = { ...upload, UploadId, PartNumber: index + 1, ChecksumAlgorithm: 'SHA256' as const };
        const { ETag, ChecksumSHA256 } = await scene.s3.client.send(
          new UploadPartCommand({ ...part, Body: randomBytes(size) })
        );
        Parts.push({ PartNumber: index + 1, ETag, ChecksumSHA256 });
      }
      await scene.s3.client.send(
        new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } })
      );
      const checksumOf = async (Bucket: string, Key: string) =>
        (await scene.s3.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))).ChecksumSHA256;
      const checksum = await checksumOf(upload.Bucket, upload.Key);
      expect(checksum).toMatch(/-2$/);
      const reads = scene.s3.calls()['s3.GetObject'] ?? 0;
      await runActivity(scene.activities.copyObjects, copyLake(table));
      expect(await checksumOf('lake-archive', archived(table, 'parts'))).toBe(checksum);
      expect(scene.s3.calls()['s3.GetObject'] ?? 0).toBe(reads);
    });

    it('ends the upload when it is cancelled, and the one that a killed worker left', async () => {
      const table = await tableWith({ large: randomBytes(6 * MiB) });
      const environment = activityEnvironment();
      scene.misbehave(({ operation, phase }) => {
        if (operation === 'UploadPartCopy' && phase === 'after') environment.cancel('CANCELLED');
      });
      const copying = runActivity(scene.activities.copyObjects, copyLake(table), environment);
      await expect(copying).rejects.toThrow(CancelledFailure);
      const uploads = async () =>
        (await scene.s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'lake-archive' }))).Uploads ?? [];
      expect(await uploads()).toEqual([]);
      expect(await scene.keys('lake', `${table}/`)).toEqual([`${table}/large`]);

      const Key = archived(table, 'large');
      await scene.s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'lake-archive', Key }));
      scene.misbehave(() => undefined);
      await runActivity(scene.activities.copyObjects, copyLake(table), laterAttempt());
      expect(await uploads()).toEqual([]);
      expect((await scene.bytes('lake-archive', Key)).length).toBe(6 * MiB);
    });
  });

  describe('deletes nothing', () => {
    const corrupt = async (key: string): Promise<void> => {
      await scene.s3.client.send(
        new PutObjectCommand({ Bucket: 'lake-archive', Key: key, Body: 'r0ws', StorageClass: 'STANDARD_IA' })
      );
    };

    it('when a copy differs from its source', async () => {
      const table = await tableWith({ a: 'rows' });
      scene.misbehave(async ({ operation, phase }) => {
        if (operation === 'CopyObject' && phase === 'after') await corrupt(archived(table, 'a'));
      });
      await expect(archiveTable(scene, table, runActivity)).rejects.toThrow(/has another checksum.*Nothing has been/);
      expect(await scene.text('lake', `${table}/a`)).toBe('rows');
      expect(await manifestOf(table)).toMatchObject({ state: 'copying' });

      // A further attempt does not trust what it finds, either.
      scene.misbehave(() => undefined);
      await runActivity(scene.activities.copyObjects, copyLake(table), laterAttempt());
      expect(await scene.text('lake-archive', archived(table, 'a'))).toBe('rows');
    });

    it('when CopyObject answers an error with status 200', async () => {
      const table = await tableWith({ a: 'rows' });
      scene.misbehave(({ operation, phase }) => {
        if (operation === 'CopyObject' && phase === 'before') throw new AwsError('InternalError', 'try again', 200);
      });
      await expect(archiveTable(scene, table, runActivity)).rejects.toMatchObject({ type: 'Transient' });
      expect(await scene.text('lake', `${table}/a`)).toBe('rows');
      expect(await manifestOf(table)).toMatchObject({ state: 'copying' });
    });

    it('before the generation is complete', async () => {
      const table = await tableWith({ a: 'rows' });
      await runActivity(scene.activities.beginArchive, beginLake(table));
      const input = { ...stepOf(), table, stamp, layer: lake, from: { page: 0, deleted: 0, changed: 0 } };
      const deleting = runActivity(scene.activities.deleteSources, { ...input, pagesPerActivity: 1 });
      await expect(deleting).rejects.toThrow(/generation is not complete/);
    });

    it('that has changed since it was copied', async () => {
      const table = await tableWith({ a: 'rows', b: 'rows' });
      scene.misbehave(async ({ operation, phase }) => {
        if (operation !== 'DeleteObjects' || phase !== 'before') return;
        await scene.s3.store.putObject('lake', `${table}/b`, 'new rows');
      });
      expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 2, deleted: 1, changed: 1 });
      expect(await scene.keys('lake', `${table}/`)).toEqual([`${table}/b`]);
      expect(await scene.text('lake', `${table}/b`)).toBe('new rows');
    });

    it('that has come since it was listed', async () => {
      const table = await tableWith({ a: 'rows', c: 'rows' });
      await runActivity(scene.activities.beginArchive, beginLake(table));
      await runActivity(scene.activities.copyObjects, copyLake(table));
      await scene.s3.store.putObject('lake', `${table}/b`, 'late');
      await scene.s3.store.putObject('lake', `${table}/c`, 'newer');
      const from = { page: 0, deleted: 0, changed: 0 };
      const input = { ...stepOf(), table, stamp, layer: lake, from, pagesPerActivity: 10 };
      const { cursor } = await runActivity(scene.activities.deleteSources, input);
      expect(cursor).toMatchObject({ deleted: 1, changed: 1 });
      expect(await scene.keys('lake', `${table}/`)).toEqual([`${table}/b`, `${table}/c`]);
    });
  });

  it('reports a key that S3 refuses to delete, and deletes it the next time', async () => {
    const table = await tableWith({ a: '1', b: '2' });
    scene.misbehave(async ({ operation, phase }) => {
      if (operation === 'DeleteObjects' && phase === 'before') throw new AwsError('SlowDown', 'Reduce your rate', 503);
    });
    await expect(archiveTable(scene, table, runActivity)).rejects.toMatchObject({ type: 'Throttled' });
    expect(await manifestOf(table)).toMatchObject({ state: 'copied', objects: 2 });
    scene.misbehave(() => undefined);
    expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 0, deleted: 2, changed: 0 });
    expect(await manifestOf(table)).toMatchObject({ state: 'moved' });
  });

  it('looks at the outcome of every single key', async () => {
    const table = await tableWith({ a: '1', b: '2' });
    const client = scene.s3.connect({});
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName !== 'DeleteObjectsCommand') return await next(args);
        const input = args.input as DeleteObjectsCommandInput;
        const [first, ...rest] = input.Delete?.Objects ?? [];
        const answer = await next({ ...args, input: { ...input, Delete: { ...input.Delete, Objects: rest } } });
        const Errors = [{ Key: first?.Key, Code: 'AccessDenied', Message: 'Access Denied' }];
        return { ...answer, output: { ...answer.output, Errors } };
      },
      { step: 'initialize' }
    );
    const refused = { ...scene, activities: createArchiveActivities({ s3: client }) };
    const failure = { type: 'Permanent', message: expect.stringMatching(`s3://lake/${table}/a: AccessDenied`) };
    await expect(archiveTable(refused, table, runActivity)).rejects.toMatchObject(failure);
    client.destroy();
    expect(await scene.keys('lake', `${table}/`)).toEqual([`${table}/a`]);
    expect(await manifestOf(table)).toMatchObject({ state: 'copied' });
    expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 0, deleted: 2, changed: 0 });
  });

  describe('after a crash', () => {
    it('goes on with the page where the attempt before was, and makes no good copy again', async () => {
      const table = await tableWith({ a: '1', b: '2', c: '3' });
      const paged = { ...copyLake(table), limits: { pageObjects: 1, pagesPerActivity: 100 } };
      await runActivity(scene.activities.beginArchive, beginLake(table));
      const killed = activityEnvironment();
      const beats: unknown[] = [];
      killed.on('heartbeat', (details: unknown) => beats.push(details));
      let copies = 0;
      scene.misbehave(({ operation, phase }) => {
        if (operation === 'CopyObject' && phase === 'after' && ++copies === 2) killed.cancel('WORKER_SHUTDOWN');
      });
      await expect(runActivity(scene.activities.copyObjects, paged, killed)).rejects.toThrow();
      scene.misbehave(() => undefined);
      const before = scene.s3.calls()['s3.CopyObject'] ?? 0;
      const { cursor } = await runActivity(scene.activities.copyObjects, paged, laterAttempt(beats.at(-1)));
      expect(cursor).toMatchObject({ page: 3, objects: 3, bytes: 3 });
      // The second copy was made before the worker was gone.
      expect((scene.s3.calls()['s3.CopyObject'] ?? 0) - before).toBe(1);
    });

    it('completes a generation that was half copied under its own stamp', async () => {
      const table = await tableWith({ a: '1', b: '2' });
      scene.misbehave(({ operation, phase }) => {
        if (operation === 'PutObject' && phase === 'before') return;
        if (operation === 'CopyObject' && phase === 'before') throw new AwsError('InternalError', 'crash', 500);
      });
      await expect(archiveTable(scene, table, runActivity)).rejects.toThrow();
      scene.misbehave(() => undefined);
      const later = { runKey: 'run-2', stamp: '2026-03-02T00-00-00Z' };
      expect(await archiveTable(scene, table, runActivity, later)).toMatchObject({ objects: 2, deleted: 2 });
      expect(await manifestOf(table)).toMatchObject({ state: 'moved', objects: 2, runKey: 'run-2' });
      const generations = new Set((await scene.keys('lake-archive', `${table}/`)).map((key) => key.split('/')[1]));
      expect([...generations]).toEqual([stamp]);
    });

    it.each(['before', 'after'] as const)('finishes deletes that broke off %s the first batch', async (phase) => {
      const table = await tableWith({ a: '1', b: '2', c: '3' });
      scene.misbehave((call) => {
        if (call.operation === 'DeleteObjects' && call.phase === phase)
          throw new AwsError('InternalError', 'crash', 500);
      });
      const pages = { pageObjects: 2 };
      await expect(archiveTable(scene, table, runActivity, pages)).rejects.toThrow();
      scene.misbehave(() => undefined);
      await scene.s3.store.putObject('lake', `${table}/d`, 'new');
      const later = { ...pages, runKey: 'run-2', stamp: '2026-03-02T00-00-00Z' };
      expect(await archiveTable(scene, table, runActivity, later)).toMatchObject({ objects: 1, deleted: 4 });
      expect(await manifestOf(table)).toMatchObject({ state: 'moved', objects: 3 });
      expect(await manifestOf(table, later.stamp)).toMatchObject({ state: 'moved', objects: 1 });
      expect(await scene.keys('lake', `${table}/`)).toEqual([]);
    });

    it('does not archive what the same run has written since', async () => {
      const table = await tableWith({ a: '1' });
      await archiveTable(scene, table, runActivity);
      await scene.s3.store.putObject('raw', `${table}/AWSDynamoDB/2/f`, 'this run’s export');
      expect(await archiveTable(scene, table, runActivity)).toEqual({ objects: 0, deleted: 0, changed: 0 });
      expect(await scene.keys('raw', `${table}/`)).toEqual([`${table}/AWSDynamoDB/2/f`]);
    });
  });
});
