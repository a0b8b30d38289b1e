import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { createActivities } from '../../activities/index.js';
import type { CompletedExport } from '../../activities/dynamodb.js';
import { startTestAws } from '../workflows/stack.js';
import type { TestAws } from '../workflows/stack.js';
import { runActivity, unusedTemporal } from './activity-environment.js';
import { createSourceTable, keys, step } from './source-table.js';

const bucket = 'raw-bucket';
const items = 60;

describe('exporting a table', () => {
  let aws: TestAws;
  let activities: Activities;
  /** Milliseconds by which DynamoDB's clock is behind the worker's. */
  let behind = 3_600_000;
  beforeAll(async () => {
    aws = await startTestAws({ clock: () => Date.now() - behind });
    activities = createActivities({ ...aws.clients, temporal: unusedTemporal });
    await aws.clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await createSourceTable(aws.clients.dynamodb, 'shop', { items });
    await createSourceTable(aws.clients.dynamodb, 'unrecoverable', { recovery: false });
    behind = 0;
  });
  afterAll(async () => aws?.stop());

  const describeSource = async (table: string, tableKeys = keys) =>
    await runActivity(activities.describeSource, {
      ...step('source'),
      source: { table, keys: tableKeys, indexes: [] },
    });

  const exportTable = async (runKey: string): Promise<CompletedExport> => {
    const { tableArn } = await describeSource('shop');
    const at = step('export', runKey);
    const input = { ...at, tableArn, bucket, prefix: 'shop' };
    const started = await runActivity(activities.startExport, input);
    return await runActivity(activities.waitExport, { ...at, ...started });
  };

  const verify = async (completed: CompletedExport) =>
    await runActivity(activities.verifyExport, { ...step('verify'), ...completed });

  const filesOf = async ({ manifestKey }: CompletedExport): Promise<string[]> => {
    const Prefix = manifestKey.replace('manifest-summary.json', '');
    const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
    return Contents.map(({ Key = '' }) => Key);
  };
  const fileOf = async (completed: CompletedExport, pattern: RegExp): Promise<string> => {
    const key = (await filesOf(completed)).find((candidate) => pattern.test(candidate));
    if (key === undefined) throw new Error(`no file ${String(pattern)} in the export`);
    return key;
  };
  const put = async (Key: string, Body: string | Uint8Array) =>
    await aws.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  const read = async (Key: string): Promise<string> => {
    const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  };

  it('exports every item and verifies the manifest', async () => {
    const completed = await exportTable('whole');
    const verified = await verify(completed);
    expect(verified.itemCount).toBe(items);
    expect(verified.bytes).toBeGreaterThan(0);
    expect(verified.manifestUri).toMatch(/^s3:\/\/raw-bucket\/shop\/AWSDynamoDB\/[^/]+\/manifest-files\.json$/);
    expect(completed.manifestKey).toMatch(/^shop\/AWSDynamoDB\//);
  });

  it('finds its export again instead of starting another', async () => {
    const first = await exportTable('again');
    const before = aws.calls()['dynamodb.ExportTableToPointInTime'];
    expect(await exportTable('again')).toEqual(first);
    expect(aws.calls()['dynamodb.ExportTableToPointInTime']).toBe(before);
    expect((await exportTable('another')).exportArn).not.toBe(first.exportArn);
  });

  it('exports a window, and again while DynamoDB’s clock has not reached its end', async () => {
    const { tableArn } = await describeSource('shop');
    const now = Date.now();
    const window = (from: number, to: number) => ({
      ...step(`window ${from} ${to}`),
      ...{ tableArn, bucket, prefix: 'shop' },
      window: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    });
    const quarter = 15 * 60_000;
    behind = 30_000;
    await expect(runActivity(activities.startExport, window(now - quarter, now))).rejects.toMatchObject({
      type: 'Transient',
      nonRetryable: false,
    });
    behind = 0;
    const started = await runActivity(activities.startExport, window(now - quarter, now));
    const completed = await runActivity(activities.waitExport, { ...step('window'), ...started });
    expect(completed.itemCount).toBe(0);
    expect(completed.asOf).toBeUndefined();
    expect(await verify(completed)).toMatchObject({ itemCount: 0 });
    await expect(
      runActivity(activities.startExport, window(now - 100 * quarter, now - 99 * quarter))
    ).rejects.toMatchObject({ type: 'Permanent', message: expect.stringContaining('earliest restorable') });
  });

  it('says how to switch point-in-time recovery on, before it looks at anything else', async () => {
    const wrongKeys = [{ name: 'other', type: 'S', role: 'HASH' }] as const;
    await expect(describeSource('unrecoverable', wrongKeys)).rejects.toMatchObject({
      type: 'Permanent',
      nonRetryable: true,
      message: expect.stringContaining(
        'aws dynamodb update-continuous-backups --table-name unrecoverable ' +
          '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true'
      ),
    });
  });

  it('names the keys that differ from the model’s', async () => {
    const other = [{ name: 'PK', type: 'S', role: 'HASH' }] as const;
    await expect(describeSource('shop', other)).rejects.toThrow(/PK S HASH, SK S RANGE.*model says PK S HASH/);
  });

  it('fails at once for a table that does not exist', async () => {
    await expect(describeSource('absent')).rejects.toMatchObject({
      type: 'Permanent',
      message: expect.stringMatching(/DynamoDB table absent: TableNotFoundException.*AWS_REGION/s),
    });
  });

  it('names the bucket when the export cannot be written', async () => {
    const { tableArn } = await describeSource('shop');
    const input = { ...step('export', 'no bucket'), tableArn, bucket: 'no-such-bucket', prefix: 'shop' };
    const starting = runActivity(activities.startExport, input);
    const at = step('export', 'no bucket');
    const waiting = starting.then((started) => runActivity(activities.waitExport, { ...at, ...started }));
    await expect(waiting).rejects.toMatchObject({ type: 'Permanent' });
  });

  it('accepts checksums under the suffix that the documentation gives them', async () => {
    const completed = await exportTable('suffix');
    for (const name of (await filesOf(completed)).filter((key) => /\.(md5|checksum)$/.test(key))) {
      const other = name.endsWith('.md5') ? name.replace(/md5$/, 'checksum') : name.replace(/checksum$/, 'md5');
      await aws.clients.s3.send(new CopyObjectCommand({ Bucket: bucket, Key: other, CopySource: `${bucket}/${name}` }));
      await aws.clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }));
    }
    expect((await verify(completed)).itemCount).toBe(items);
  });

  it.each<[string, RegExp, (completed: CompletedExport) => Promise<unknown>]>([
    [
      'a summary that was changed',
      /summary does not match its checksum/,
      async ({ manifestKey }) =>
        put(manifestKey, (await read(manifestKey)).replace(/"itemCount":\d+/, '"itemCount":7')),
    ],
    [
      'a list of files that was changed',
      /manifest-files\.json does not match its checksum/,
      async (completed) => {
        const key = await fileOf(completed, /manifest-files\.json$/);
        await put(key, `${await read(key)}\n`);
      },
    ],
    [
      'a list of files that is none',
      /manifest-files\.json: line 1 does not describe a data file/,
      async (completed) => put(await fileOf(completed, /manifest-files\.json$/), '[]'),
    ],
    [
      'a data file that was replaced',
      /is not the file that the manifest names/,
      async (completed) => put(await fileOf(completed, /\/data\/.*\.gz$/), 'something else'),
    ],
    [
      'a data file that is missing',
      /1 of \d+ data files are missing/,
      async (completed) => {
        const Key = await fileOf(completed, /\/data\/.*\.gz$/);
        await aws.clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    ],
    [
      'a checksum that is missing',
      /NoSuchKey/,
      async (completed) => {
        const Key = await fileOf(completed, /manifest-summary\.(md5|checksum)$/);
        await aws.clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      },
    ],
  ])('refuses an export with %s', async (name, message, tamper) => {
    const completed = await exportTable(name);
    await tamper(completed);
    await expect(verify(completed)).rejects.toMatchObject({
      type: 'Permanent',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  });

  it('refuses an export whose counts differ from what DescribeExport says', async () => {
    const completed = await exportTable('counts');
    await expect(verify({ ...completed, itemCount: items + 1 })).rejects.toThrow(/item counts differ: 60.*60.*61/);
  });

  it('refuses the manifest of another export', async () => {
    const completed = await exportTable('mine');
    const other = await exportTable('theirs');
    await expect(verify({ ...completed, manifestKey: other.manifestKey })).rejects.toThrow(/the summary is of arn:/);
  });
});
