import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastLine } from '../client/sluice.js';
import { expectedWarehouse } from './expected-warehouse.js';
import { hostileShop } from './hostile-shop.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

interface DemoDocument {
  readonly status: string;
  readonly items: number;
  readonly tables: Record<string, number>;
  readonly growth: Record<string, { country: string; category: string; growth: number }[]>;
  readonly unknownMembers: { fact: string; dimension: string; rows: number }[];
  readonly rejected: unknown;
}

const rounded = (growth: DemoDocument['growth']): DemoDocument['growth'] =>
  Object.fromEntries(
    Object.entries(growth).map(([period, rows]) => [
      period,
      rows.map((row) => ({ ...row, growth: Number(row.growth.toFixed(4)) })),
    ])
  );

describe('the demo over shops it has not seen', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene('unseen');
  });
  afterAll(async () => {
    await scene.remove();
  });

  it.each([
    { seed: 1, customers: 0 },
    { seed: 2, customers: 40 },
    { seed: 3, customers: 400 },
  ])('loads $customers customers (seed $seed) as the oracle does', async ({ seed, customers }) => {
    const items = hostileShop(seed, customers);
    const expected = expectedWarehouse(items);
    const file = join(scene.folder, `shop-${seed}.jsonl.gz`);
    await writeFile(file, gzipSync(items.map((item) => `${JSON.stringify({ Item: item })}\n`).join('')));

    const demo = scene.start(['demo', '--items', file, '--json']);
    const code = await demo.ended;

    expect(code, demo.stderr()).toBe(0);
    const document = lastLine(demo.stdout()) as DemoDocument;
    expect(document.status).toBe('COMPLETED');
    expect(document.items).toBe(items.length);
    expect(document.tables).toEqual(expected.tables);
    expect(Object.fromEntries(document.unknownMembers.map(({ dimension, rows }) => [dimension, rows]))).toEqual(
      expected.unknownMembers
    );
    expect(rounded(document.growth)).toEqual(rounded(expected.growth as DemoDocument['growth']));
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
  });
});
