import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import type { PointInTimeRecoveryDescription } from '@aws-sdk/client-dynamodb';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTable, openLocalDynamoDb, runExport, setRecovery, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';

const day = 86_400_000;
let nowMs = Date.parse('2026-01-31T12:00:00Z');
let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb(() => nowMs);
});
afterAll(() => local.close());

async function recoveryOf(table: string): Promise<PointInTimeRecoveryDescription | undefined> {
  const answer = await local.client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  expect(answer.ContinuousBackupsDescription?.ContinuousBackupsStatus).toBe('ENABLED');
  return answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
}

describe('point-in-time recovery', () => {
  it('is off at first, and tells its window once it is on, also after a restart', async () => {
    await createTable(local.client, 'window', false);
    expect(await recoveryOf('window')).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
    const enabled = new Date(nowMs);
    await setRecovery(local.client, 'window', true);
    const fresh = {
      PointInTimeRecoveryStatus: 'ENABLED',
      RecoveryPeriodInDays: 35,
      EarliestRestorableDateTime: enabled,
      LatestRestorableDateTime: enabled,
    };
    expect(await recoveryOf('window')).toEqual(fresh);
    await local.restart();
    expect(await recoveryOf('window')).toEqual(fresh);
    nowMs += day;
    expect((await recoveryOf('window'))?.LatestRestorableDateTime).toEqual(new Date(nowMs - 300_000));
    expect((await recoveryOf('window'))?.EarliestRestorableDateTime).toEqual(enabled);
  });

  it('slides its window when the recovery period has passed', async () => {
    await createTable(local.client, 'sliding', false);
    const specification = { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 2 };
    const update = new UpdateContinuousBackupsCommand({
      TableName: 'sliding',
      PointInTimeRecoverySpecification: specification,
    });
    await local.client.send(update);
    nowMs += 5 * day;
    expect(await recoveryOf('sliding')).toMatchObject({
      RecoveryPeriodInDays: 2,
      EarliestRestorableDateTime: new Date(nowMs - 2 * day),
    });
  });

  it('keeps its beginning when it is switched on again while on, and begins anew after it was off', async () => {
    await createTable(local.client, 'switched');
    const first = (await recoveryOf('switched'))?.EarliestRestorableDateTime;
    nowMs += day;
    await setRecovery(local.client, 'switched', true);
    expect((await recoveryOf('switched'))?.EarliestRestorableDateTime).toEqual(first);
    await setRecovery(local.client, 'switched', false);
    expect(await recoveryOf('switched')).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
    await setRecovery(local.client, 'switched', true);
    expect((await recoveryOf('switched'))?.EarliestRestorableDateTime).toEqual(new Date(nowMs));
  });

  it('keeps no history on disk that is older than its period', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-dynamodb-history-'));
    const own = await openLocalDynamoDb(folder, () => nowMs);
    try {
      const arn = await createTable(own.client, 'pruned');
      const write = async (n: number): Promise<void> => {
        const item = { PK: { S: 'p' }, SK: { S: 's' }, n: { N: String(n) } };
        await own.client.send(new PutItemCommand({ TableName: 'pruned', Item: item }));
      };
      const historyOnDisk = async (): Promise<number> => {
        let count = 0;
        await own.restart(async () => {
          const db = new ClassicLevel<string, string>(join(folder, 'dynamodb', 'tables'));
          count = (await db.keys({ gte: 'change/', lt: 'change0' }).all()).length;
          await db.close();
        });
        return count;
      };
      await write(1);
      await write(2);
      nowMs += 20 * day;
      await write(3);
      expect(await historyOnDisk()).toBe(3);
      nowMs += 20 * day;
      await runExport(own.client, { TableArn: arn });
      expect(await historyOnDisk()).toBe(1);
      await setRecovery(own.client, 'pruned', false);
      expect(await historyOnDisk()).toBe(0);
    } finally {
      await own.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('goes with its table', async () => {
    await createTable(local.client, 'gone');
    await local.client.send(new DeleteTableCommand({ TableName: 'gone' }));
    await expect(recoveryOf('gone')).rejects.toMatchObject({ name: 'TableNotFoundException' });
    await createTable(local.client, 'gone', false);
    expect(await recoveryOf('gone')).toEqual({ PointInTimeRecoveryStatus: 'DISABLED' });
  });

  it.each([0, 36, 1.5])('refuses a recovery period of %s days', async (days) => {
    await expect(
      local.client.send(
        new UpdateContinuousBackupsCommand({
          TableName: 'window',
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: days },
        })
      )
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
