import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import type { SluiceProcess } from '../client/sluice.js';
import { startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';
import { evidenceOf } from './crash/evidence.js';
import { openShop } from './crash/fleet.js';
import type { Shop } from './crash/fleet.js';
import { hasProc } from './process-tree.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

const atOnce = 50;

/** Peak of a process's resident memory, bytes. */
function peakMemory({ child }: SluiceProcess): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

describe('many pipelines', () => {
  /** The run of every statement that changes staging or dwh, in the order in which the warehouse got them. */
  const writers: string[] = [];
  let scene: Scene;
  let aws: TestAws;
  let temporal: TestTemporal;
  let warehouse: pg.Client;
  let workers: SluiceProcess[];
  let shops = 0;

  const note = ({ phase, input }: InterceptedCall): void => {
    const [, run] = /^sluice (\S+ \S+) (staging|dwh)\./.exec(String(input['StatementName'])) ?? [];
    if (run !== undefined && phase === 'before') writers.push(run);
  };
  const rowsOf = async (sql: string): Promise<string[]> =>
    (await warehouse.query<{ row: string }>(`SELECT q::text AS row FROM (${sql}) q ORDER BY 1`)).rows.map(
      ({ row }) => row
    );
  const customersOf = (table: string) => rowsOf(`SELECT username, email FROM dwh.${table} WHERE ${table}key > 0`);
  const ordersOf = ({ suffix }: Shop, customer: string) =>
    rowsOf(
      `SELECT k.orderid, o.amount, c.username FROM dwh.order_${suffix} o
         JOIN staging.order_${suffix}key k USING (order_${suffix}key) JOIN dwh.${customer} c USING (${customer}key)`
    );

  beforeAll(async () => {
    scene = await makeScene('many');
    [aws, temporal] = await Promise.all([startTestAws({ intercept: [note] }), startTestTemporal()]);
    const env = { ...aws.env, ...temporal.env } as Record<string, string>;
    // The local Data API has no quotas to be kept.
    writeFileSync(join(scene.folder, 'sluice.yaml'), 'worker: { redshift: { activitiesPerSecond: 0 } }\n');
    workers = [scene.start(['worker'], env), scene.start(['worker'], env)];
    warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
  });
  afterAll(async () => {
    await warehouse?.end();
    workers?.forEach(({ child }) => child.kill('SIGKILL'));
    await temporal?.stop();
    await aws?.stop();
    await scene?.remove();
  });

  it('that load one table through two workers do so one after the other, and lose nothing', async () => {
    const items = [...generateItems({ items: 200, seed: 3 })].filter(({ type }) => type?.S !== 'product');
    const customers = [...new Set(items.map(({ PK }) => PK?.S))];
    const halves = [0, 1].map((half) => items.filter(({ PK }) => customers.indexOf(PK?.S) % 2 === half));
    const open = (customer?: string) =>
      Promise.all(halves.map((half) => openShop(aws, shops++, { items: half, ...(customer && { customer }) })));
    const [sharing, alone] = [await open('customer_shared'), await open()];
    const runs = ['run-1', 'run-2'].flatMap((runKey) => sharing.map((shop) => ({ shop, runKey })));
    await Promise.all(runs.map(async ({ shop, runKey }) => (await shop.start(temporal.client, runKey)).result()));
    const inTurn = writers.filter((run, at) => run !== writers[at - 1]);
    expect(inTurn.length, inTurn.join(', ')).toBe(runs.length);
    expect(new Set(inTurn).size).toBe(runs.length);

    for (const shop of alone) await (await shop.start(temporal.client)).result();
    const expected = await Promise.all(alone.map(({ suffix }) => customersOf(`customer_${suffix}`)));
    expect(Math.min(...expected.map((rows) => rows.length))).toBeGreaterThan(1);
    expect(await customersOf('customer_shared')).toEqual(expected.flat().sort());
    for (const [index, shop] of sharing.entries()) {
      const undisturbed = alone[index] as Shop;
      expect(await ordersOf(shop, 'customer_shared')).toEqual(
        await ordersOf(undisturbed, `customer_${undisturbed.suffix}`)
      );
    }
  }, 300_000);

  it(`go through one worker ${atOnce} at once, in bounded memory`, async () => {
    const [worker, other] = workers as [SluiceProcess, SluiceProcess];
    other.child.kill('SIGTERM');
    expect(await other.ended, other.stderr()).toBe(0);
    const fleet = await Promise.all(Array.from({ length: atOnce + 1 }, () => openShop(aws, shops++)));
    const [first, ...rest] = fleet as [Shop, ...Shop[]];
    await (await first.start(temporal.client)).result();
    const undisturbed = await evidenceOf(aws, first.plan);
    expect(new Set(Object.values(undisturbed.starts))).toEqual(new Set([1]));

    const before = hasProc ? peakMemory(worker) : 0;
    await Promise.all(rest.map(async (shop) => (await shop.start(temporal.client)).result()));
    for (const { plan } of rest) expect(await evidenceOf(aws, plan), plan.name).toEqual(undisturbed);
    if (!hasProc) return;
    const mebibytes = [before, peakMemory(worker)].map((bytes) => Math.round(bytes / 2 ** 20));
    console.log(`a worker's peak: ${mebibytes[0]} MiB before, ${mebibytes[1]} MiB with ${atOnce} runs at once`);
    expect(mebibytes[1]).toBeLessThan(1536);
  }, 600_000);
});
