import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TemporalServer } from '../../local/temporal/index.js';
import { backlogLine, publishBacklog, readBacklog } from '../../workers/backlog.js';
import { startTestServer } from './temporal-server.js';

describe('the backlog of a task queue', () => {
  let server: TemporalServer;
  let connection: NativeConnection;
  beforeAll(async () => {
    server = await startTestServer();
    connection = await NativeConnection.connect({ address: server.address });
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  it('counts what no worker has taken', async () => {
    const query = { connection, namespace: 'default', taskQueue: 'nobody' };
    expect(await readBacklog(query)).toEqual({ tasks: 0, workers: 0 });
    const client = new Client({ connection: await Connection.connect({ address: server.address }) });
    for (const workflowId of ['one', 'two', 'three']) {
      await client.workflow.start('anything', { workflowId, taskQueue: query.taskQueue });
    }
    await expect.poll(() => readBacklog(query)).toEqual({ tasks: 3, workers: 0 });
    const lines: string[] = [];
    const publication = publishBacklog({
      ...query,
      write: (line) => lines.push(line),
      onWarning: (message) => lines.push(message),
      everyMilliseconds: 20,
    });
    await expect.poll(() => lines.length).toBeGreaterThan(1);
    publication.stop();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ TaskQueue: 'nobody', TaskQueueBacklogPerWorker: 3 });
    await client.connection.close();
  });

  it('is told once when it cannot be had', async () => {
    const told: string[] = [];
    let asked = 0;
    const refusing = {
      workflowService: {
        describeTaskQueue: () => {
          asked += 1;
          return Promise.reject(new Error('PERMISSION_DENIED'));
        },
      },
    } as unknown as NativeConnection;
    const publication = publishBacklog({
      connection: refusing,
      namespace: 'default',
      taskQueue: 'elt',
      write: (line) => told.push(line),
      onWarning: (message) => told.push(message),
      everyMilliseconds: 5,
    });
    await expect.poll(() => asked).toBeGreaterThan(5);
    publication.stop();
    expect(told).toEqual(['Temporal does not tell the backlog of elt: Error: PERMISSION_DENIED']);
  });

  it('is a metric in CloudWatch’s embedded format', () => {
    const line = JSON.parse(backlogLine('elt', { tasks: 50, workers: 4 }, new Date(1_000))) as {
      _aws: { Timestamp: number; CloudWatchMetrics: { Metrics: { Name: string }[]; Dimensions: string[][] }[] };
    } & Record<string, unknown>;
    expect(line._aws.Timestamp).toBe(1_000);
    const [directive] = line._aws.CloudWatchMetrics;
    // Every metric and dimension that the directive names is a member of the line.
    for (const name of [
      ...(directive?.Metrics ?? []).map(({ Name }) => Name),
      ...(directive?.Dimensions ?? []).flat(),
    ]) {
      expect(line).toHaveProperty(name);
    }
    expect(line).toMatchObject({ TaskQueueBacklog: 50, TaskQueueWorkers: 4, TaskQueueBacklogPerWorker: 12.5 });
  });
});
