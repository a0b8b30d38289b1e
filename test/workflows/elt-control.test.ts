import { ListExportsCommand } from '@aws-sdk/client-dynamodb';
import { BatchStopJobRunCommand, GetJobRunsCommand } from '@aws-sdk/client-glue';
import { DescribeStatementCommand, ListStatementsCommand } from '@aws-sdk/client-redshift-data';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/gateway/aws-error.js';
import { DroppedReply } from '../../local/gateway/interception.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltProgress, EltResult, elt } from '../../workflows/index.js';
import { createSourceTable } from '../activities/source-table.js';
import { miniPlan } from './mini-plan.js';
import { ScriptedJobs } from './scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';
import { failureOf } from './failure-of.js';

describe('the elt workflow', () => {
  const jobs = new ScriptedJobs();
  const taskQueue = 'elt-control';
  let aws: TestAws;
  let temporal: TestTemporal;
  let misbehave: (call: InterceptedCall) => Promise<void> | void = () => undefined;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let runs = 0;

  const plan = miniPlan('mini');
  const begin = async (): Promise<void> => {
    const env = { ...aws.env, ...temporal.env };
    worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    running = worker.run();
  };
  const end = async (): Promise<void> => {
    worker.shutdown();
    await running;
  };
  const start = async (thePlan: WarehousePlan = plan, runKey = `run-${++runs}`): Promise<WorkflowHandle<typeof elt>> =>
    await temporal.client.workflow.start('elt', eltWorkflowOptions(thePlan, deployment, runKey, taskQueue));
  const progressOf = (handle: WorkflowHandle<typeof elt>) => handle.query<EltProgress>('progress');
  const verdictOf = async (handle: WorkflowHandle<typeof elt>): Promise<unknown> =>
    (await handle.describe()).typedSearchAttributes.get({ name: 'SluiceVerdict', type: 'KEYWORD' });
  const runsOf = async (JobName: string) =>
    (await aws.clients.glue.send(new GetJobRunsCommand({ JobName }))).JobRuns ?? [];
  const untilRunning = async (jobName: string): Promise<string> => {
    await expect.poll(async () => (await runsOf(jobName))[0]?.JobRunState).toBe('RUNNING');
    return (await runsOf(jobName))[0]?.Id ?? '';
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([
      startTestAws({ scripts: jobs.scripts, intercept: [(call) => misbehave(call)] }),
      startTestTemporal(),
    ]);
    await provisionPlan(aws, plan);
    await createSourceTable(aws.clients.dynamodb, 'no-recovery', { recovery: false });
    await begin();
  });
  afterAll(async () => {
    if (worker) await end();
    await temporal?.stop();
    await aws?.stop();
  });
  beforeEach(() => (misbehave = () => undefined));
  afterEach(() => (misbehave = () => undefined));

  it('goes through its stages, tells its progress and returns counts and ids', async () => {
    const handle = await start();
    const result: EltResult = await handle.result();
    expect(result).toMatchObject({
      planHash: 'mini-plan',
      items: 0,
      tables: { 'dwh.thing': 1 },
      unknownMembers: [{ fact: 'thing', dimension: 'none', rows: 0 }],
      rejected: {
        land_other_job: { items: 1, reportUri: expect.stringMatching(/^s3:\/\/sluice-lake\/_sluice\/mini\//) },
      },
    });
    expect(Object.keys(result.remoteIds)).toEqual([
      'setup 1/1',
      'export',
      'raw_to_datalake_job',
      'land_thing_job',
      'land_other_job',
      'staging.load_thing',
      'dwh.merge_thing',
    ]);
    const { seconds } = result;
    const parts = seconds.export + seconds.lake + seconds.landing + seconds.staging + seconds.dwh;
    expect(seconds.total).toBeGreaterThanOrEqual(parts);

    const progress = await progressOf(handle);
    expect(progress.stages.map(({ name, state }) => [name, state])).toEqual(
      ['prepare', 'archive', 'export', 'lake', 'landing', 'staging', 'dwh', 'counts'].map((name) => [name, 'done'])
    );
    expect(progress.stages[3]?.steps[0]).toMatchObject({
      name: 'raw_to_datalake_job',
      state: 'done',
      remoteId: expect.stringMatching(/^jr_/),
      counts: { rejected: 0 },
    });
    expect(await verdictOf(handle)).toBe('succeeded');

    const history = JSON.stringify(await handle.fetchHistory());
    expect(history).not.toContain('secret-key');
    expect((await handle.describe()).historyLength).toBeLessThan(150);
  });

  it('is not started a second time under its run key', async () => {
    const handle = await start(plan, 'once');
    await handle.result();
    await expect(start(plan, 'once')).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
  });

  it('fails before anything is touched when point-in-time recovery is off', async () => {
    const before = aws.calls();
    const handle = await start(miniPlan('no-recovery'));
    expect(await failureOf(handle)).toMatch(/point-in-time recovery is off.*aws dynamodb update-continuous-backups/);
    expect(await verdictOf(handle)).toBe('failed');
    const touched = ['dynamodb.ExportTableToPointInTime', 'redshift-data.ExecuteStatement', 'glue.StartJobRun'];
    for (const call of touched) expect(aws.calls()[call]).toBe(before[call]);
    const { Statements: [last] = [] } = await aws.clients.redshift.send(new ListStatementsCommand({ Status: 'ALL' }));
    expect(last?.StatementName).toMatch(/ run record /); // the only thing that a run which failed so early has written
    expect((await progressOf(handle)).stages[0]).toMatchObject({ name: 'prepare', state: 'failed' });
  });

  it('fails at once for a table that does not exist', async () => {
    expect(await failureOf(await start(miniPlan('absent')))).toMatch(/prepare: DynamoDB table absent: TableNotFound/);
  });

  it('does not use an export whose manifest was tampered with', async () => {
    misbehave = async ({ operation, phase }) => {
      if (operation !== 'DescribeExport' || phase !== 'after') return;
      const Bucket = deployment.buckets.raw;
      const { Contents = [] } = await aws.clients.s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents.filter((object) => object.Key?.endsWith('manifest-summary.json'))) {
        await aws.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
      }
    };
    const before = (await runsOf('raw_to_datalake_job')).length;
    const handle = await start();
    expect(await failureOf(handle)).toMatch(/export: s3:.*the summary does not match its checksum/);
    expect(await runsOf('raw_to_datalake_job')).toHaveLength(before);
  });

  it('fails with the job’s own message when a job fails, after the jobs beside it have ended', async () => {
    const release = jobs.hold('land_other_job');
    const mend = jobs.fail('land_thing_job', 'thing.price: 3 items are not numbers');
    const handle = await start();
    await untilRunning('land_other_job');
    await expect
      .poll(async () => (await progressOf(handle)).stages[4]?.steps.map(({ state }) => state))
      .toEqual(['failed', 'running']);
    release();
    expect(await failureOf(handle)).toMatch(/landing: Glue job land_thing_job, run jr_.*FAILED: thing\.price: 3 items/);
    mend();
    expect((await progressOf(handle)).stages[4]?.steps.map(({ state }) => state)).toEqual(['failed', 'done']);
    expect((await progressOf(handle)).stages[5]?.state).toBe('pending');
  });

  it('takes a job that someone stopped for a failure', async () => {
    const release = jobs.hold('raw_to_datalake_job');
    const handle = await start();
    const runId = await untilRunning('raw_to_datalake_job');
    const stop = { JobName: 'raw_to_datalake_job', JobRunIds: [runId] };
    await aws.clients.glue.send(new BatchStopJobRunCommand(stop));
    expect(await failureOf(handle)).toMatch(/lake: Glue job raw_to_datalake_job, run jr_.*ended STOPPED/);
    release();
  });

  it('stops the remote job once when it is cancelled, and ends CANCELLED when that has stopped', async () => {
    const release = jobs.hold('raw_to_datalake_job');
    const stops = aws.calls()['glue.BatchStopJobRun'] ?? 0;
    const handle = await start();
    const runId = await untilRunning('raw_to_datalake_job');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect((await runsOf('raw_to_datalake_job')).find(({ Id }) => Id === runId)?.JobRunState).toBe('STOPPED');
    expect((aws.calls()['glue.BatchStopJobRun'] ?? 0) - stops).toBe(1);
    expect(await verdictOf(handle)).toBe('cancelled');
    expect((await progressOf(handle)).stages[3]?.state).toBe('cancelled');
    release();
  });

  it('waits for a statement that takes long, and aborts it when it is cancelled', async () => {
    const setup = plan.setup.map((statement) =>
      statement.name === 'staging.load_thing'
        ? { ...statement, sql: statement.sql.replace('BEGIN', 'BEGIN PERFORM pg_sleep(600);') }
        : statement
    );
    const handle = await start({ ...plan, setup, hash: 'slow' });
    const started = async () => (await progressOf(handle)).stages[5]?.steps[0];
    await expect.poll(async () => (await started())?.remoteId, { timeout: 60_000 }).toBeDefined();
    const Id = (await started())?.remoteId;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect((await aws.clients.redshift.send(new DescribeStatementCommand({ Id }))).Status).toBe('ABORTED');
    expect(aws.calls()['redshift-data.CancelStatement']).toBe(1);
    expect(await started()).toMatchObject({ state: 'cancelled' });
  });

  it('leaves the remote job to the next worker when a worker shuts down', async () => {
    const release = jobs.hold('raw_to_datalake_job');
    const before = aws.calls();
    const handle = await start();
    await untilRunning('raw_to_datalake_job');
    await expect
      .poll(async () => (await handle.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name))
      .toEqual(['waitGlueJob']);
    await end();
    expect((await runsOf('raw_to_datalake_job'))[0]?.JobRunState).toBe('RUNNING');
    await begin();
    release();
    expect((await handle.result()).tables['dwh.thing']).toBeGreaterThan(0);
    const started = (aws.calls()['glue.StartJobRun'] ?? 0) - (before['glue.StartJobRun'] ?? 0);
    expect(started).toBe(3);
    expect(aws.calls()['glue.BatchStopJobRun']).toBe(before['glue.BatchStopJobRun']);
  });

  it('repeats a transaction that another one was in the way of', async () => {
    const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
    await warehouse.connect();
    // A sequence keeps counting when its transaction is rolled back.
    await warehouse.query(`CREATE SEQUENCE attempts;
      CREATE FUNCTION conflict() RETURNS trigger AS $$ BEGIN
        IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'could not serialize access due to concurrent update'; END IF;
        RETURN NEW; END; $$ LANGUAGE plpgsql;
      CREATE TRIGGER conflict BEFORE INSERT ON staging.thing FOR EACH ROW EXECUTE FUNCTION conflict();`);
    const handle = await start();
    const result = await handle.result();
    const { rows } = await warehouse.query('SELECT count(*)::int AS n FROM dwh.thing WHERE run_key = $1', [
      result.runKey,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
    const attempts = await warehouse.query('SELECT last_value::int AS n FROM attempts');
    expect(attempts.rows).toEqual([{ n: 3 }]);
    await warehouse.query('DROP FUNCTION conflict() CASCADE');
    await warehouse.end();
  });

  it('gets through throttling and server trouble at every call', async () => {
    const starts = (await runsOf('land_thing_job')).length;
    const calls = new Map<string, number>();
    misbehave = ({ operation, phase, service }) => {
      if (phase !== 'before' || service === 's3') return;
      const number = (calls.get(operation) ?? 0) + 1;
      calls.set(operation, number);
      if (number === 1) throw new AwsError('ThrottlingException', 'Rate exceeded');
      if (number === 2) throw new AwsError('InternalServerError', 'try again', 500);
    };
    const handle = await start();
    expect((await handle.result()).planHash).toBe('mini-plan');
    misbehave = () => undefined;
    expect(calls.size).toBeGreaterThan(10);
    expect(await runsOf('land_thing_job')).toHaveLength(starts + 1);
  });

  it('starts nothing twice when starts are accepted and their answers are lost', async () => {
    const remote = async (): Promise<number[]> => {
      const exports = await aws.clients.dynamodb.send(new ListExportsCommand({}));
      const statements = await aws.clients.redshift.send(new ListStatementsCommand({ MaxResults: 100 }));
      const runs = await Promise.all([
        runsOf('raw_to_datalake_job'),
        runsOf('land_thing_job'),
        runsOf('land_other_job'),
      ]);
      return [exports.ExportSummaries, statements.Statements, ...runs].map((list) => list?.length ?? 0);
    };
    const before = await remote();
    const dropped = new Map<string, number>();
    misbehave = ({ operation, phase }) => {
      if (phase !== 'after' || !/^(Start|Export|Execute|BatchExecute)/.test(operation)) return;
      const number = (dropped.get(operation) ?? 0) + 1;
      dropped.set(operation, number);
      if (number % 2 === 1) throw new DroppedReply();
    };
    const handle = await start();
    expect((await handle.result()).tables['dwh.thing']).toBeGreaterThan(0);
    misbehave = () => undefined;
    expect([...dropped.keys()].sort()).toEqual([
      'BatchExecuteStatement',
      'ExecuteStatement',
      'ExportTableToPointInTime',
      'StartJobRun',
    ]);
    const after = await remote();
    // One export; setup, two calls, the counts and the run's record as statements; one run of each job.
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 5, 1, 1, 1]);
  });
});
