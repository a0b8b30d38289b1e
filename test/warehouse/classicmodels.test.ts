import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, loadModel } from '../../model/index.js';
import { Warehouse } from './warehouse.js';
import type { Item } from './warehouse.js';

const root = path.resolve(import.meta.dirname, '../..');
const data = path.resolve(root, '../shared/data/classicmodels');

/** What `expected.json` says of a right warehouse. */
interface Expected {
  readonly customers: number;
  readonly orders: number;
  readonly orders_with_lines: number;
  readonly order_lines: number;
  readonly products: number;
  readonly addresses: number;
  readonly revenue: string;
  readonly dates: number;
  readonly growth: Record<string, { country: string; category: string; growth: number }[]>;
}

describe.skipIf(!existsSync(data))('classicmodels (skipped where ../shared/data is absent)', () => {
  let warehouse: Warehouse;
  const plan = compile(loadModel(path.join(root, 'examples/ecommerce/warehouse.yaml')));

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    const lines = gunzipSync(readFileSync(path.join(data, 'items.jsonl.gz')))
      .toString()
      .trim()
      .split('\n');
    const items = lines.map((line) => (JSON.parse(line) as { Item: Item }).Item);
    await warehouse.setUp(plan);
    await warehouse.run(plan, items, 'classicmodels');
  });
  afterAll(() => warehouse.close());

  const expected = (): Expected => JSON.parse(readFileSync(path.join(data, 'expected.json'), 'utf8')) as Expected;

  it('gives the expected row counts', async () => {
    const wanted = expected();
    expect(await warehouse.counts(plan)).toEqual({
      'landing.customer': wanted.customers,
      'landing.order': wanted.orders,
      'landing.product': wanted.order_lines,
      'landing.address': wanted.addresses,
      'dwh.customer': wanted.customers,
      'dwh.address': wanted.addresses,
      'dwh.product': wanted.products,
      'dwh.date': wanted.dates,
      'dwh.order': wanted.order_lines,
    });
    expect(await warehouse.unknown(plan)).toEqual({});
  });

  it('gives the expected revenue and number of orders', async () => {
    const wanted = expected();
    const [row] = await warehouse.redshift(
      'SELECT SUM(price) AS revenue, COUNT(DISTINCT orderkey) AS orders FROM dwh."order" WHERE productkey <> 0'
    );
    expect(row).toEqual({ revenue: wanted.revenue, orders: String(wanted.orders_with_lines) });
  });

  it('gives every growth figure, to four decimals, in order', async () => {
    const growth: Expected['growth'] = {};
    for (const row of await warehouse.redshift(plan.reports[0]!.sql)) {
      const { period, country, category } = row as Record<string, string>;
      (growth[period!] ??= []).push({
        country: country!,
        category: category!,
        growth: Math.round(Number(row['growth']) * 10_000) / 10_000,
      });
    }
    expect(growth).toEqual(expected().growth);
  });
});
