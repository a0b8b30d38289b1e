import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WriteGroups } from '../../../local/dynamodb/write-groups.js';

let folder: string;
let db: ClassicLevel<string, string>;
let groups: WriteGroups;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-write-groups-'));
  db = new ClassicLevel<string, string>(folder);
  await db.open();
  groups = new WriteGroups(db);
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

describe('WriteGroups', () => {
  it('writes in the order of the calls, also where many come while one is being written', async () => {
    const writes: Promise<void>[] = [];
    for (let n = 0; n < 500; n += 1) {
      writes.push(
        groups.add([['last', String(n)], [`own${n}`, 'here'], n % 2 === 0 ? ['flag', 'even'] : ['flag', undefined]])
      );
      if (n % 37 === 0) await writes[n];
    }
    await Promise.all(writes);
    expect(await db.get('last')).toBe('499');
    expect(await db.get('flag')).toBeUndefined();
    expect(await db.keys({ gte: 'own', lt: 'own~' }).all()).toHaveLength(500);
  });

  it('has a call’s entries in the database when the call resolves', async () => {
    const [first, second] = [groups.add([['first', '1']]), groups.add([['second', '2']])];
    await first;
    expect(await db.get('first')).toBe('1');
    await second;
    expect(await db.get('second')).toBe('2');
  });

  it('tells every caller of a group that failed, writes none of it, and goes on with the next', async () => {
    await groups.add([['before', '1']]);
    const refused = [groups.add([['refused', '1']]), groups.add([['refused too', '1']])];
    const closed = db.close();
    for (const outcome of await Promise.allSettled(refused)) expect(outcome.status).toBe('rejected');
    await closed;
    await expect(groups.add([['refused', '1']])).rejects.toThrow(/not open/);
    await db.open();
    await groups.add([['after', '1']]);
    expect(await db.keys().all()).toEqual(['after', 'before']);
  });

  it('has settled when what was added before is written or has failed', async () => {
    const writes = Array.from({ length: 50 }, (_, n) => groups.add([[`key${n}`, '']]));
    await groups.settled();
    expect(await db.keys().all()).toHaveLength(50);
    await Promise.all(writes);
  });
});
