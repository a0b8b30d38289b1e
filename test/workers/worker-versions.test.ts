import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluiceClient } from '../../client/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { defaultWorkerSettings } from '../../model/worker-settings.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { elt } from '../../workflows/index.js';
import { miniPlan } from '../workflows/mini-plan.js';
import { ScriptedJobs } from '../workflows/scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';

const namespace = 'default';
const deploymentName = 'sluice';

describe('versions of the worker', () => {
  const taskQueue = 'versioned';
  const jobs = new ScriptedJobs();
  const plan = miniPlan('mini');
  const working = new Map<string, { readonly worker: SluiceWorker; readonly running: Promise<void> }>();
  let aws: TestAws;
  let temporal: TestTemporal;
  let connection: Connection;

  const startVersion = async (buildId: string): Promise<void> => {
    const worker = await startWorker({
      configuration: { taskQueue, worker: { ...defaultWorkerSettings, deployment: deploymentName, buildId } },
      env: { ...aws.env, ...temporal.env },
      logLevel: 'silent',
      shutdownGraceTime: 0,
    });
    expect(worker.version).toEqual({ deploymentName, buildId });
    working.set(buildId, { worker, running: worker.run() });
  };
  const stopVersion = async (buildId: string): Promise<void> => {
    const { worker, running } = working.get(buildId) ?? {};
    working.delete(buildId);
    worker?.shutdown();
    await running;
  };
  /** As `temporal worker deployment set-current-version` does; a version is known once its workers have polled. */
  const makeCurrent = async (buildId: string): Promise<void> => {
    await expect
      .poll(
        () =>
          connection.workflowService
            .setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, identity: 'test' })
            .then(
              () => 'done',
              (error: Error) => error.message
            ),
        { timeout: 60_000, interval: 500 }
      )
      .toBe('done');
  };
  const start = (runKey: string) =>
    temporal.client.workflow.start<typeof elt>('elt', eltWorkflowOptions(plan, deployment, runKey, taskQueue));
  /** Build ids of the versions that completed workflow tasks, as what; names of activities with their task queues. */
  const versionsOf = async (workflowId: string) => {
    const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
    const completed = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: one }) => one ?? []);
    const queues = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) =>
      one ? [[one.activityType?.name, one.taskQueue?.name] as const] : []
    );
    return {
      builds: [...new Set(completed.map(({ deploymentVersion }) => deploymentVersion?.buildId))],
      behaviors: [...new Set(completed.map(({ versioningBehavior }) => versioningBehavior))],
      latest: completed.at(-1)?.versioningBehavior,
      queues,
    };
  };
  const pinned = 1; // temporal.api.enums.v1.VersioningBehavior
  const autoUpgrade = 2;

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws({ scripts: jobs.scripts }), startTestTemporal()]);
    await provisionPlan(aws, plan);
    connection = await Connection.connect({ address: temporal.env.TEMPORAL_ADDRESS });
    await startVersion('v1');
  });
  afterAll(async () => {
    await Promise.all([...working.keys()].map(stopVersion));
    await connection?.close();
    await temporal?.stop();
    await aws?.stop();
  });

  it('ends a run on the version it began on, gives new ones to the current, and moves the lock along', async () => {
    await makeCurrent('v1');
    const release = jobs.hold('land_thing_job');
    const first = await start('first');
    await expect
      .poll(async () => (await first.query<{ stages: { name: string; state: string }[] }>('progress')).stages, {
        timeout: 60_000,
      })
      .toContainEqual(expect.objectContaining({ name: 'landing', state: 'running' }));
    const { lock: lockId } = (await first.query<{ lock: { lock: string } }>('progress')).lock;

    await startVersion('v2');
    await makeCurrent('v2');
    const second = await start('second'); // waits for the lock that the first holds
    await expect.poll(async () => (await versionsOf(lockId)).builds, { timeout: 60_000 }).toEqual(['v1', 'v2']);
    release();
    await Promise.all([first.result(), second.result()]);

    expect(await versionsOf(first.workflowId)).toMatchObject({ builds: ['v1'], behaviors: [pinned] });
    expect(await versionsOf(second.workflowId)).toMatchObject({ builds: ['v2'], behaviors: [pinned] });
    // A task that the SDK answers by itself has the worker's default; the next one mends that.
    expect((await versionsOf(lockId)).latest).toBe(autoUpgrade);
  });

  it('calls the Redshift Data API on a task queue beside the main one', async () => {
    const { queues } = await versionsOf('elt-mini-second');
    const redshift = ['startStatements', 'waitStatement', 'readCounts', 'planExports', 'finishRun'];
    for (const [name, queue] of queues) {
      expect([name, queue]).toEqual([name, redshift.includes(name ?? '') ? `${taskQueue}-redshift` : taskQueue]);
    }
    expect(queues.map(([name]) => name)).toEqual(
      expect.arrayContaining(['startStatements', 'readCounts', 'startGlueJob'])
    );
  });

  it('says which worker resumes a run of a version that has gone', async () => {
    const mend = jobs.fail('land_thing_job', 'broken');
    const third = await start('third');
    await expect(third.result()).rejects.toThrow();
    mend();
    await stopVersion('v2');
    const { env } = temporal;
    const configuration = { ...loadConfiguration({ env: {} }), taskQueue };
    const client = await SluiceClient.connect({ configuration, env });
    const resume = () => client.resume(third.workflowId, { by: 'test' }, () => plan);
    try {
      await expect(resume()).rejects.toThrow('SLUICE_DEPLOYMENT=sluice SLUICE_BUILD_ID=v2 sluice worker');
      await startVersion('v2');
      await expect.poll(resume, { timeout: 60_000 }).toMatchObject({ status: 'RUNNING' });
      await temporal.client.workflow.getHandle(third.workflowId).result();
    } finally {
      await client.close();
    }
    expect(await versionsOf(third.workflowId)).toMatchObject({ builds: ['v2'], behaviors: [pinned] });
  });
});
