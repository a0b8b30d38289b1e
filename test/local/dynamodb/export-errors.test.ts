import { DescribeExportCommand, ExportTableToPointInTimeCommand } from '@aws-sdk/client-dynamodb';
import type { ExportTableToPointInTimeCommandInput } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucket, createTable, runExport, setRecovery, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';

const hour = 3_600_000;
let nowMs = Date.parse('2026-01-31T12:00:00Z');
let local: LocalDynamoDb;
let arn: string;
beforeAll(async () => {
  local = await startLocalDynamoDb(() => nowMs);
  arn = await createTable(local.client, 'source');
});
afterAll(() => local.close());

type Input = Partial<ExportTableToPointInTimeCommandInput>;
const start = async (input: Input): Promise<string | undefined> => {
  const request = { TableArn: arn, S3Bucket: bucket, ...input };
  return (await local.client.send(new ExportTableToPointInTimeCommand(request))).ExportDescription?.ExportArn;
};
const refusal = (name: string, message = /./): object => ({ name, message: expect.stringMatching(message) as string });
const seconds = (ms: number): Date => new Date(ms);

describe('ExportTableToPointInTime', () => {
  it('needs point-in-time recovery', async () => {
    const without = await createTable(local.client, 'without', false);
    const expected = refusal('PointInTimeRecoveryUnavailableException', /not enabled for table 'without'/);
    await expect(start({ TableArn: without })).rejects.toMatchObject(expected);
    await setRecovery(local.client, 'without', true);
    expect((await runExport(local.client, { TableArn: without })).ExportStatus).toBe('COMPLETED');
    await setRecovery(local.client, 'without', false);
    await expect(start({ TableArn: without })).rejects.toMatchObject(expected);
  });

  it('needs a table', async () => {
    const missing = arn.replace('source', 'missing');
    await expect(start({ TableArn: missing })).rejects.toMatchObject(
      refusal('TableNotFoundException', new RegExp(`Table not found: ${missing}`))
    );
  });

  it('fails when the bucket is not there', async () => {
    const description = await runExport(local.client, { TableArn: arn, S3Bucket: 'no-such-bucket' });
    expect(description).toMatchObject({
      ExportStatus: 'FAILED',
      FailureCode: 'S3NoSuchBucket',
      FailureMessage: expect.stringContaining('The specified bucket does not exist') as string,
    });
    expect(description.EndTime).toBeDefined();
    expect(description.ExportManifest).toBeUndefined();
  });

  it('refuses times out of the recovery window', async () => {
    const invalid = refusal('InvalidExportTimeException');
    await expect(start({ ExportTime: seconds(nowMs + 1000) })).rejects.toMatchObject(invalid);
    await expect(start({ ExportTime: seconds(nowMs - hour) })).rejects.toMatchObject(invalid);
    const enabled = nowMs;
    nowMs += 35 * 24 * hour;
    expect((await runExport(local.client, { TableArn: arn, ExportTime: seconds(enabled) })).ExportStatus).toBe(
      'COMPLETED'
    );
    nowMs += 1000;
    await expect(start({ ExportTime: seconds(enabled) })).rejects.toMatchObject(invalid);
  });

  const wrong: [string, Input][] = [
    ['the format ION', { ExportFormat: 'ION' }],
    ['an empty bucket name', { S3Bucket: '' }],
    ['a bucket name with a slash', { S3Bucket: 'a/b' }],
    ['an owner that is no account', { S3BucketOwner: 'me' }],
    ['a table name for its ARN', { TableArn: 'source' }],
    ['a filter', { FilterSpecification: {} }],
    ['an incremental export without a window', { ExportType: 'INCREMENTAL_EXPORT' }],
    ['a window of a full export', { IncrementalExportSpecification: { ExportFromTime: new Date() } }],
  ];
  it.each(wrong)('refuses %s', async (_what, input) => {
    await expect(start(input)).rejects.toMatchObject(refusal('ValidationException'));
  });

  it('refuses a table of another account or Region', async () => {
    for (const other of [arn.replace('000000000000', '123456789012'), arn.replace('us-east-1', 'eu-west-1')]) {
      await expect(start({ TableArn: other })).rejects.toMatchObject(refusal('AccessDeniedException'));
    }
  });
});

describe('a client token', () => {
  it('starts one export, also when it is sent at the same time, for eight hours and over a restart', async () => {
    const request = { ClientToken: 'token-1', S3Prefix: 'p' };
    const started = await Promise.all([start(request), start(request), start(request)]);
    expect(new Set(started).size).toBe(1);
    nowMs += 8 * hour;
    await local.restart();
    expect(await start(request)).toBe(started[0]);
    nowMs += 1000;
    expect(await start(request)).not.toBe(started[0]);
  });

  const others: [string, Input][] = [
    ['prefix', { S3Prefix: 'q' }],
    ['bucket', { S3Bucket: 'another' }],
    ['encryption, though it is the default', { S3SseAlgorithm: 'AES256' }],
    ['type, though it is the default', { ExportType: 'FULL_EXPORT' }],
    ['time', { ExportTime: new Date(0) }],
    ['table', { TableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/another' }],
  ];
  it.each(others)('may not come with another %s', async (_what, other) => {
    const first = await start({ ClientToken: 'token-2', S3Prefix: 'p' });
    await expect(start({ ClientToken: 'token-2', S3Prefix: 'p', ...other })).rejects.toMatchObject(
      refusal('ExportConflictException', /Duplicate request/)
    );
    expect(await start({ ClientToken: 'token-2', S3Prefix: 'p' })).toBe(first);
  });

  it('is still free after a request that was refused', async () => {
    const refused = start({ ClientToken: 'token-3', S3Bucket: '' });
    await expect(refused).rejects.toMatchObject(refusal('ValidationException'));
    expect(await start({ ClientToken: 'token-3' })).toContain('/export/');
  });
});

describe('DescribeExport', () => {
  it('knows no other exports', async () => {
    const missing = `${arn}/export/01600000000000-aaaaaaaa`;
    const sent = local.client.send(new DescribeExportCommand({ ExportArn: missing }));
    await expect(sent).rejects.toMatchObject(refusal('ExportNotFoundException'));
  });

  it('needs the ARN of an export', async () => {
    const sent = local.client.send(new DescribeExportCommand({ ExportArn: arn }));
    await expect(sent).rejects.toMatchObject(refusal('ValidationException', /Invalid Export ARN/));
  });
});
