import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  ExportTableToPointInTimeCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucket, createTable, runExport, setRecovery, startLocalDynamoDb } from './local-dynamodb.js';
import type { LocalDynamoDb } from './local-dynamodb.js';
import { readExport } from './read-export.js';

const minute = 60_000;
const begin = Date.parse('2026-02-01T00:00:00Z');
let nowMs = begin;
let local: LocalDynamoDb;
beforeAll(async () => {
  local = await startLocalDynamoDb(() => nowMs);
});
afterAll(() => local.close());

type Item = Record<string, AttributeValue>;
type State = ReadonlyMap<string, Item>;

const key = (n: number): Item => ({ PK: { S: `k${n}` }, SK: { S: 's' } });

/** mulberry32: the same numbers for the same seed on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One random write, applied to the table and to the model alike. */
async function writeRandomly(table: string, next: () => number, state: Map<string, Item>): Promise<void> {
  const n = Math.floor(next() * 12);
  const name = `k${n}`;
  const item: Item = { ...key(n), v: { N: String(Math.floor(next() * 1e6)) } };
  switch (Math.floor(next() * 4)) {
    case 0:
      await local.client.send(new DeleteItemCommand({ TableName: table, Key: key(n) }));
      state.delete(name);
      return;
    case 1: {
      const answer = await local.client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key(n),
          UpdateExpression: 'ADD v :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
          ReturnValues: 'ALL_NEW',
        })
      );
      const before = state.get(name);
      state.set(name, { ...key(n), v: { N: String(Number(before?.v?.N ?? 0) + 1) } });
      expect(answer.Attributes).toEqual(state.get(name));
      return;
    }
    case 2:
      await local.client.send(new PutItemCommand({ TableName: table, Item: item }));
      break;
    default:
      await local.client.send(
        new BatchWriteItemCommand({ RequestItems: { [table]: [{ PutRequest: { Item: item } }] } })
      );
  }
  state.set(name, item);
}

interface Record_ {
  readonly Metadata: { readonly WriteTimestampMicros: { readonly N: string } };
  readonly Keys: Item;
  readonly OldImage?: Item;
  readonly NewImage?: Item;
}

/** What an incremental export has to hold, from the two states alone; writes tells which keys were written between. */
function differences(before: State, after: State, written: ReadonlySet<string>): Map<string, [Item?, Item?]> {
  const pairs = [...written].map((name): [string, [Item?, Item?]] => [name, [before.get(name), after.get(name)]]);
  return new Map(pairs.filter(([, [old, now]]) => old !== undefined || now !== undefined));
}

describe('over random histories', () => {
  it.each([1, 2, 3, 4])('exports tell every past state and every difference between two (seed %i)', async (seed) => {
    const next = random(seed);
    const table = `history-${seed}`;
    const arn = await createTable(local.client, table);
    const state = new Map<string, Item>();
    const moments: { timeMs: number; state: State; written: Set<string> }[] = [];
    for (let step = 0; step < 12; step += 1) {
      const written = new Set<string>();
      const writes = Math.floor(next() * 8);
      for (let n = 0; n < writes; n += 1) {
        nowMs += Math.floor(next() * 3); // several writes in one millisecond among them
        const before = new Map(state);
        await writeRandomly(table, next, state);
        for (const name of new Set([...before.keys(), ...state.keys()])) {
          if (before.get(name) !== state.get(name)) written.add(name);
        }
      }
      nowMs += 1;
      moments.push({ timeMs: nowMs, state: new Map(state), written });
      nowMs += 15 * minute + Math.floor(next() * 60 * minute);
      if (step === 6) await local.restart();
    }
    for (const [index, moment] of moments.entries()) {
      const full = await runExport(local.client, { TableArn: arn, ExportTime: new Date(moment.timeMs) });
      const { lines } = await readExport(local.store, bucket, full.ExportManifest ?? '');
      const items = lines.map((line) => (JSON.parse(line) as { Item: Item }).Item);
      expect(new Map(items.map((item) => [item.PK?.S, item]))).toEqual(moment.state);

      const last = moments[index - 1];
      if (last === undefined) continue;
      const from = new Date(last.timeMs);
      const to = new Date(moment.timeMs);
      const expected = differences(last.state, moment.state, moment.written);
      for (const view of ['NEW_AND_OLD_IMAGES', 'NEW_IMAGE'] as const) {
        const description = await runExport(local.client, {
          TableArn: arn,
          ExportType: 'INCREMENTAL_EXPORT',
          IncrementalExportSpecification: { ExportFromTime: from, ExportToTime: to, ExportViewType: view },
        });
        const { lines: changed } = await readExport(local.store, bucket, description.ExportManifest ?? '');
        const records = changed.map((line) => JSON.parse(line) as Record_);
        const found = records.map((record): [string, [Item?, Item?]] => {
          const micros = Number(record.Metadata.WriteTimestampMicros.N);
          expect(micros).toBeGreaterThanOrEqual(last.timeMs * 1000);
          expect(micros).toBeLessThan(moment.timeMs * 1000);
          expect(record.Keys).toEqual({ PK: { S: record.Keys.PK?.S }, SK: { S: 's' } });
          return [record.Keys.PK?.S ?? '', [record.OldImage, record.NewImage]];
        });
        expect(found).toHaveLength(new Map(found).size);
        const old = (item: Item | undefined): Item | undefined => (view === 'NEW_IMAGE' ? undefined : item);
        expect(new Map(found)).toEqual(new Map([...expected].map(([name, [a, b]]) => [name, [old(a), b]])));
      }
    }
  });
});

describe('an incremental export', () => {
  it('has the layout and manifest of its own kind, in a data folder that all of them share', async () => {
    const arn = await createTable(local.client, 'layout');
    const from = new Date(nowMs);
    await local.client.send(new PutItemCommand({ TableName: 'layout', Item: { ...key(1), a: { S: 'x' } } }));
    nowMs += 15 * minute;
    const description = await runExport(local.client, {
      TableArn: arn,
      S3Prefix: 'layout',
      ExportType: 'INCREMENTAL_EXPORT',
      IncrementalExportSpecification: { ExportFromTime: from },
    });
    const window = { ExportFromTime: from, ExportToTime: new Date(nowMs), ExportViewType: 'NEW_AND_OLD_IMAGES' };
    expect(description).toMatchObject({
      ExportStatus: 'COMPLETED',
      ExportType: 'INCREMENTAL_EXPORT',
      IncrementalExportSpecification: window,
      ItemCount: 1,
    });
    const { summary, files } = await readExport(local.store, bucket, description.ExportManifest ?? '');
    expect(summary).toMatchObject({
      version: '2023-08-01',
      exportType: 'INCREMENTAL_EXPORT',
      exportFromTime: from.toISOString(),
      exportToTime: new Date(nowMs).toISOString(),
      outputView: 'NEW_AND_OLD_IMAGES',
      outputFormat: 'DYNAMODB_JSON',
    });
    for (const file of files) expect(file.dataFileS3Key).toMatch(/^layout\/AWSDynamoDB\/data\/[a-z2-7]{26}\.json\.gz$/);
  });

  it('takes windows from 15 minutes to 24 hours, begun since recovery was switched on, and none in the future', async () => {
    const arn = await createTable(local.client, 'windows');
    const enabled = nowMs;
    nowMs += 3 * 24 * 60 * minute;
    const window = async (fromMs: number, toMs?: number): Promise<string> => {
      const specification = {
        ExportFromTime: new Date(fromMs),
        ExportToTime: toMs === undefined ? undefined : new Date(toMs),
      };
      const sent = local.client.send(
        new ExportTableToPointInTimeCommand({
          TableArn: arn,
          S3Bucket: bucket,
          ExportType: 'INCREMENTAL_EXPORT',
          IncrementalExportSpecification: specification,
        })
      );
      return sent.then(
        () => 'accepted',
        (error: Error) => error.name
      );
    };
    const day = 24 * 60 * minute;
    expect(await window(enabled, enabled + 15 * minute)).toBe('accepted');
    expect(await window(enabled, enabled + day)).toBe('accepted');
    expect(await window(nowMs - day)).toBe('accepted');
    expect(await window(nowMs - 15 * minute, nowMs)).toBe('accepted');
    const refused = 'InvalidExportTimeException';
    expect(await window(enabled, enabled + 15 * minute - 1)).toBe(refused);
    expect(await window(enabled, enabled + day + 1)).toBe(refused);
    expect(await window(enabled - 1, enabled + 20 * minute)).toBe(refused);
    expect(await window(nowMs - 20 * minute, nowMs + 1)).toBe(refused);
    expect(await window(nowMs, nowMs - 20 * minute)).toBe(refused);
    await setRecovery(local.client, 'windows', false);
    await setRecovery(local.client, 'windows', true);
    expect(await window(nowMs - 20 * minute, nowMs)).toBe(refused);
  });
});
