import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { loadItems } from '../../local/environment/load-items.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { compile, loadModel } from '../../model/index.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltResult, RestoreResult, archive, elt, restore } from '../../workflows/index.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';
import { failureOf } from './failure-of.js';

describe('archive and restore', () => {
  const taskQueue = 'archive';
  const plan = compile(loadModel(join(import.meta.dirname, '..', '..', 'examples', 'ecommerce', 'warehouse.yaml')));
  const { table } = plan.source;
  const items = [...generateItems({ items: 60, seed: 7 })];
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let misbehave: (call: InterceptedCall) => Promise<void> | void = () => undefined;
  let first: string;
  let firstSales: string;
  let second: string;
  let runs = 0;

  const keys = async (Bucket: string, Prefix = `${table}/`): Promise<string[]> => {
    const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return Contents.map(({ Key = '' }) => Key);
  };
  const run = async (runKey: string): Promise<EltResult> => {
    const options = eltWorkflowOptions(plan, deployment, runKey, taskQueue);
    return await temporal.client.workflow.execute<typeof elt>('elt', options);
  };
  const startRestore = (options: object): Promise<WorkflowHandle<typeof restore>> =>
    temporal.client.workflow.start<typeof restore>('restore', {
      taskQueue,
      workflowId: `restore-${++runs}`,
      args: [{ plan, deployment, runKey: `restore-${runs}`, ...options }],
    });

  const query = async (sql: string): Promise<string> => {
    const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
    try {
      const { rows = [] } = await warehouse.query<{ row: string }>(sql);
      return rows.map(({ row }) => row).join('\n');
    } finally {
      await warehouse.end();
    }
  };
  /** All rows of dwh, in an order that does not depend on when they were written. */
  const dwh = async (): Promise<string> => {
    const texts = [];
    for (const name of ['customer', 'address', 'product', 'date', 'order']) {
      texts.push(name, await query(`SELECT t::text AS row FROM dwh."${name}" t ORDER BY 1`));
    }
    return texts.join('\n');
  };
  /** What dwh says, without the surrogate keys. */
  const sales = () =>
    query(`SELECT concat_ws('|', c.username, c.email, a.city, p.productid, p.category, d.date, o.price) AS row
      FROM dwh."order" o JOIN dwh.customer c USING (customerkey) JOIN dwh.address a USING (addresskey)
      JOIN dwh.product p USING (productkey) JOIN dwh.date d USING (datekey) ORDER BY 1`);

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([
      startTestAws({ intercept: [(call) => misbehave(call)] }),
      startTestTemporal(),
    ]);
    await provisionPlan(aws, plan);
    await loadItems(aws.clients.dynamodb, plan.source, items);
    const env = { ...aws.env, ...temporal.env };
    worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    running = worker.run();
    await run('first');
    first = await dwh();
    firstSales = await sales();
    const changed = items.map((item) => {
      if (item['email']) return { ...item, email: { S: `new-${item['email'].S}` } };
      return item['price'] ? { ...item, price: { N: '1' } } : item;
    });
    await loadItems(aws.clients.dynamodb, plan.source, changed);
    await run('second');
    second = await dwh();
  });
  afterEach(() => (misbehave = () => undefined));
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await temporal?.stop();
    await aws?.stop();
  });

  it('archives raw and lake before each export, so that they hold one generation', async () => {
    const handle = temporal.client.workflow.getHandle<typeof elt>('elt-ecommerce-second');
    const exports = new Set((await keys(deployment.buckets.raw)).map((key) => key.split('/')[2]));
    expect(exports.size).toBe(1);
    const archived = await keys(deployment.buckets.rawArchive);
    expect(archived.some((key) => key.includes('/AWSDynamoDB/'))).toBe(true);
    expect(archived.some((key) => key.includes([...exports][0] ?? ''))).toBe(false);
    const stamps = new Set((await keys(deployment.buckets.lakeArchive)).map((key) => key.split('/')[1]));
    const description = await handle.describe();
    const stamp = `${description.startTime.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
    expect(stamps).toContain(stamp);
    expect(description.historyLength).toBeLessThan(200);
    const child = await temporal.client.workflow.getHandle<typeof archive>('elt-ecommerce-second/archive').result();
    expect(child.layers.lake).toMatchObject({ stamp, changed: 0 });
    expect(child.layers.lake.objects).toBeGreaterThan(3);
    expect(child.layers.raw.deleted).toBe(child.layers.raw.objects);
  });

  it('refuses to restore over other objects, and says how to', async () => {
    const before = [await keys(deployment.buckets.lake), await keys(deployment.buckets.lakeArchive)];
    expect(await failureOf(await startRestore({}))).toMatch(/sluice-lake\/.* holds other objects.*--overwrite/);
    expect([await keys(deployment.buckets.lake), await keys(deployment.buckets.lakeArchive)]).toEqual(before);
    expect(await failureOf(await startRestore({ at: '2020-01-01T00:00:00Z' }))).toMatch(/no complete generation at or/);
  });

  it('brings the lake of the first run back, loads the warehouse from it, and can be taken back', async () => {
    expect(second).not.toBe(first);
    const result: RestoreResult = await (await startRestore({ overwrite: true, reload: true })).result();
    expect(await dwh()).toBe(first);
    expect(result.layers.lake?.objects).toBeGreaterThan(3);
    expect(result.replaced?.layers.lake.objects).toBeGreaterThan(3);
    const live = (await keys(deployment.buckets.lake)).map((key) => `${table}/${result.stamp}/${key}`);
    expect(await keys(deployment.buckets.lakeArchive, `${table}/${result.stamp}/${table}/`)).toEqual(live);

    // Nothing was lost: what was replaced is the latest generation now.
    await (await startRestore({ overwrite: true, reload: true })).result();
    expect(await dwh()).toBe(second);
  });

  it('loads a warehouse that was lost', async () => {
    await query('DROP SCHEMA landing CASCADE; DROP SCHEMA staging CASCADE; DROP SCHEMA dwh CASCADE');
    const { reloaded } = await (await startRestore({ overwrite: true, reload: true })).result();
    expect(reloaded?.tables['dwh.order']).toBeGreaterThan(0);
    // The generation that the restore before took away: the first run's.
    expect(await sales()).toBe(firstSales);
    expect(firstSales).not.toBe('');
  });

  it('continues as new within its bounds, also when it restores', async () => {
    const count = 60;
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        aws.clients.s3.send(
          new PutObjectCommand({
            Bucket: deployment.buckets.lake,
            Key: `many/${String(n).padStart(3, '0')}`,
            Body: String(n),
          })
        )
      )
    );
    const many = { ...plan, name: 'many', source: { ...plan.source, table: 'many' } };
    const limits = { pageObjects: 5, pagesPerActivity: 1, activitiesPerExecution: 5 };
    const handle = await temporal.client.workflow.start<typeof archive>('archive', {
      taskQueue,
      workflowId: 'archive-many',
      args: [{ plan: many, deployment, runKey: 'many', limits }],
    });
    const firstRun = handle.firstExecutionRunId;
    expect((await handle.result()).layers).toMatchObject({
      lake: { objects: count, deleted: count },
      raw: { objects: 0 },
    });
    expect(await keys(deployment.buckets.lake, 'many/')).toEqual([]);
    const description = await temporal.client.workflow.getHandle('archive-many').describe();
    expect(description.runId).not.toBe(firstRun);

    const { historyLength } = await temporal.client.workflow.getHandle('archive-many', firstRun).describe();
    // Five activities of the lake, one of raw, and what begins the archive; 100,000 objects are twenty a layer.
    const perActivity = historyLength / 7;
    const hundredThousand = Math.ceil(perActivity * (2 * 20 + 2));
    console.log(
      `an archive of 100,000 objects: about ${hundredThousand} events (${perActivity.toFixed(1)} an activity)`
    );
    expect(hundredThousand).toBeLessThan(1_000);

    const restored = await startRestore({ plan: many, limits });
    expect((await restored.result()).layers).toEqual({ lake: { objects: count, bytes: 110 } });
    expect(await keys(deployment.buckets.lake, 'many/')).toHaveLength(count);
  });

  it('ends with the run that is cancelled, and the next one completes it', async () => {
    const before = await keys(deployment.buckets.lake);
    let copying: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (copying = resolve));
    misbehave = async ({ operation, phase, signal }) => {
      if (operation !== 'CopyObject' || phase !== 'before') return;
      copying();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    };
    const options = eltWorkflowOptions(plan, deployment, 'cancelled', taskQueue);
    const handle = await temporal.client.workflow.start<typeof elt>('elt', options);
    await reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    const child = temporal.client.workflow.getHandle(`${handle.workflowId}/archive`);
    expect((await child.describe()).status.name).toBe('CANCELLED');
    expect(await keys(deployment.buckets.lake)).toEqual(before);
    misbehave = () => undefined;
    await run('third');
    const archived = await keys(deployment.buckets.lakeArchive);
    const stamps = [
      ...new Set(
        archived.filter((key) => before.some((name) => key.endsWith(`/${name}`))).map((key) => key.split('/')[1])
      ),
    ];
    const made = await temporal.client.workflow.getHandle<typeof archive>('elt-ecommerce-third/archive').result();
    expect(made.layers.lake).toMatchObject({ objects: before.length, stamp: stamps.at(-1) });
  });
});
