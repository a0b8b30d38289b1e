import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoDocument } from '../../client/demo-result.js';
import { lastLine } from '../client/sluice.js';
import { expectedWarehouse, roundedGrowth } from './expected-warehouse.js';
import type { ExpectedWarehouse } from './expected-warehouse.js';
import { hostileShop } from './hostile-shop.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

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
    { seed: 11, customers: 12 }, // with quarters in which nothing can be compared
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
    expect(roundedGrowth(document.growth as ExpectedWarehouse['growth'])).toEqual(roundedGrowth(expected.growth));
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
  });
});
