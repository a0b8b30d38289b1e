import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadItems } from '../../local/environment/load-items.js';
import { SluiceClient } from '../../client/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import { compile, parseModel } from '../../model/index.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import { sluice } from '../client/sluice.js';
import type { Ended } from '../client/sluice.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';
import { shopItems, shopModel } from './crash/shop.js';

interface Document {
  readonly workflowId: string;
  readonly [member: string]: unknown;
}

describe('sluice run batch', () => {
  let folder: string;
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let working: Promise<void>;

  const run = (...args: string[]): Promise<Ended> =>
    sluice(['run', 'batch', ...args], { cwd: folder, env: { ...aws.env, ...temporal.env } as Record<string, string> });
  const workflows = async (): Promise<string[]> => {
    const found = [];
    for await (const { workflowId } of temporal.client.workflow.list()) found.push(workflowId);
    return found.sort();
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice batch '));
    [aws, temporal] = await Promise.all([startTestAws(), startTestTemporal()]);
    for (const suffix of ['one', 'two', 'absent']) await writeFile(join(folder, `${suffix}.yaml`), shopModel(suffix));
    await writeFile(join(folder, 'sluice.yaml'), 'redshift: { database: salesdwh }\n');
    for (const suffix of ['one', 'two']) {
      const plan = compile(parseModel(shopModel(suffix), `${suffix}.yaml`));
      await provisionPlan(aws, plan);
      await loadItems(aws.clients.dynamodb, plan.source, shopItems);
    }
    const env = { ...aws.env, ...temporal.env };
    worker = await startWorker({ configuration: { taskQueue: 'sluice' }, env, logLevel: 'silent' });
    working = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await working;
    await temporal?.stop();
    await aws?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts nothing when a model is not usable, or two have one name', async () => {
    await writeFile(join(folder, 'bad.yml'), shopModel('bad').replace('key: username', 'key: usernam'));
    const bad = await run('.', '--json');
    expect(bad.code, bad.stderr).toBe(2);
    expect(bad.document).toMatchObject({
      error: { problems: [expect.stringMatching(/bad\.yml: \d+:\d+ dimensions\.customer_bad\.key: .*usernam/)] },
    });
    await rm(join(folder, 'bad.yml'));
    await writeFile(join(folder, 'same.yaml'), shopModel('one'));
    const same = await run('one.yaml', 'same.yaml');
    await rm(join(folder, 'same.yaml'));
    expect(same.code).toBe(2);
    expect(same.stderr).toContain('have the name shop-one');
    expect((await run('nowhere.yaml')).code).toBe(2);
    expect((await run('one.yaml', '--concurrency', '0')).code).toBe(2);
    expect(await workflows()).toEqual([]);
  });

  it('runs all models of a folder, and ends with 1 naming the one that failed', async () => {
    const { code, stdout, stderr, document } = await run('.', '--run-key', 'k1', '--watch', '--json');
    expect(code, stderr).toBe(1);
    expect(document).toMatchObject({
      runKey: 'k1',
      status: 'COMPLETED',
      alreadyRan: false,
      completed: 2,
      failed: 1,
      alreadyStarted: 0,
      runs: ['absent', 'one', 'two'].map((name) => ({ model: `shop-${name}`, workflowId: `elt-shop-${name}-k1` })),
      failures: [{ workflowId: 'elt-shop-absent-k1', message: expect.stringMatching(/shop_absent: TableNotFound/) }],
      error: { message: expect.stringMatching(/^1 of 3 runs failed/) },
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
    const orders = async (suffix: string) =>
      (await warehouse.query(`SELECT amount FROM dwh.order_${suffix} ORDER BY amount`)).rows;
    const expected = shopItems.filter(({ type }) => type !== undefined && 'S' in type && type.S === 'order').length;
    expect(await orders('one')).toHaveLength(expected);
    expect(await orders('two')).toEqual(await orders('one'));
    await warehouse.end();
  });

  it('reports the batch of a key that is there, and starts nothing', async () => {
    const before = await workflows();
    const again = await run('one.yaml', 'two.yaml', 'absent.yaml', '--run-key', 'k1');
    expect(again.code, again.stderr).toBe(1);
    expect(again.stderr).toContain('was there already: COMPLETED');
    expect(again.stdout).toMatch(/^elt-shop-absent-k1: .*shop_absent: TableNotFound/m);
    expect(await workflows()).toEqual(before);
  });

  it('is there for programs, and starts without waiting', async () => {
    const configuration = { ...loadConfiguration({ env: {} }), deployment };
    const client = await SluiceClient.connect({ configuration, env: { ...aws.env, ...temporal.env } });
    try {
      const plans = ['one', 'two'].map((suffix) => compile(parseModel(shopModel(suffix), `${suffix}.yaml`)));
      const started = await client.batches.start(plans, { runKey: 'k2', concurrency: 1 });
      expect(started).toMatchObject({ runKey: 'k2', alreadyRan: false, status: 'RUNNING' });
      const other = await run('two.yaml', 'one.yaml', '--run-key', 'k2', '--json');
      expect(other.code, other.stderr).toBe(0);
      expect((other.document as Document).workflowId).toBe(started.workflowId);
      expect(await client.batches.result(started.workflowId)).toMatchObject({ completed: 2, failed: 0 });
    } finally {
      await client.close();
    }
  });
});
