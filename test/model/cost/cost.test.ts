import { describe, expect, it } from 'vitest';
import { gigabyte, priceUsage } from '../../../model/cost/cost.js';
import { billedDpuSeconds, dpuPriceKey } from '../../../model/cost/glue-dpu.js';
import type { GlueRunFacts } from '../../../model/cost/glue-dpu.js';
import { ownPrices, priceListSchema, pricesIn } from '../../../model/cost/prices.js';
import { heartbeatsIn } from '../../../model/cost/heartbeats.js';
import { countActions } from '../../../model/cost/temporal-actions.js';
import type { RunUsage } from '../../../model/cost/usage.js';
import { billedSeconds, busySeconds } from '../../../model/cost/warehouse-time.js';

const prices = pricesIn('us-east-1');
const run = (facts: Partial<GlueRunFacts>): GlueRunFacts => ({
  workerType: 'G.1X',
  numberOfWorkers: 10,
  executionTime: 180,
  executionClass: 'STANDARD',
  glueVersion: '5.0',
  autoScaled: false,
  ...facts,
});
const usage: RunUsage = {
  exportBytes: 0.5 * gigabyte,
  glue: [run({})],
  warehouse: [[0, 3_600_000]],
  s3: { puts: 1000, copies: 1000, gets: 1000, bytes: gigabyte, archivedBytes: gigabyte },
  temporal: { actions: 1_000_000, heartbeats: 0 },
};

describe('DPU-seconds of a Glue run', () => {
  it.each<[string, Partial<GlueRunFacts>, number | null]>([
    ['time × workers × DPUs of a worker', {}, 1800],
    ['a larger worker', { workerType: 'G.2X' }, 3600],
    ['a quarter worker', { workerType: 'G.025X', numberOfWorkers: 4 }, 180],
    ['a minute at least', { executionTime: 5 }, 600],
    ['a minute at least in Glue 2.0', { executionTime: 5, glueVersion: '2.0' }, 600],
    ['ten minutes at least before Glue 2.0', { executionTime: 5, glueVersion: '1.0' }, 6000],
    ['nothing when it never executed', { executionTime: 0 }, 0],
    ['by capacity where there is no worker type', { workerType: undefined, maxCapacity: 2 }, 360],
    ["Glue's figure with auto scaling", { autoScaled: true, dpuSeconds: 700 }, 700],
    ["Glue's figure of a short run, for a minute", { autoScaled: true, dpuSeconds: 100, executionTime: 30 }, 200],
    ["Glue's figure of FLEX", { executionClass: 'FLEX', dpuSeconds: 900 }, 900],
    ['FLEX without a figure', { executionClass: 'FLEX' }, 1800],
    ['unknown with auto scaling and no figure', { autoScaled: true }, null],
    ['not by a figure of a run that holds all its workers', { dpuSeconds: 1 }, 1800],
    ['unknown for a worker type that came later', { workerType: 'X.9X' }, null],
    ['unknown while the time is', { executionTime: undefined }, null],
  ])('%s', (_what, facts, seconds) => {
    expect(billedDpuSeconds(run(facts))).toBe(seconds);
  });

  it.each([
    ['G.8X', 'STANDARD', 'glue-dpu-hour-standard'],
    ['G.1X', 'FLEX', 'glue-dpu-hour-flex'],
    ['Z.2X', 'STANDARD', 'glue-m-dpu-hour-ray'],
    ['R.1X', 'STANDARD', 'glue-m-dpu-hour-standard'],
    ['R.1X', 'FLEX', 'glue-m-dpu-hour-flex'],
  ])('of %s %s cost %s', (workerType, executionClass, key) => {
    expect(dpuPriceKey(run({ workerType, executionClass }))).toBe(key);
  });
});

describe('the figures of the write-up', () => {
  const amount = (item: string, detail: string, given: Parameters<typeof priceUsage>[2] = {}, list = prices) =>
    priceUsage(usage, list, given).items.find((one) => one.item === item && one.detail === detail)?.amount;

  it('0.5 GiB exported at its $0.11 a GiB is $0.055; at the present price $0.05', () => {
    const own = { version: 1, date: '2021-11-01', currency: 'USD' } as const;
    const older = { price: 0.11, per: 'GiB', source: 'the write-up' };
    const list = pricesIn('us-east-1', { ...own, regions: { 'us-east-1': { 'dynamodb-export-gb': older } } });
    expect(amount('dynamodb-export', '', {}, list)).toBeCloseTo(0.055, 10);
    expect(list.date).toBe('2021-11-01');
    expect(amount('dynamodb-export', '')).toBeCloseTo(0.05, 10);
  });
  it('10 DPUs for 3 minutes are $0.22, not its $0.29; nine of them $1.98', () => {
    expect(amount('glue', 'G.1X STANDARD')).toBeCloseTo(0.22, 10);
    const nine = { ...usage, glue: Array.from({ length: 9 }, () => run({})) };
    const [, glue] = priceUsage(nine, prices).items;
    expect(glue).toMatchObject({ item: 'glue', quantity: 16_200, note: '9 runs' });
    expect(glue?.amount).toBeCloseTo(1.98, 10);
  });
  it('two ra3.4xlarge for 730 hours are $4,759.60', () => {
    const month = { ...usage, warehouse: [[0, 730 * 3_600_000] as const] };
    const { items } = priceUsage(month, prices, { nodeType: 'ra3.4xlarge', nodes: 2 });
    expect(items.find(({ item }) => item === 'redshift-compute')?.amount).toBeCloseTo(4759.6, 6);
  });
  it('a GB is $0.023 a month in Standard and $0.0125 in Standard-IA', () => {
    expect(amount('s3-storage', 'Standard')).toBeCloseTo(0.023, 10);
    expect(amount('s3-storage', 'Standard-IA')).toBeCloseTo(0.0125, 10);
  });
  it('an hour of 8 RPUs is $3, a million Actions $50', () => {
    expect(amount('redshift-compute', 'serverless', { baseCapacity: 8 })).toBeCloseTo(3, 10);
    expect(amount('temporal-actions', 'history', { temporalCloud: true })).toBeCloseTo(50, 10);
  });
});

describe('the cost of a run', () => {
  it('is the sum of what is known and names the rest; monthly amounts stand apart', () => {
    const cost = priceUsage(usage, prices, { baseCapacity: 8 });
    expect(cost.unknown).toEqual(['temporal-actions (history)', 'temporal-actions (heartbeats)']);
    expect(cost.total).toBeCloseTo(0.05 + 0.22 + 3 + 0.005 + 0.01 + 0.0004, 10);
    expect(cost.monthly).toBeCloseTo(0.0355, 10);
  });
  it('is never zero for what is not known', () => {
    const none: RunUsage = {
      exportBytes: null,
      glue: null,
      warehouse: [],
      s3: { puts: null, copies: null, gets: null, bytes: null, archivedBytes: null },
      temporal: { actions: null, heartbeats: null },
    };
    const cost = priceUsage(none, prices);
    expect(cost.items.filter(({ amount }) => amount !== null).map(({ item }) => item)).toEqual(['redshift-scan']);
    expect(cost.monthly).toBeNull();
    expect(cost.unknown).toHaveLength(cost.items.length - 1);
  });
  it('is unknown in a Region without prices, but for what costs the same everywhere', () => {
    const cost = priceUsage(usage, pricesIn('eu-west-1'), { baseCapacity: 8, temporalCloud: true });
    const known = cost.items.filter(({ amount }) => amount !== null).map(({ item }) => item);
    expect(known).toEqual(['redshift-scan', 'temporal-actions', 'temporal-actions']);
  });
  it('has no price for memory-optimised workers, whose price is not known', () => {
    const [, glue] = priceUsage({ ...usage, glue: [run({ workerType: 'R.2X' })] }, prices).items;
    expect(glue).toMatchObject({ detail: 'R.2X STANDARD', quantity: 3600, amount: null });
  });
});

describe('time of the warehouse', () => {
  const second = 1000;
  it.each<[string, [number, number][], number, number]>([
    ['of nothing', [], 0, 0],
    ['of one burst is a minute at least', [[0, 5]], 5, 60],
    [
      'counts what overlaps once',
      [
        [0, 100],
        [50, 150],
      ],
      150,
      150,
    ],
    [
      'covers what begins within the minute',
      [
        [0, 5],
        [30, 40],
      ],
      15,
      60,
    ],
    [
      'goes on from what begins within the minute',
      [
        [0, 5],
        [30, 100],
      ],
      75,
      100,
    ],
    [
      'is a minute for each burst apart',
      [
        [0, 5],
        [500, 505],
      ],
      10,
      120,
    ],
    [
      'does not depend on the order',
      [
        [500, 505],
        [0, 5],
      ],
      10,
      120,
    ],
  ])('%s', (_what, given, busy, billed) => {
    const intervals = given.map(([from, to]) => [from * second, to * second] as const);
    expect([busySeconds(intervals), billedSeconds(intervals)]).toEqual([busy, billed]);
  });
});

describe('Temporal Actions', () => {
  it('count starts, attempts, timers, upserts, signals, updates and children', () => {
    const events = [
      { type: 'WorkflowExecutionStarted', scheduled: true },
      { type: 'WorkflowTaskStarted' },
      { type: 'ActivityTaskScheduled' },
      { type: 'ActivityTaskStarted', attempt: 3 },
      { type: 'TimerStarted' },
      { type: 'UpsertWorkflowSearchAttributes' },
      { type: 'UpsertWorkflowSearchAttributes', versionOnly: true },
      { type: 'WorkflowExecutionSignaled', fromWorkflow: true },
      { type: 'WorkflowExecutionSignaled' },
      { type: 'SignalExternalWorkflowExecutionInitiated' },
      { type: 'WorkflowExecutionUpdateAccepted' },
      { type: 'StartChildWorkflowExecutionInitiated' },
    ];
    expect(countActions(events)).toBe(3 + 3 + 1 + 1 + 1 + 1 + 1 + 2);
    expect(countActions([{ type: 'WorkflowExecutionStarted', child: true }])).toBe(0);
  });
  it.each([
    [4, 60, 0],
    [5, 60, 1],
    [60, 60, 4],
    [180, 60, 7],
    [3600, 60, 83],
    [180, 30, 10],
  ])('of heartbeats in %d s, with a timeout of %d s, are %d', (seconds, timeout, beats) => {
    expect(heartbeatsIn(seconds, timeout)).toBe(beats);
  });
});

describe('the price list', () => {
  it('is dated, names a source for each price, and has all that is priced', () => {
    const list = priceListSchema.parse(ownPrices());
    const all = Object.values(list.regions).flatMap((region) => Object.values(region));
    expect(all.filter(({ source }) => !source.startsWith('https://'))).toEqual([]);
    const keys = ['sns-publish-million', 'ses-email-1000', 'dynamodb-pitr-gb-month', 'redshift-data-api-call'];
    expect(keys.map((key) => prices.price(key))).toEqual([0.5, 0.1, 0.2, 0]);
  });
});
