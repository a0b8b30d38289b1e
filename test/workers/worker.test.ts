import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TemporalServer } from '../../local/temporal/index.js';
import { searchAttributes } from '../../model/elt-run.js';
import { SearchAttributeError, TemporalConnectionError, startWorker } from '../../workers/index.js';
import { ensureSearchAttributes } from '../../workers/search-attributes.js';
import { sluice } from '../client/sluice.js';
import { startTestServer } from './temporal-server.js';

describe('the worker', () => {
  let server: TemporalServer;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    server = await startTestServer();
    env = { TEMPORAL_ADDRESS: server.address, AWS_REGION: 'us-east-1' };
  });
  afterAll(async () => server?.stop());

  const registered = async (): Promise<string[]> => {
    const connection = await NativeConnection.connect({ address: server.address });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      return Object.keys(customAttributes ?? {});
    } finally {
      await connection.close();
    }
  };

  it('registers the search attributes that the server lacks, polls, and drains when told to', async () => {
    expect(await registered()).not.toContain('SluiceTable');
    const worker = await startWorker({ configuration: { taskQueue: 'q1' }, env, logLevel: 'silent' });
    expect(worker.namespace).toBe('default');
    expect(await registered()).toEqual(expect.arrayContaining([...searchAttributes]));
    const running = worker.run();
    worker.shutdown();
    worker.shutdown();
    await running;
  });

  it('serves the task queues that it is told to, the second one at its rate', async () => {
    const connection = await NativeConnection.connect({ address: server.address });
    const kind = { workflows: 1, activities: 2 }; // temporal.api.enums.v1.TaskQueueType
    const pollers = async (name: string, taskQueueType: number): Promise<(number | null | undefined)[]> => {
      const query = { namespace: 'default', taskQueue: { name }, taskQueueType };
      const found = await connection.workflowService.describeTaskQueue(query);
      return (found.pollers ?? []).map(({ ratePerSecond }) => ratePerSecond);
    };
    const worker = { redshift: { activitiesPerSecond: 7 } };
    const start = (taskQueue: string, queues?: readonly ('main' | 'redshift')[]) =>
      startWorker({ configuration: { taskQueue, worker }, queues, env, logLevel: 'silent', shutdownGraceTime: 0 });
    const workers = [await start('both'), await start('one', ['redshift'])];
    const running = workers.map((one) => one.run());
    try {
      await expect.poll(() => pollers('both-redshift', kind.activities)).toEqual([7]);
      await expect.poll(() => pollers('both', kind.activities)).toEqual([100_000]);
      await expect.poll(() => pollers('both', kind.workflows)).not.toEqual([]);
      await expect.poll(() => pollers('one-redshift', kind.activities)).toEqual([7]);
      expect(await pollers('one', kind.activities)).toEqual([]);
      expect(await pollers('one', kind.workflows)).toEqual([]);
    } finally {
      workers.forEach((one) => one.shutdown());
      await Promise.all(running);
      await connection.close();
    }
    const unknown = await sluice(['worker', '--queues', 'main,glue']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('It takes some of main, redshift.');
  });

  it('ends at once when it was told to before it ran', async () => {
    const worker = await startWorker({ configuration: { taskQueue: 'q2' }, env, logLevel: 'silent' });
    worker.shutdown();
    await worker.run();
  });

  it('says where it looked for Temporal when nobody answers there', async () => {
    const nobody = { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const starting = startWorker({ configuration: { taskQueue: 'q3' }, env: nobody, logLevel: 'silent' });
    await expect(starting).rejects.toThrow(TemporalConnectionError);
    await expect(starting).rejects.toThrow(/127\.0\.0\.1:1\b.*\n.*TEMPORAL_ADDRESS/);
  });

  it('says which commands create the search attributes when it may not', async () => {
    const connection = await NativeConnection.connect({ address: server.address });
    try {
      const { workflowService, operatorService } = connection;
      const day = 86_400;
      await workflowService.registerNamespace({
        namespace: 'full',
        workflowExecutionRetentionPeriod: { seconds: day as never }, // typed as a Long, sent as it is
      });
      // The server's SQL visibility has ten columns for keywords.
      const keywords = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`Keyword${index}`, 2 as const]));
      await expect
        .poll(() => operatorService.addSearchAttributes({ namespace: 'full', searchAttributes: keywords }), {
          timeout: 30_000,
        })
        .toBeDefined();
      const refused = await ensureSearchAttributes(connection, 'full').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(SearchAttributeError);
      expect(String(refused)).toContain(
        'temporal operator search-attribute create --namespace full --name SluiceVerdict --type Keyword'
      );
    } finally {
      await connection.close();
    }
  });

  it('says how to create a namespace that is not there', async () => {
    const elsewhere = { ...env, TEMPORAL_NAMESPACE: 'nowhere' };
    const starting = startWorker({ configuration: { taskQueue: 'q4' }, env: elsewhere, logLevel: 'silent' });
    await expect(starting).rejects.toThrow(/no namespace nowhere[\s\S]*temporal operator namespace create/);
  });
});
