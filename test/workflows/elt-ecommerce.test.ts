import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { loadItems } from '../../local/environment/load-items.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { compile, loadModel } from '../../model/index.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltResult, elt } from '../../workflows/index.js';
import { root } from '../client/sluice.js';
import { expectedWarehouse } from '../e2e/expected-warehouse.js';
import { sdkCalls } from '../infra/sdk-calls.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';

describe('the ecommerce example', () => {
  const taskQueue = 'elt-ecommerce';
  const plan = compile(loadModel(join(import.meta.dirname, '..', '..', 'examples', 'ecommerce', 'warehouse.yaml')));
  const items = [...generateItems({ items: 400, seed: 7 })];
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let first: EltResult;
  let historyEvents: number;
  let callsBefore: Record<string, number>;

  const run = async (runKey: string): Promise<EltResult> => {
    const handle = await temporal.client.workflow.start<typeof elt>(
      'elt',
      eltWorkflowOptions(plan, deployment, runKey, taskQueue)
    );
    const result = await handle.result();
    historyEvents = (await handle.describe()).historyLength;
    return result;
  };

  /** All rows of dwh, in an order that does not depend on when they were written. */
  const dwh = async (): Promise<string> => {
    const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
    try {
      const tables = Object.keys(first.tables).filter((table) => table.startsWith('dwh.'));
      const texts = [];
      for (const table of tables) {
        const [schema = '', name = ''] = table.split('.');
        const { rows } = await warehouse.query<{ row: string }>(
          `SELECT t::text AS row FROM ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)} t ORDER BY 1`
        );
        texts.push(`${table}\n${rows.map(({ row }) => row).join('\n')}`);
      }
      return texts.join('\n');
    } finally {
      await warehouse.end();
    }
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws(), startTestTemporal()]);
    await provisionPlan(aws, plan);
    await loadItems(aws.clients.dynamodb, plan.source, items);
    worker = await startWorker({
      configuration: { taskQueue },
      env: { ...aws.env, ...temporal.env },
      logLevel: 'silent',
    });
    running = worker.run();
    callsBefore = aws.calls();
    first = await run('first');
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await temporal?.stop();
    await aws?.stop();
  });

  it('loads the warehouse that the items say', () => {
    const expected = expectedWarehouse(items);
    expect(first.items).toBe(new Set(items.map(({ PK, SK }) => `${PK?.S}|${SK?.S}`)).size);
    expect(first.tables).toMatchObject(expected.tables);
    const unknown = first.unknownMembers.filter(({ rows }) => rows > 0).map(({ dimension, rows }) => [dimension, rows]);
    const wanted = Object.entries(expected.unknownMembers).filter(([, rows]) => rows > 0);
    expect(Object.fromEntries(unknown)).toEqual(Object.fromEntries(wanted));
    expect(first.rejected).toEqual({});
  });

  it('calls no operation of AWS but those that infra/ tells from the code and grants', async () => {
    const seen = Object.entries(aws.calls()).filter(([name, count]) => count > (callsBefore[name] ?? 0));
    const known = new Set((await sdkCalls(root, 'activities')).map(({ operation }) => operation));
    expect(seen.map(([name]) => name)).toContain('glue.StartJobRun');
    expect(seen.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('keeps its history under 200 events', () => {
    expect(historyEvents).toBeLessThan(200);
  });

  it('leaves the same rows when it runs again', async () => {
    const before = await dwh();
    const again = await run('second');
    expect(again.tables).toEqual(first.tables);
    expect(await dwh()).toBe(before);
  });
});
