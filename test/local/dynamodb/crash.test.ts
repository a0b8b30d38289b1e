import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  BatchWriteItemCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bucket,
  clientOf,
  createTable,
  finished,
  openLocalDynamoDb,
  runExport,
  setRecovery,
} from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';
import { readExport } from './read-export.js';

let folder: string;
let local: LocalDynamoDb | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice dynamodb crash-'));
});
afterEach(async () => {
  await local?.close();
  local = undefined;
  await rm(folder, { recursive: true, force: true });
});

const item = (n: number): Record<string, AttributeValue> => ({
  PK: { S: `p${n}` },
  SK: { S: 's' },
  GSIpk: { S: `g${n % 10}` },
  GSIsk: { S: `g${n}` },
});

async function scanned(client: DynamoDBClient, table: string, index?: string): Promise<Set<string>> {
  const found = new Set<string>();
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: table, IndexName: index, ExclusiveStartKey: start }));
    for (const { PK } of page.Items ?? []) found.add(PK?.S ?? '');
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

describe('after SIGKILL in the middle of writes', () => {
  it('items, indexes, size and history agree, and nothing acknowledged is lost', async () => {
    const script = fileURLToPath(new URL('serve.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const client = clientOf(url);
    const acknowledged: string[] = [];
    try {
      await createTable(client, 'killed');
      let from = 0;
      const write = async (): Promise<void> => {
        for (;;) {
          const batch = Array.from({ length: 25 }, (_, n) => item(from + n));
          from += 25;
          const requests = batch.map((written) => ({ PutRequest: { Item: written } }));
          await client.send(new BatchWriteItemCommand({ RequestItems: { killed: requests } }));
          acknowledged.push(...batch.map(({ PK }) => PK?.S ?? ''));
          if (acknowledged.length > 2_000) child.kill('SIGKILL');
        }
      };
      const outcomes = await Promise.allSettled([write(), write(), write(), write()]);
      expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'));
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
    } finally {
      child.kill('SIGKILL');
      client.destroy();
    }
    local = await openLocalDynamoDb(folder);
    const found = await scanned(local.client, 'killed');
    expect([...found]).toEqual(expect.arrayContaining(acknowledged));
    expect(await scanned(local.client, 'killed', 'GSI')).toEqual(found);
    const table = (await local.client.send(new DescribeTableCommand({ TableName: 'killed' }))).Table;
    expect(table?.ItemCount).toBe(found.size);
    // Undoing all that the history knows leads back to the empty table only if it knows of every item.
    const backups = await local.client.send(new DescribeContinuousBackupsCommand({ TableName: 'killed' }));
    const begin = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.EarliestRestorableDateTime;
    const empty = await runExport(local.client, { TableArn: table?.TableArn, ExportTime: begin });
    expect([empty.ExportStatus, empty.ItemCount]).toEqual(['COMPLETED', 0]);
  });
});

describe('an export that a crash interrupted', () => {
  /** Brings an export's record back to how a crash just before its end leaves it, and takes its manifest away. */
  async function interrupt(store: LocalDynamoDb['store'], arn: string, manifest: string): Promise<void> {
    await store.deleteObject(bucket, manifest);
    await local?.restart(async () => {
      const db = new ClassicLevel<string, string>(join(folder, 'db'));
      const state = db.sublevel<string, { description: Record<string, unknown> }>('dynamodb', {
        valueEncoding: 'json',
      });
      const record = await state.get(`export/${arn}`);
      const {
        EndTime: _e,
        ExportManifest: _m,
        ItemCount: _i,
        BilledSizeBytes: _b,
        ...begun
      } = record?.description ?? {};
      await state.put(`export/${arn}`, { ...record, description: { ...begun, ExportStatus: 'IN_PROGRESS' } });
      await db.close();
    });
  }

  it('goes on as of its own time, under the same keys', async () => {
    local = await openLocalDynamoDb(folder);
    const table = await createTable(local.client, 'resumed');
    for (const n of [1, 2, 3]) await local.client.send(new PutItemCommand({ TableName: 'resumed', Item: item(n) }));
    const first = await runExport(local.client, { TableArn: table });
    const before = await readExport(local.store, bucket, first.ExportManifest ?? '');
    for (const n of [3, 4, 5]) {
      const changed = { ...item(n), later: { S: 'yes' } };
      await local.client.send(new PutItemCommand({ TableName: 'resumed', Item: changed }));
    }
    await interrupt(local.store, first.ExportArn ?? '', first.ExportManifest ?? '');
    const resumed = await finished(local.client, first.ExportArn);
    expect(resumed).toMatchObject({ ExportStatus: 'COMPLETED', ItemCount: 3, ExportManifest: first.ExportManifest });
    const after = await readExport(local.store, bucket, resumed.ExportManifest ?? '');
    expect(after.lines).toEqual(before.lines);
    expect(after.files).toEqual(before.files);
  });

  it('fails when its table or its history is gone', async () => {
    local = await openLocalDynamoDb(folder);
    const deleted = await runExport(local.client, { TableArn: await createTable(local.client, 'deleted') });
    await local.client.send(new DeleteTableCommand({ TableName: 'deleted' }));
    await interrupt(local.store, deleted.ExportArn ?? '', deleted.ExportManifest ?? '');
    expect(await finished(local.client, deleted.ExportArn)).toMatchObject({
      ExportStatus: 'FAILED',
      FailureMessage: expect.stringContaining('deleted') as string,
    });
    const forgotten = await runExport(local.client, { TableArn: await createTable(local.client, 'forgotten') });
    await setRecovery(local.client, 'forgotten', false);
    await interrupt(local.store, forgotten.ExportArn ?? '', forgotten.ExportManifest ?? '');
    expect(await finished(local.client, forgotten.ExportArn)).toMatchObject({
      ExportStatus: 'FAILED',
      FailureMessage: expect.stringContaining('history') as string,
    });
  });
});
