import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changesSince } from '../../../local/dynamodb/change-log.js';
import { ItemWriter } from '../../../local/dynamodb/item-writer.js';
import type { TableDescription } from '../../../local/dynamodb/table-description.js';
import { Tables } from '../../../local/dynamodb/tables.js';
import { WriteClock } from '../../../local/dynamodb/write-clock.js';

const table: TableDescription = {
  TableName: 'written',
  TableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/written',
  TableId: '01234567-89ab-4cde-8f01-23456789abcd',
  TableStatus: 'ACTIVE',
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
  ItemCount: 0,
  TableSizeBytes: 0,
};

let folder: string;
let db: ClassicLevel<string, string>;
let nowMs: number;
let writer: ItemWriter;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-item-writer-'));
  db = new ClassicLevel<string, string>(folder);
  await db.open();
  nowMs = 1_800_000_000_000;
  writer = new ItemWriter(db, await Tables.open(db), new WriteClock(() => nowMs, 0), () => true);
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

const write = (n: number): Promise<void> =>
  writer.write(table, [{ itemKey: `00000${n}/`, oldItem: undefined, newItem: { PK: { S: String(n) } } }]);

async function stamps(): Promise<number[]> {
  const found: number[] = [];
  for await (const changes of changesSince(db, table.TableId, 0)) {
    found.push(...changes.map((change) => change.writeTimestampMicros));
  }
  return found;
}

describe('ItemWriter', () => {
  it('has settled only when every write stamped before is in the database', async () => {
    const writes = Array.from({ length: 200 }, (_, n) => write(n));
    await writer.settled();
    const snapshot = db.snapshot();
    const later = write(200);
    const prefix = `item/${table.TableId}/`;
    expect(await db.keys({ gte: prefix, lt: `${prefix}~`, snapshot }).all()).toHaveLength(200);
    await snapshot.close();
    await Promise.all([...writes, later]);
  });

  it('stamps writes in strictly rising order within a millisecond and when the clock jumps back', async () => {
    await write(1);
    await write(2);
    nowMs -= 3_600_000;
    await write(3);
    nowMs += 7_200_000;
    await write(4);
    const [first = 0, ...others] = await stamps();
    expect(first).toBe(1_800_000_000_000_000);
    expect(others).toEqual([first + 1, first + 2, (1_800_000_000_000 + 3_600_000) * 1000]);
  });
});
