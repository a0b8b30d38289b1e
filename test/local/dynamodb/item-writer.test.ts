import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changesPerEntry, changesSince, forgetChanges, lastChangeMicros } from '../../../local/dynamodb/change-log.js';
import type { Change } from '../../../local/dynamodb/change-log.js';
import { ItemWriter } from '../../../local/dynamodb/item-writer.js';
import type { Item, TableDescription } from '../../../local/dynamodb/table-description.js';
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

async function changes(fromMicros = 0): Promise<Change[]> {
  const found: Change[] = [];
  for await (const some of changesSince(db, table.TableId, fromMicros)) found.push(...some);
  return found;
}

const stamps = async (): Promise<number[]> => (await changes()).map((change) => change.writeTimestampMicros);

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
  describe('of items written together', () => {
    const first = 1_800_000_000_000_000;
    const count = 2 * changesPerEntry + 3;
    const keyOf = (n: number): string => `${String(n).padStart(6, '0')}/`;
    const item = (n: number, note: string): Item => ({ PK: { S: String(n) }, note: { S: note } });
    const writeAll = (before: string | undefined, after: string): Promise<void> =>
      writer.write(
        table,
        Array.from({ length: count }, (_, n) => ({
          itemKey: keyOf(n),
          oldItem: before === undefined ? undefined : item(n, before),
          newItem: item(n, after),
        }))
      );

    it('keeps each one with a stamp and an image of its own', async () => {
      await writeAll(undefined, 'one\ntwo {');
      await writeAll('one\ntwo {', 'three');
      const all = await changes();
      expect(all.map((change) => change.writeTimestampMicros)).toEqual(
        Array.from({ length: 2 * count }, (_, n) => first + n)
      );
      expect(all.map((change) => change.itemKey)).toEqual(
        Array.from({ length: 2 * count }, (_, n) => keyOf(n % count))
      );
      expect(all.slice(0, count).every((change) => change.oldImage === undefined)).toBe(true);
      expect(all.slice(count).map((change) => change.oldImage)).toEqual(
        Array.from({ length: count }, (_, n) => JSON.stringify(item(n, 'one\ntwo {')))
      );
    });

    it('tells those since any moment, and the last', async () => {
      await writeAll(undefined, 'one');
      for (const from of [0, 1, changesPerEntry - 1, changesPerEntry, count - 1, count]) {
        const since = await changes(first + from);
        expect(since.map((change) => change.itemKey)).toEqual(
          Array.from({ length: count - from }, (_, n) => keyOf(from + n))
        );
      }
      expect(await lastChangeMicros(db, [table.TableId])).toBe(first + count - 1);
    });

    it('forgets none of a moment or later', async () => {
      await writeAll(undefined, 'one');
      for (const before of [1, changesPerEntry, changesPerEntry + 1, count - 1]) {
        await forgetChanges(db, table.TableId, first + before);
        expect(await changes(first + before)).toHaveLength(count - before);
      }
      expect((await changes()).length).toBeLessThan(2 * changesPerEntry);
      await forgetChanges(db, table.TableId);
      expect(await changes()).toEqual([]);
    });
  });
});
