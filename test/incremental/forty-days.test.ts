import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dueExports } from '../../client/due-exports.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/index.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltInput, EltProgress, EltResult, elt } from '../../workflows/index.js';
import { setRecovery } from '../local/dynamodb/local-dynamodb.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';
import { expected, itemOf, keysOf, smallShop, warehouseSql } from './small-shop.js';
import type { Expected, Kind } from './small-shop.js';

const hour = 3_600_000;
const day = 24 * hour;

describe('incremental runs', () => {
  const taskQueue = 'incremental';
  const plan = smallShop('forty-days', (text) => text.replace('onGap: full', 'onGap: approve, approvalHours: 24'));
  const table = new Map<number, { kind: Kind; value: number }>();
  // DynamoDB's days are in the past, so that runs, which never look into the future, can be told what is now.
  let now = Date.now() - 60 * day;
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let runs = 0;

  const start = async (given: Partial<EltInput> = {}, of: WarehousePlan = plan) => {
    runs += 1;
    const options = eltWorkflowOptions(of, deployment, `run-${runs}`, taskQueue);
    const [input] = options.args;
    const args: [EltInput] = [{ ...input, incremental: true, until: new Date(now).toISOString(), ...given }];
    return await temporal.client.workflow.start<typeof elt>('elt', { ...options, args });
  };
  const run = async (given: Partial<EltInput> = {}): Promise<EltResult> => (await start(given)).result();

  const put = async (id: number, kind: Kind, value: number): Promise<void> => {
    table.set(id, { kind, value });
    await aws.clients.dynamodb.send(
      new PutItemCommand({ TableName: plan.source.table, Item: itemOf(id, kind, value) })
    );
  };
  const remove = async (id: number): Promise<void> => {
    table.delete(id);
    await aws.clients.dynamodb.send(new DeleteItemCommand({ TableName: plan.source.table, Key: keysOf(id) }));
  };
  /** A day's writes: something new, something changed, something gone. */
  const writeDay = async (number: number): Promise<void> => {
    now += 8 * hour;
    await put(100 + number, number % 2 === 0 ? 'customer' : 'order', number);
    now += 4 * hour;
    await put(1 + (number % 5), number % 3 === 0 ? 'order' : 'customer', 1000 + number);
    if (number % 4 === 0) await remove(100 + number - 2);
    now += 12 * hour;
  };

  const held = async (): Promise<Expected> => {
    const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
    try {
      const rows = async (sql: string): Promise<string[]> =>
        (await warehouse.query(sql)).rows.map((row) => JSON.stringify(row)).sort();
      return { customers: await rows(warehouseSql.customers), sales: await rows(warehouseSql.sales), rejected: 0 };
    } finally {
      await warehouse.end();
    }
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws({ clock: () => now }), startTestTemporal()]);
    await provisionPlan(aws, plan);
    worker = await startWorker({
      configuration: { taskQueue },
      env: { ...aws.env, ...temporal.env },
      logLevel: 'silent',
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker.shutdown();
    await running;
    await temporal.stop();
    await aws.stop();
  });

  it('take the whole table first, and say so', async () => {
    for (let id = 1; id <= 5; id += 1) await put(id, id % 2 === 0 ? 'order' : 'customer', id);
    now += hour;
    const result = await run();
    expect(result).toMatchObject({ mode: 'full', items: 5, windows: [], reason: expect.stringContaining('loaded') });
    expect(result.watermark).toBe(new Date(now - 60_000).toISOString());
    expect(await held()).toEqual(expected(table));
  });

  it('change nothing when less than 15 minutes are due', async () => {
    const calls = aws.calls();
    now += 10 * 60_000;
    expect(await run()).toMatchObject({ mode: 'incremental', windows: [], items: 0, tables: {} });
    const started = ['glue.StartJobRun', 'dynamodb.ExportTableToPointInTime', 's3.DeleteObjects'];
    for (const name of started) expect(aws.calls()[name]).toBe(calls[name]);
  });

  it('keep up with 40 days, an outage of three and a gap among them', { timeout: 400_000 }, async () => {
    const events: number[] = [];
    let watermark = '';
    for (let number = 1; number <= 40; number += 1) {
      await writeDay(number);
      if (number >= 11 && number <= 13) continue; // nothing runs for three days
      if (number === 26) {
        await setRecovery(aws.clients.dynamodb, plan.source.table, false);
        await put(3, 'customer', 4711); // no export of changes will ever show this
        now += hour;
        await setRecovery(aws.clients.dynamodb, plan.source.table, true);
        now += hour;
        const handle = await start();
        let progress: EltProgress;
        do progress = await handle.query<EltProgress>('progress');
        while (progress.approvals?.pending.length !== 1);
        expect(progress.approvals.pending[0]).toMatchObject({ name: 'PITR_GAP' });
        expect(progress.gap?.from).toBe(watermark);
        await handle.executeUpdate('approve', { args: [{ by: 'ada', reason: 'we know' }] });
        const result = await handle.result();
        expect(result).toMatchObject({ mode: 'full', gap: { from: watermark } });
        expect(await held()).toEqual(expected(table));
        watermark = result.watermark ?? '';
        continue;
      }
      const handle = await start();
      const result = await handle.result();
      events.push((await handle.describe()).historyLength);
      expect(result.mode).toBe('incremental');
      expect(result.windows).toHaveLength(number === 14 ? 4 : [1, 27].includes(number) ? 2 : 1);
      if (watermark !== '') expect(result.windows[0]?.from).toBe(watermark);
      watermark = result.watermark ?? '';
      expect(result.windows.at(-1)?.to).toBe(watermark);
      if (number % 10 === 4) expect(await held()).toEqual(expected(table));
    }
    expect(await held()).toEqual(expected(table));
    expect(Math.max(...events)).toBeLessThan(200);
  });

  it('load what an earlier run left in the lake, though nothing else is due', async () => {
    await put(6, 'customer', 66);
    now += hour;
    const broken = plan.staging.map((wave) => wave.map((call) => ({ ...call, sql: 'CALL staging.nothing(:run_key)' })));
    await expect((await start({}, { ...plan, staging: broken })).result()).rejects.toThrow();
    expect(await held()).not.toEqual(expected(table));
    const calls = aws.calls();
    const result = await run();
    expect(result).toMatchObject({ mode: 'incremental', windows: [], items: 0 });
    expect(aws.calls()['dynamodb.ExportTableToPointInTime']).toBe(calls['dynamodb.ExportTableToPointInTime']);
    expect(await held()).toEqual(expected(table));
    expect(await run()).toMatchObject({ tables: {} });
  });

  it('leave in the warehouse what a full run would', async () => {
    now += hour;
    const before = await held();
    const full = await run({ incremental: false });
    expect(full).toMatchObject({ mode: 'full', items: table.size });
    expect(await held()).toEqual(before);
    const due = await dueExports(plan, deployment, aws.env);
    expect(due).toMatchObject({ kind: 'windows', from: full.watermark });
    expect(due.kind === 'windows' && due.windows.length).toBeGreaterThan(10);
  });

  it('fail by the name of the gap when the whole table is refused, and change nothing', async () => {
    await setRecovery(aws.clients.dynamodb, plan.source.table, false);
    await setRecovery(aws.clients.dynamodb, plan.source.table, true);
    now += hour;
    const before = await held();
    const handle = await start();
    while ((await handle.query<EltProgress>('progress')).approvals?.pending.length !== 1);
    await handle.executeUpdate('reject', { args: [{ by: 'ada', reason: 'at night' }] });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'PITR_GAP', message: expect.stringMatching(/rejected by ada \(at night\).*onGap: full/) },
    });
    expect(await held()).toEqual(before);
  });

  it('take the whole table at once when the model says so, also when the model has changed', async () => {
    const unasked = smallShop('forty-days');
    const gap = await (await start({}, unasked)).result();
    expect(gap).toMatchObject({ mode: 'full', gap: { reason: expect.stringContaining('point-in-time recovery') } });
    now += hour;
    const wider = smallShop('forty-days', (text) => text.replace('city: S }', 'city: S, email: S }'));
    const changed = await (await start({}, wider)).result();
    expect(changed).toMatchObject({ mode: 'full', reason: expect.stringContaining('item types') });
    expect(changed.gap).toBeUndefined();
    expect(await held()).toEqual(expected(table));
  });
});
