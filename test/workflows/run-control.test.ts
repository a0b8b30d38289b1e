import { GetJobRunsCommand } from '@aws-sdk/client-glue';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SluiceClient, UsageError } from '../../client/index.js';
import { AwsError } from '../../local/gateway/aws-error.js';
import { DroppedReply } from '../../local/gateway/interception.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltProgress, elt } from '../../workflows/index.js';
import { miniPlan } from './mini-plan.js';
import { ScriptedJobs } from './scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';

type Run = WorkflowHandle<typeof elt>;

describe('control of a running pipeline', () => {
  const jobs = new ScriptedJobs();
  const taskQueue = 'run-control';
  const plan = miniPlan('mini');
  const other: WarehousePlan = { ...miniPlan('other'), name: 'other', hash: 'other-plan' };
  let aws: TestAws;
  let temporal: TestTemporal;
  let client: SluiceClient;
  let warehouse: pg.Client;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let misbehave: (call: InterceptedCall) => Promise<void> | void = () => undefined;
  let runs = 0;

  const start = async (runKey = `run-${(runs += 1)}`, thePlan = plan): Promise<Run> =>
    await temporal.client.workflow.start('elt', eltWorkflowOptions(thePlan, deployment, runKey, taskQueue));
  const progressOf = (run: Run) => run.query<EltProgress>('progress');
  const statusOf = async (run: Run): Promise<string> =>
    (await temporal.client.workflow.getHandle(run.workflowId).describe()).status.name;
  const stageOf = async (run: Run): Promise<unknown> =>
    (await run.describe()).typedSearchAttributes.get({ name: 'SluiceStage', type: 'KEYWORD' });
  const runsOf = async (JobName: string) =>
    (await aws.clients.glue.send(new GetJobRunsCommand({ JobName }))).JobRuns ?? [];
  const untilRunning = async (jobName: string): Promise<void> =>
    await expect.poll(async () => (await runsOf(jobName))[0]?.JobRunState).toBe('RUNNING');
  const stateOf = async (run: Run, stage: string) =>
    (await progressOf(run)).stages.find(({ name }) => name === stage)?.state;
  const cancelled = async (run: Run): Promise<void> => {
    await expect(run.result()).rejects.toThrow(WorkflowFailedError);
    expect(await statusOf(run)).toBe('CANCELLED');
  };
  const failed = async (run: Run): Promise<void> => {
    await expect(run.result()).rejects.toThrow(WorkflowFailedError);
    expect(await statusOf(run)).toBe('FAILED');
  };
  const resultOf = (run: Run) => temporal.client.workflow.getHandle<typeof elt>(run.workflowId).result();
  const loadsOf = async (runKey: string): Promise<number> => {
    const { rows } = await warehouse.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM dwh.thing WHERE run_key = $1',
      [runKey]
    );
    return rows[0]?.n ?? 0;
  };
  const me = { by: 'ada' };
  const resume = (run: Run, thePlan = plan) => client.resume(run.workflowId, me, () => thePlan);

  /** How many remote jobs of each kind work makes start. */
  const started = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const names = {
      exports: ['dynamodb.ExportTableToPointInTime'],
      jobs: ['glue.StartJobRun'],
      statements: ['redshift-data.ExecuteStatement', 'redshift-data.BatchExecuteStatement'],
      stops: ['glue.BatchStopJobRun', 'redshift-data.CancelStatement'],
    };
    const count = () =>
      Object.values(names).map((each) => each.reduce((sum, name) => sum + (aws.calls()[name] ?? 0), 0));
    const before = count();
    await work();
    const after = count();
    return Object.fromEntries(
      Object.keys(names).map((name, index) => [name, (after[index] ?? 0) - (before[index] ?? 0)])
    );
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([
      startTestAws({ scripts: jobs.scripts, intercept: [(call) => misbehave(call)] }),
      startTestTemporal(),
    ]);
    await provisionPlan(aws, plan);
    await provisionPlan(aws, other);
    const env = { ...aws.env, ...temporal.env };
    const configuration = { ...loadConfiguration({ env: {} }), taskQueue };
    worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    running = worker.run();
    client = await SluiceClient.connect({ configuration, env });
    warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
  });
  afterEach(() => {
    misbehave = () => undefined;
  });
  afterAll(async () => {
    await warehouse?.end();
    await client?.close();
    worker?.shutdown();
    await running;
    await temporal?.stop();
    await aws?.stop();
  });

  describe('two pipelines on one table', () => {
    it('run one after the other, and the one that waits says so', async () => {
      const release = jobs.hold('land_thing_job');
      const first = await start('one');
      await untilRunning('land_thing_job');
      const second = await start('two', other);
      await expect.poll(async () => (await progressOf(second)).lock?.state).toBe('waiting');
      expect((await progressOf(second)).stages[0]?.steps).toMatchObject([
        { name: 'source', state: 'done' },
        { name: 'lock', state: 'running' },
        { name: 'setup 1/1', state: 'pending' },
      ]);
      release();
      await Promise.all([first.result(), second.result()]);
      const begun = (await progressOf(second)).lock?.since ?? '';
      expect((await progressOf(second)).lock?.state).toBe('released');
      expect([await loadsOf('one'), await loadsOf('two')]).toEqual([1, 1]);
      const ends = (await progressOf(first)).stages.at(-1)?.endedAt ?? '';
      const begins = (await progressOf(second)).stages[0]?.steps[2]?.startedAt ?? '';
      expect(begins >= ends, `${begins} after ${ends}`).toBe(true);
      expect(begun >= begins).toBe(true);
    });
  });

  describe('cancel', () => {
    it('ends a run that waits for the lock, and leaves its place to the next', async () => {
      const release = jobs.hold('land_thing_job');
      const first = await start();
      await untilRunning('land_thing_job');
      const second = await start(undefined, other);
      await expect.poll(async () => (await progressOf(second)).lock?.state).toBe('waiting');
      expect(
        await started(async () => {
          await client.cancel(second.workflowId);
          await cancelled(second);
        })
      ).toMatchObject({ exports: 0, jobs: 0, stops: 0 });
      release();
      await first.result();
    });

    it('ends a run that waits for capacity, with nothing started', async () => {
      let refused = 0;
      misbehave = ({ operation, phase }) => {
        if (operation !== 'StartJobRun' || phase !== 'before') return;
        refused += 1;
        throw new AwsError('ConcurrentRunsExceededException', 'Concurrent runs exceeded');
      };
      const before = (await runsOf('raw_to_datalake_job')).length;
      const run = await start();
      await expect.poll(() => refused).toBeGreaterThan(1);
      await client.cancel(run.workflowId);
      await cancelled(run);
      expect(await runsOf('raw_to_datalake_job')).toHaveLength(before);
    });

    it('stops a job whose start was under way, also when its answer is lost', async () => {
      const run = await start('cancel-start');
      const seen: string[] = [];
      misbehave = async ({ operation, phase }) => {
        if (operation !== 'StartJobRun' || phase !== 'after' || seen.length > 0) return;
        seen.push(operation);
        await run.cancel();
        // Until the activity has been told, by the answer to a heartbeat.
        await new Promise((resolve) => setTimeout(resolve, 7_000));
        throw new DroppedReply();
      };
      const release = jobs.hold('raw_to_datalake_job');
      const before = (await runsOf('raw_to_datalake_job')).length;
      const { stops } = await started(() => cancelled(run));
      const [latest, ...earlier] = await runsOf('raw_to_datalake_job');
      expect(latest?.JobRunState).toBe('STOPPED');
      expect(earlier).toHaveLength(before);
      expect(stops).toBe(1);
      release();
    });

    it('ends CANCELLED when stopping meets with throttling', async () => {
      const release = jobs.hold('raw_to_datalake_job');
      const run = await start();
      await untilRunning('raw_to_datalake_job');
      let throttled = 0;
      misbehave = ({ operation, phase }) => {
        if (operation !== 'BatchStopJobRun' || phase !== 'before' || throttled > 1) return;
        throttled += 1;
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      };
      await client.cancel(run.workflowId);
      await cancelled(run);
      expect((await runsOf('raw_to_datalake_job'))[0]?.JobRunState).toBe('STOPPED');
      release();
    });

    it('is refused for a run that has completed', async () => {
      const run = await start();
      await run.result();
      await expect(client.cancel(run.workflowId)).rejects.toThrow(/has ended COMPLETED: nothing to cancel/);
    });
  });

  describe('pause', () => {
    it('holds the run between stages until it is resumed; twice is once', async () => {
      const release = jobs.hold('raw_to_datalake_job');
      const run = await start();
      await untilRunning('raw_to_datalake_job');
      const paused = await client.pause(run.workflowId, { by: 'ada', reason: 'month-end' });
      expect(paused).toMatchObject({ by: 'ada', reason: 'month-end', holding: false });
      expect(await client.pause(run.workflowId, { by: 'bob' })).toEqual(paused);
      release();
      await expect.poll(async () => (await progressOf(run)).paused?.holding).toBe(true);
      expect([await stateOf(run, 'lake'), await stateOf(run, 'landing')]).toEqual(['done', 'pending']);
      expect(await stageOf(run)).toBe('paused');
      expect(await resume(run)).toMatchObject({ status: 'RUNNING', paused: { by: 'ada' } });
      await run.result();
      expect((await progressOf(run)).paused).toBeUndefined();
    });

    it('is refused in the last stage and after it; and a run that is not paused cannot be let go on', async () => {
      let reached: () => void = () => undefined;
      const counting = new Promise<void>((resolve) => (reached = resolve));
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      misbehave = async ({ operation, phase, input }) => {
        if (!operation.endsWith('ExecuteStatement') || phase !== 'before') return;
        if (!String(input.StatementName).endsWith(' counts')) return;
        reached();
        await held;
      };
      const run = await start();
      await counting;
      const pausing = client.pause(run.workflowId, me);
      await expect(pausing).rejects.toThrow(/in its last stage: nothing is left to be held/);
      await expect(pausing).rejects.toBeInstanceOf(UsageError);
      await expect(resume(run)).rejects.toThrow('The run is not paused.');
      await expect(client.decide(run.workflowId, true, me)).rejects.toThrow('Nothing waits for approval.');
      release();
      await run.result();
      await expect(client.pause(run.workflowId, me)).rejects.toThrow(/has ended COMPLETED/);
    });

    it('does not keep a run from being cancelled', async () => {
      const release = jobs.hold('raw_to_datalake_job');
      const run = await start();
      await untilRunning('raw_to_datalake_job');
      await client.pause(run.workflowId, me);
      release();
      await expect.poll(async () => (await progressOf(run)).paused?.holding).toBe(true);
      await client.cancel(run.workflowId);
      await cancelled(run);
    });
  });

  describe('resume', () => {
    it('does only the failed job anew', async () => {
      const mend = jobs.fail('land_thing_job', 'thing.price: 3 items are not numbers');
      const run = await start();
      await failed(run);
      mend();
      const counts = await started(async () => {
        expect(await resume(run)).toMatchObject({ workflowId: run.workflowId, status: 'RUNNING' });
        await resultOf(run);
      });
      expect(counts).toMatchObject({ exports: 0, jobs: 1 });
      const latest = temporal.client.workflow.getHandle<typeof elt>(run.workflowId);
      const progress = await progressOf(latest);
      expect(progress.resumption).toBe(1);
      const landing = progress.stages.find(({ name }) => name === 'landing')?.steps ?? [];
      expect(landing.map(({ name, reused = false }) => [name, reused])).toEqual([
        ['land_thing_job', false],
        ['land_other_job', true],
      ]);
      expect((await latest.result()).rejected).toHaveProperty('land_other_job');
      expect(await loadsOf((await latest.result()).runKey)).toBe(1);
    });

    it('goes on, again and again, from wherever the run failed', async () => {
      const mendLake = jobs.fail('raw_to_datalake_job', 'spoilt');
      const run = await start();
      await failed(run);
      mendLake();
      const mendLanding = jobs.fail('land_other_job', 'spoilt');
      const lake = await started(async () => {
        await resume(run);
        await failed(temporal.client.workflow.getHandle(run.workflowId));
      });
      expect(lake).toMatchObject({ exports: 0, jobs: 3 });
      mendLanding();
      await warehouse.query('ALTER TABLE dwh.thing ADD CONSTRAINT full_up CHECK (false) NOT VALID');
      const landing = await started(async () => {
        await resume(run);
        await failed(temporal.client.workflow.getHandle(run.workflowId));
      });
      expect(landing).toMatchObject({ exports: 0, jobs: 1 });
      await warehouse.query('ALTER TABLE dwh.thing DROP CONSTRAINT full_up');
      const dwh = await started(async () => {
        await resume(run);
        await resultOf(run);
      });
      expect(dwh).toMatchObject({ exports: 0, jobs: 0 });
      const { runKey } = await resultOf(run);
      expect(await loadsOf(runKey)).toBe(1);
      const { rows } = await warehouse.query('SELECT count(*)::int AS n FROM staging.thing WHERE run_key = $1', [
        runKey,
      ]);
      expect(rows).toEqual([{ n: 1 }]);
    });

    it('exports anew when the export that was finished turned out to be unusable', async () => {
      misbehave = async ({ operation, phase }) => {
        if (operation !== 'DescribeExport' || phase !== 'after') return;
        const Bucket = deployment.buckets.raw;
        const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket }));
        for (const { Key } of Contents.filter((object) => object.Key?.endsWith('manifest-summary.json'))) {
          await aws.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
        }
      };
      const run = await start();
      await failed(run);
      misbehave = () => undefined;
      const counts = await started(async () => {
        await resume(run);
        await resultOf(run);
      });
      expect(counts).toMatchObject({ exports: 1, jobs: 3 });
    });

    it('takes over the job that a terminated run left going', async () => {
      const release = jobs.hold('raw_to_datalake_job');
      const run = await start();
      await untilRunning('raw_to_datalake_job');
      await run.terminate();
      const counts = await started(async () => {
        await resume(run);
        const latest = temporal.client.workflow.getHandle<typeof elt>(run.workflowId);
        await expect.poll(async () => stateOf(latest, 'lake')).toBe('running');
        release();
        await latest.result();
      });
      expect(counts).toMatchObject({ exports: 0, jobs: 2, stops: 0 });
    });

    it('starts what was stopped anew after a cancellation', async () => {
      const release = jobs.hold('raw_to_datalake_job');
      const run = await start();
      await untilRunning('raw_to_datalake_job');
      await client.cancel(run.workflowId);
      await cancelled(run);
      release();
      const counts = await started(async () => {
        await resume(run);
        await resultOf(run);
      });
      expect(counts).toMatchObject({ exports: 0, jobs: 3 });
    });

    it('is refused for a run that completed, under another plan, and when another run came after it', async () => {
      const mend = jobs.fail('land_thing_job', 'spoilt');
      const run = await start();
      await failed(run);
      mend();
      await expect(resume(run, { ...plan, hash: 'changed' })).rejects.toThrow(/The model has changed since.*--fresh/);
      await expect(resume(run, other)).rejects.toThrow(/is of model mini, not of other/);
      const later = await start();
      await later.result();
      // Listings of runs lag behind.
      await expect.poll(() => resume(run).catch(String), { timeout: 20_000 }).toMatch(/has replaced the data/);
      await expect(resume(later)).rejects.toThrow(/has ended COMPLETED: there is nothing to resume/);
    });

    it('is done once when two people ask at the same time', async () => {
      const mend = jobs.fail('land_thing_job', 'spoilt');
      const run = await start();
      await failed(run);
      mend();
      const both = await Promise.allSettled([resume(run), resume(run)]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      await resultOf(run);
    });
  });
});
