import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  ExportTableToPointInTimeCommand,
  ListExportsCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucket, createTable, finished, runExport, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';
import { readExport } from './read-export.js';

let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb();
});
afterAll(() => local.close());

async function load(table: string, count: number, value = 'v'): Promise<void> {
  const batches = Array.from({ length: Math.ceil(count / 25) }, (_, batch) => batch * 25);
  const write = async (): Promise<void> => {
    for (let from = batches.pop(); from !== undefined; from = batches.pop()) {
      const numbers = Array.from({ length: Math.min(25, count - from) }, (_, n) => (from ?? 0) + n);
      const requests = numbers.map((n) => ({ PutRequest: { Item: numbered(n, value) } }));
      await local.client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    }
  };
  await Promise.all([write(), write(), write(), write()]);
}

function numbered(n: number, value: string): Record<string, AttributeValue> {
  return { PK: { S: `CUST#${n}` }, SK: { S: `CUST#${n}` }, n: { N: String(n) }, value: { S: value } };
}

const sorted = (lines: readonly string[]): string[] => [...lines].sort();

describe('a full export', () => {
  it('of 10,000 items has them all, in files whose counts and checksums its manifests tell', async () => {
    const arn = await createTable(local.client, 'many');
    await load('many', 10_000);
    const description = await runExport(local.client, { TableArn: arn, S3Prefix: 'many', ClientToken: 'many-1' });
    expect(description).toMatchObject({
      ExportStatus: 'COMPLETED',
      ItemCount: 10_000,
      ExportFormat: 'DYNAMODB_JSON',
      S3Bucket: bucket,
      S3Prefix: 'many',
      S3SseAlgorithm: 'AES256',
      ClientToken: 'many-1',
      TableArn: arn,
    });
    const id = description.ExportArn?.split('/').at(-1) ?? '';
    expect(description.ExportArn).toBe(`${arn}/export/${id}`);
    expect(id).toMatch(/^0\d{13}-[0-9a-f]{8}$/);
    expect(description.ExportManifest).toBe(`many/AWSDynamoDB/${id}/manifest-summary.json`);

    const { summary, files, lines } = await readExport(local.store, bucket, description.ExportManifest ?? '');
    const expected = Array.from({ length: 10_000 }, (_, n) => JSON.stringify({ Item: numbered(n, 'v') }));
    expect(sorted(lines)).toEqual(sorted(expected));
    expect(files).toHaveLength(4);
    for (const file of files) {
      expect(file.itemCount).toBeGreaterThan(1_000);
      expect(file.dataFileS3Key).toMatch(new RegExp(`^many/AWSDynamoDB/${id}/data/[a-z2-7]{26}\\.json\\.gz$`));
    }
    const table = (await local.client.send(new DescribeTableCommand({ TableName: 'many' }))).Table;
    expect(summary).toEqual({
      version: '2020-06-30',
      exportArn: description.ExportArn,
      startTime: description.StartTime?.toISOString(),
      endTime: description.EndTime?.toISOString(),
      tableArn: arn,
      tableId: table?.TableId,
      exportTime: description.ExportTime?.toISOString(),
      s3Bucket: bucket,
      s3Prefix: 'many',
      s3SseAlgorithm: 'AES256',
      s3SseKmsKeyId: null,
      manifestFilesS3Key: `many/AWSDynamoDB/${id}/manifest-files.json`,
      billedSizeBytes: table?.TableSizeBytes,
      itemCount: 10_000,
      outputFormat: 'DYNAMODB_JSON',
    });
    const keys: string[] = [];
    for await (const { key } of local.store.listObjects(bucket, 'many/')) keys.push(key);
    const folder = `many/AWSDynamoDB/${id}/`;
    const manifests = ['manifest-files.json', 'manifest-files.md5', 'manifest-summary.json', 'manifest-summary.md5'];
    expect(sorted(keys)).toEqual(
      sorted([...['_started', ...manifests].map((file) => folder + file), ...files.map((file) => file.dataFileS3Key)])
    );
    expect((await local.store.headObject(bucket, `${folder}_started`))?.size).toBe(0);
    expect((await local.store.headObject(bucket, `${folder}manifest-files.md5`))?.size).toBe(24);
  });

  it('gives every value exactly', async () => {
    const arn = await createTable(local.client, 'hostile');
    const item: Record<string, AttributeValue> = {
      PK: { S: 'quote " backslash \\ newline \n 😀 \u0000' },
      SK: { S: '\u2028\uffff' },
      number: { N: '12345678901234567890123456789012345678' },
      fraction: { N: '-0.00000000000000000000000000000000000001' },
      empty: { S: '' },
      binary: { B: new Uint8Array([0, 255, 10]) },
      sets: { L: [{ SS: ['a', '😀'] }, { NS: ['1', '-2.5'] }, { BS: [new Uint8Array([1]), new Uint8Array([2])] }] },
      nested: { M: { a: { M: { b: { L: [{ NULL: true }, { BOOL: false }, { M: {} }] } } } } },
      '{"Item":': { S: '"}}' },
    };
    await local.client.send(new PutItemCommand({ TableName: 'hostile', Item: item }));
    const description = await runExport(local.client, { TableArn: arn });
    const { lines } = await readExport(local.store, bucket, description.ExportManifest ?? '');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        Item: {
          ...item,
          binary: { B: 'AP8K' },
          sets: { L: [{ SS: ['a', '😀'] }, { NS: ['1', '-2.5'] }, { BS: ['AQ==', 'Ag=='] }] },
        },
      },
    ]);
    expect(lines[0]).toContain('"12345678901234567890123456789012345678"');
  });

  it('of an empty table has empty data files', async () => {
    const arn = await createTable(local.client, 'empty');
    const description = await runExport(local.client, { TableArn: arn });
    expect(description).toMatchObject({ ExportStatus: 'COMPLETED', ItemCount: 0, BilledSizeBytes: 0 });
    expect(description.ExportManifest).toMatch(/^AWSDynamoDB\//);
    const { summary, files, lines } = await readExport(local.store, bucket, description.ExportManifest ?? '');
    expect(summary.s3Prefix).toBeNull();
    expect(files.length).toBeGreaterThan(0);
    expect(lines).toEqual([]);
  });

  it('does not show what is written after it was asked for', async () => {
    const arn = await createTable(local.client, 'busy');
    await load('busy', 3_000, 'before');
    const started = await local.client.send(new ExportTableToPointInTimeCommand({ TableArn: arn, S3Bucket: bucket }));
    const remove = async (): Promise<void> => {
      for (let n = 0; n < 200; n += 1) {
        const { PK, SK } = numbered(n, '') as Record<'PK' | 'SK', AttributeValue>;
        await local.client.send(new DeleteItemCommand({ TableName: 'busy', Key: { PK, SK } }));
      }
    };
    await Promise.all([load('busy', 4_000, 'after'), remove()]);
    const description = await finished(local.client, started.ExportDescription?.ExportArn);
    const { lines } = await readExport(local.store, bucket, description.ExportManifest ?? '');
    const expected = Array.from({ length: 3_000 }, (_, n) => JSON.stringify({ Item: numbered(n, 'before') }));
    expect(sorted(lines)).toEqual(sorted(expected));
  });

  it('is one cut through writes under way: of each writer all that was done before and nothing after a gap', async () => {
    const arn = await createTable(local.client, 'cut');
    const writers = 6;
    const acknowledged = Array.from({ length: writers }, () => 0);
    let stop = false;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; !stop; n += 1) {
        const item = { PK: { S: `writer ${writer}` }, SK: { S: String(n) } };
        await local.client.send(new PutItemCommand({ TableName: 'cut', Item: item }));
        acknowledged[writer] = n + 1;
      }
    };
    const writing = Promise.all(acknowledged.map((_, writer) => write(writer)));
    while (acknowledged.some((count) => count < 30)) await new Promise((resolve) => setTimeout(resolve, 5));
    const cuts: { done: number[]; arn: string | undefined }[] = [];
    for (let n = 0; n < 5; n += 1) {
      const done = [...acknowledged];
      const request = new ExportTableToPointInTimeCommand({ TableArn: arn, S3Bucket: bucket });
      cuts.push({ done, arn: (await local.client.send(request)).ExportDescription?.ExportArn });
    }
    stop = true;
    await writing;
    for (const cut of cuts) {
      const { ExportManifest: manifest } = await finished(local.client, cut.arn);
      const { lines } = await readExport(local.store, bucket, manifest ?? '');
      const items = lines.map((line) => (JSON.parse(line) as { Item: Record<'PK' | 'SK', { S: string }> }).Item);
      for (const [writer, done] of cut.done.entries()) {
        const own = items.filter(({ PK }) => PK.S === `writer ${writer}`).map(({ SK }) => Number(SK.S));
        expect(own.length).toBeGreaterThanOrEqual(done);
        expect(own.sort((a, b) => a - b)).toEqual(own.map((_, n) => n));
      }
    }
  });

  it('tells the state at a time that has passed', async () => {
    const arn = await createTable(local.client, 'past');
    await load('past', 100, 'first');
    const time = new Date();
    while (Date.now() === time.getTime()); // writes of one and the same millisecond belong to it
    await load('past', 50, 'second');
    await load('past', 60, 'third');
    await local.client.send(
      new DeleteItemCommand({ TableName: 'past', Key: { PK: { S: 'CUST#99' }, SK: { S: 'CUST#99' } } })
    );
    await local.client.send(new PutItemCommand({ TableName: 'past', Item: numbered(100, 'new') }));
    await local.restart();
    const then = await runExport(local.client, { TableArn: arn, ExportTime: time });
    expect(then.ExportTime).toEqual(time);
    const past = await readExport(local.store, bucket, then.ExportManifest ?? '');
    const lines = (from: number, to: number, value: string): string[] =>
      Array.from({ length: to - from }, (_, n) => JSON.stringify({ Item: numbered(from + n, value) }));
    expect(sorted(past.lines)).toEqual(sorted(lines(0, 100, 'first')));
    const now = await runExport(local.client, { TableArn: arn });
    const present = await readExport(local.store, bucket, now.ExportManifest ?? '');
    expect(sorted(present.lines)).toEqual(
      sorted([...lines(0, 60, 'third'), ...lines(60, 99, 'first'), ...lines(100, 101, 'new')])
    );
  });
});

describe('ListExports', () => {
  it('pages through all exports in order, of all tables or of one', async () => {
    const arns = [await createTable(local.client, 'listed-a'), await createTable(local.client, 'listed-b')];
    const expected: string[] = [];
    for (const arn of [...arns, ...arns, ...arns])
      expected.push((await runExport(local.client, { TableArn: arn })).ExportArn ?? '');
    const list = async (table?: string, size?: number): Promise<string[]> => {
      const found: string[] = [];
      let token: string | undefined;
      do {
        const page = await local.client.send(
          new ListExportsCommand({ TableArn: table, MaxResults: size, NextToken: token })
        );
        expect(page.ExportSummaries?.length).toBeLessThanOrEqual(size ?? 25);
        for (const { ExportArn: arn, ExportStatus: status, ExportType: type } of page.ExportSummaries ?? []) {
          expect([status, type]).toEqual(['COMPLETED', 'FULL_EXPORT']);
          found.push(arn ?? '');
        }
        token = page.NextToken;
      } while (token);
      return found;
    };
    const all = await list(undefined, 2);
    expect(all).toEqual(sorted(all));
    expect(all).toEqual(expect.arrayContaining(expected));
    expect(await list()).toEqual(all);
    expect(await list(arns[0], 2)).toEqual(sorted(expected.filter((arn) => arn.includes('listed-a'))));
    await expect(list(undefined, 26)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
