import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ActionCall, IndexCollection } from '../../../local/dynamodb/collections.js';
import { KeyLocks } from '../../../local/dynamodb/key-locks.js';

let folder: string;
let db: ClassicLevel<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-collections-'));
  db = new ClassicLevel<string, string>(folder);
  await db.open();
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

it('reads references as they are written now, and as older data folders have them', async () => {
  const items = ['11aa22/61/62/', '33bb44/63/64/', '55cc66/65/66/'];
  await db.batch(items.map((key, n) => ({ type: 'put', key: `item/t/${key}`, value: `{"n":{"N":"${n}"}}` })));
  const [first = '', second = '', third = ''] = items;
  await db.put(`index/t/GSI1/77dd88/67/68//${first}`, '');
  await db.put(`index/t/GSI1/77dd88/67/69//${second}`, second);
  await db.put(`index/t/GSI1/77dd88/67/6a//${third}`, '{"n":{"N":"projected"}}');
  await db.put(`index/t/GSI1/77dd88/67/6b//${first}gone/`, '');
  const index = new IndexCollection(db, new ActionCall(new KeyLocks()), 'index/t/GSI1/', 'item/t/');
  const read: unknown = await index.createValueStream().toArray();
  expect(read).toEqual(['0', '1', 'projected'].map((n) => ({ n: { N: n } })));
});
