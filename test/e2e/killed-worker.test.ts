import { setTimeout } from 'node:timers/promises';
import { GetJobRunsCommand, GetJobsCommand, GlueClient } from '@aws-sdk/client-glue';
import { ListExportsCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetails } from '../../client/run-types.js';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { lastLine } from '../client/sluice.js';
import { expectedWarehouse } from './expected-warehouse.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

describe('a worker that is killed in the middle of a run', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene('killed');
  });
  afterAll(async () => {
    await scene.remove();
  });

  it('is replaced by another, and nothing is started twice', async () => {
    const up = scene.start(['up', '--no-worker', '--json']);
    await up.seen('"temporalUi"');
    scene.note();
    const { env } = lastLine(up.stdout()) as { env: Record<string, string> };
    const show = async (runKey: string): Promise<RunDetails> => {
      const command = scene.start(['show', runKey, '--json'], env);
      expect(await command.ended, command.stderr()).toBe(0);
      return lastLine(command.stdout()) as RunDetails;
    };
    const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] });
    const temporal = new Client({ connection });

    let worker = scene.start(['worker'], env);
    const run = scene.start(['run', 'elt', '--json'], env);
    expect(await run.ended, run.stderr()).toBe(0);
    const { runKey, workflowId } = lastLine(run.stdout()) as { runKey: string; workflowId: string };
    const stageNow = async (): Promise<unknown> => {
      const { typedSearchAttributes } = await temporal.workflow.getHandle(workflowId).describe();
      return typedSearchAttributes.get({ name: 'SluiceStage', type: 'KEYWORD' });
    };
    for (const stage of ['export', 'landing']) {
      while ((await stageNow()) !== stage) await setTimeout(20);
      worker.child.kill('SIGKILL');
      await worker.ended;
      worker = scene.start(['worker'], env);
    }
    await connection.close();
    const watch = scene.start(['run', 'elt', '--run-key', runKey, '--watch', '--json'], env);
    expect(await watch.ended, watch.stderr()).toBe(0);

    const expected = expectedWarehouse(generateItems({ items: 5_000 }));
    const { result } = await show(runKey);
    expect(result?.tables).toEqual(expected.tables);

    const settings = {
      endpoint: env['AWS_ENDPOINT_URL'],
      region: env['AWS_REGION'],
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const glue = new GlueClient(settings);
    const { Jobs = [] } = await glue.send(new GetJobsCommand({}));
    expect(Jobs).toHaveLength(2);
    for (const { Name } of Jobs) {
      const { JobRuns } = await glue.send(new GetJobRunsCommand({ JobName: Name }));
      expect(JobRuns, Name).toHaveLength(1);
    }
    const dynamodb = new DynamoDBClient(settings);
    const { ExportSummaries } = await dynamodb.send(new ListExportsCommand({}));
    expect(ExportSummaries).toHaveLength(1);
    glue.destroy();
    dynamodb.destroy();

    scene.note();
    worker.child.kill('SIGTERM');
    expect(await worker.ended, worker.stderr()).toBe(0);
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect((await scene.leftovers()).processes).toEqual([]);
  }, 300_000);
});
