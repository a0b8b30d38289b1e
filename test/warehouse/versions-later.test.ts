import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { customer, line, order, shopPlan } from './shop.js';
import { Warehouse } from './warehouse.js';

const reference = readFileSync(path.resolve(import.meta.dirname, '../../docs/model-reference.md'), 'utf8');

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await Warehouse.start();
});
afterAll(() => warehouse.close());

it('gives versions to a loaded dimension by the statements of the manual, its keys and facts staying', async () => {
  const plan = shopPlan();
  await warehouse.setUp(plan);
  const bought = [order('1', 'ann'), line('1', 'a', '1'), order('2', 'bob'), line('2', 'a', '2'), order('3', 'eve')];
  await warehouse.run(plan, [customer('ann'), customer('bob'), ...bought], 'one', '2024-03-01T00:00:00Z');
  await warehouse.run(plan, [customer('ann'), ...bought], 'two', '2024-03-02T00:00:00Z');
  const facts = (await warehouse.dump(plan))['dwh.order'];

  const versioned = shopPlan(['key: username', 'key: username\n    scd: 2']);
  const [, statements = ''] = /```sql\n(ALTER TABLE landing\.customer [^`]*)```/.exec(reference) ?? [];
  expect(statements.split(';\n').filter(Boolean)).toHaveLength(13);
  for (const sql of statements.split(';\n').filter(Boolean)) await warehouse.redshift(sql);
  for (const { sql } of versioned.setup) await warehouse.redshift(sql);
  await warehouse.run(versioned, [customer('ann'), ...bought], 'three', '2024-03-03T00:00:00Z');
  expect((await warehouse.dump(versioned))['dwh.order']).toEqual(facts);

  const renamed = { ...customer('ann'), email: { S: 'new@example.com' } };
  await warehouse.run(versioned, [renamed, ...bought], 'four', '2024-03-04T00:00:00Z');
  expect(
    await warehouse.redshift(
      `SELECT customerkey, username, email, CAST(valid_from AS date)::varchar AS since, is_current FROM dwh.customer
WHERE customerkey <> 0 ORDER BY customerkey`
    )
  ).toEqual([
    { customerkey: '1', username: 'ann', email: 'ann@example.com', since: '1900-01-01', is_current: false },
    { customerkey: '2', username: 'bob', email: 'bob@example.com', since: '1900-01-01', is_current: true },
    { customerkey: '3', username: 'ann', email: 'new@example.com', since: '2024-03-04', is_current: true },
  ]);
  expect((await warehouse.dump(versioned))['dwh.order']).toEqual(facts);
});
