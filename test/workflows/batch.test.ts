import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchActivities } from '../../activities/batch.js';
import { FailureInterceptor } from '../../activities/failures.js';
import { batchPageKey, batchPages } from '../../model/batch-pages.js';
import type { BatchPages, BatchRun } from '../../model/batch-pages.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import type { batch } from '../../workflows/index.js';
import { startLocalS3 } from '../local/s3/local-s3.js';
import type { LocalS3 } from '../local/s3/local-s3.js';
import { startTestTemporal } from './stack.js';
import type { TestTemporal } from './stack.js';

const bucket = 'batches';

describe('a batch', () => {
  let s3: LocalS3;
  let temporal: TestTemporal;
  let worker: Worker;
  let running: Promise<void>;
  let connection: NativeConnection;

  const write = async (prefix: string, runs: readonly BatchRun[]): Promise<BatchPages> => {
    const pages = batchPages(runs);
    for (const [index, Body] of pages.entries()) {
      await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: batchPageKey(prefix, index + 1), Body }));
    }
    return { bucket, prefix, pages: pages.length };
  };
  const start = async (pages: BatchPages, concurrency: number) =>
    await temporal.client.workflow.start<typeof batch>('batch', {
      workflowId: `batch-${pages.prefix}`,
      taskQueue: 'batch',
      args: [{ batch: pages, workflowType: 'tiny', concurrency }],
    });
  const tiny = (prefix: string, count: number): BatchRun[] =>
    Array.from({ length: count }, (_, index) => ({ workflowId: `${prefix}-${index + 1}`, args: [index + 1] }));

  beforeAll(async () => {
    [s3, temporal] = await Promise.all([startLocalS3(), startTestTemporal()]);
    await s3.client.send(new CreateBucketCommand({ Bucket: bucket }));
    connection = await NativeConnection.connect({ address: temporal.env['TEMPORAL_ADDRESS'] });
    worker = await Worker.create({
      connection,
      taskQueue: 'batch',
      workflowBundle: await bundleWorkflows(join(import.meta.dirname, 'batch-children')),
      activities: createBatchActivities({ s3: s3.client }),
      interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
    await temporal?.stop();
    await s3?.close();
  });

  it('of 3,000 runs goes through them all, under 10,240 events an execution', async () => {
    const pages = await write('many', tiny('many', 3_000));
    const handle = await start(pages, 50);
    const result = await handle.result();
    expect(result).toEqual({
      pages: pages.pages,
      completed: 2_997,
      failed: 3,
      alreadyStarted: 0,
      failures: [1000, 2000, 3000].map((number) => ({
        workflowId: `many-${number}`,
        message: `number ${number} fails`,
      })),
    });
    const lengths: number[] = [];
    for await (const execution of temporal.client.workflow.list({ query: `WorkflowId = "${handle.workflowId}"` })) {
      lengths.push(execution.historyLength);
    }
    console.log(`a batch of 3,000 runs: executions of ${lengths.reverse().join(', ')} events`);
    expect(Math.max(...lengths)).toBeLessThan(10_240);
    expect(lengths.length).toBeGreaterThan(1);
  }, 300_000);

  it('does not start again what was started before', async () => {
    const pages = await write('again', tiny('again', 5));
    await (await start(pages, 5)).result();
    const handle = await temporal.client.workflow.start<typeof batch>('batch', {
      workflowId: 'batch-again-2',
      taskQueue: 'batch',
      args: [
        {
          batch: await write(
            'again-2',
            tiny('again', 6).map((run) => ({ ...run, workflowIdReusePolicy: 'REJECT_DUPLICATE' }))
          ),
          workflowType: 'tiny',
        },
      ],
    });
    expect(await handle.result()).toMatchObject({ completed: 1, alreadyStarted: 5, failed: 0 });
  });

  it('fails at once, and says why, when a page is not what it should be', async () => {
    await s3.client.send(
      new PutObjectCommand({ Bucket: bucket, Key: batchPageKey('broken', 1), Body: '[{"workflowId": 7}]' })
    );
    const handle = await start({ bucket, prefix: 'broken', pages: 1 }, 5);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('s3://batches/broken/page-000001.json: the page is not') } },
    });
  });
});

describe('pages of a batch', () => {
  it('hold at most a hundred runs and 1.5 MB', () => {
    const runs = Array.from({ length: 250 }, (_, index) => ({ workflowId: `r${index}`, args: ['x'.repeat(40_000)] }));
    const pages = batchPages(runs);
    expect(Math.max(...pages.map((page) => Buffer.byteLength(page)))).toBeLessThanOrEqual(1_500_100);
    expect(pages.flatMap((page) => JSON.parse(page) as BatchRun[])).toEqual(runs);
    expect(batchPages([])).toEqual([]);
  });
});
