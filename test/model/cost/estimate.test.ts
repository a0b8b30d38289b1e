import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../model/configuration.js';
import { gigabyte, priceUsage } from '../../../model/cost/cost.js';
import type { CostItem } from '../../../model/cost/cost.js';
import { estimateCost } from '../../../model/cost/estimate.js';
import { pricesIn } from '../../../model/cost/prices.js';

const prices = pricesIn('us-east-1');
const settings = { baseCapacity: 8, temporalCloud: true };
const earlier = (seconds: number, puts: number | null): readonly CostItem[] =>
  priceUsage(
    {
      exportBytes: gigabyte,
      glue: [{ workerType: 'G.1X', numberOfWorkers: 1, executionTime: seconds, autoScaled: false }],
      warehouse: [[0, seconds * 1000]],
      s3: { puts, copies: 0, gets: 0, bytes: 0, archivedBytes: 0 },
      temporal: { actions: 100, heartbeats: 10 },
    },
    prices,
    settings
  ).items;
const find = (items: readonly CostItem[], item: string, detail = ''): CostItem | undefined =>
  items.find((one) => one.item === item && one.detail === detail);

describe('an estimate', () => {
  it('knows only the export before the first run, by the size of the table', () => {
    const estimate = estimateCost([], prices, settings, 2 * gigabyte);
    expect(estimate.basedOnRuns).toBe(0);
    const known = estimate.items.filter(({ amount }) => amount !== null);
    expect(known.map(({ item }) => item)).toEqual(['dynamodb-export', 'redshift-scan']);
    expect(estimate.total).toBeCloseTo(0.2, 10);
    expect(find(estimate.items, 'glue')?.note).toBe('no run of this kind was recorded yet');
  });
  it('knows nothing of a table that nobody describes, and is not zero for it', () => {
    const estimate = estimateCost([], prices, settings);
    expect(find(estimate.items, 'dynamodb-export')).toMatchObject({ quantity: null, amount: null });
  });
  it('is the mean of earlier runs where they know, at present prices, with the table as it is now', () => {
    const own = { version: 1, date: '2027-01-01', currency: 'USD' } as const;
    const dear = { 'glue-dpu-hour-standard': { price: 36, per: 'DPU-hour', source: 'test' } };
    const later = pricesIn('us-east-1', { ...own, regions: { 'us-east-1': dear } });
    const estimate = estimateCost([earlier(100, 1000), earlier(300, null)], later, settings, 3 * gigabyte);
    expect(estimate).toMatchObject({ basedOnRuns: 2, priceDate: '2027-01-01', unknown: [] });
    expect(find(estimate.items, 'glue', 'G.1X STANDARD')).toMatchObject({ quantity: 200, amount: 2 });
    expect(find(estimate.items, 's3-requests', 'PUT Standard')).toMatchObject({ quantity: 1000, amount: 0.005 });
    expect(find(estimate.items, 'redshift-compute', 'serverless')?.quantity).toBe(1600);
    expect(find(estimate.items, 'dynamodb-export')?.quantity).toBe(3);
  });
});

describe('cost in sluice.yaml', () => {
  let folder: string;
  const load = async (cost: string) => {
    const file = join(folder, 'sluice.yaml');
    await writeFile(file, `cost: ${cost}\n`);
    return loadConfiguration({ file, env: {} }).deployment.cost;
  };
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'sluice-cost-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('gives workers the capacity and the prices of a file beside it', async () => {
    const price = { price: 0.5, per: 'GB', source: 'ours' };
    const list = { version: 1, date: '2026-12-01', currency: 'USD', regions: { '*': { 'dynamodb-export-gb': price } } };
    await writeFile(join(folder, 'prices.json'), JSON.stringify(list));
    expect(await load('{ baseCapacity: 8, prices: prices.json }')).toEqual({ baseCapacity: 8, prices: list });
    expect(pricesIn('eu-west-1', list as never).price('dynamodb-export-gb')).toBe(0.5);
  });
  it.each([
    ['{ prices: none.json }', /cost\.prices: .*none\.json/],
    ['{ nodeType: ra3.4xlarge }', /cost\.nodes: nodeType and nodes come together/],
    ['{ baseCapacity: 8, nodeType: ra3.4xlarge, nodes: 2 }', /cost\.baseCapacity: .*one of the two/],
    ['{ baseCapacity: 1 }', /cost\.baseCapacity: not a base capacity/],
    ['{ capacity: 8 }', /cost\.capacity: there is no such setting/],
  ])('refuses %s by its field', async (cost, message) => {
    await expect(load(cost)).rejects.toThrow(message);
  });
  it('refuses a file of prices by the price that cannot be one', async () => {
    const list = {
      version: 1,
      date: 'today',
      currency: 'USD',
      regions: { '*': { x: { price: -1, per: 'x', source: 'x' } } },
    };
    await writeFile(join(folder, 'prices.json'), JSON.stringify(list));
    await expect(load('{ prices: prices.json }')).rejects.toThrow(/date: not a date.*regions\.\*\.x\.price/);
  });
});
