import { setTimeout } from 'node:timers/promises';
import { BatchStopJobRunCommand, CreateJobCommand, GetJobRunCommand, GetJobRunsCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { CancelledFailure } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { splitS3Uri } from '../../model/s3-uri.js';
import type { GlueRunRef } from '../../activities/glue.js';
import type { Activities } from '../../activities/index.js';
import { createActivities } from '../../activities/index.js';
import { FaultInjector } from '../../local/faults/index.js';
import type { FaultInput } from '../../local/faults/index.js';
import { AwsError } from '../../local/gateway/aws-error.js';
import { DroppedReply } from '../../local/gateway/interception.js';
import type { Interceptor } from '../../local/gateway/index.js';
import { JobFailure } from '../../local/glue/index.js';
import type { JobContext } from '../../local/glue/index.js';
import { startTestAws } from '../workflows/stack.js';
import type { TestAws } from '../workflows/stack.js';
import { activityEnvironment, hastyClock, runActivity, unusedTemporal } from './activity-environment.js';
import { step } from './source-table.js';

const bucket = 'lake-bucket';

async function writeReport({ arguments: args, store }: JobContext, runKey = args['--run_key']): Promise<void> {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(args['--report_uri'] ?? '') ?? [];
  const rejected = { items: 2, reasons: [{ sampleKeys: [{ PK: { S: 'secret-key' } }] }] };
  const report = { version: 1, job: 'j', runKey, itemsRead: 12, bytesRead: 99, rows: { a: 7, b: 3 }, rejected };
  await store.putObject(Bucket, Key, JSON.stringify(report));
}

describe('Glue jobs', () => {
  let aws: TestAws;
  let activities: Activities;
  let misbehave: Interceptor = () => undefined;
  beforeAll(async () => {
    aws = await startTestAws({
      intercept: [(call) => misbehave(call)],
      scripts: {
        'quick.py': (context) => writeReport(context),
        'silent.py': async () => undefined,
        'other.py': (context) => writeReport(context, 'another run'),
        'failing.py': () => Promise.reject(new JobFailure('order.price: 3 items are not numbers')),
        'slow.py': async ({ signal }) => setTimeout(600_000, undefined, { signal }),
      },
    });
    activities = createActivities({ ...aws.clients, temporal: unusedTemporal, clock: hastyClock });
    await aws.clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    for (const name of ['quick', 'silent', 'other', 'failing', 'slow']) {
      await aws.clients.glue.send(
        new CreateJobCommand({
          Name: name,
          Role: 'arn:aws:iam::000000000000:role/glue',
          Command: { Name: 'glueetl', ScriptLocation: `s3://assets/${name}.py`, PythonVersion: '3' },
          ExecutionProperty: { MaxConcurrentRuns: 1 },
          GlueVersion: '5.0',
        })
      );
    }
  });
  afterAll(async () => aws?.stop());

  const start = async (jobName: string, runKey: string, environment?: MockActivityEnvironment): Promise<GlueRunRef> =>
    await runActivity(
      activities.startGlueJob,
      {
        ...step(jobName, runKey, 'lake'),
        jobName,
        arguments: { '--x': '1' },
        reports: { bucket, table: 'shop' },
      },
      environment
    );
  const wait = async (job: GlueRunRef, runKey: string) =>
    await runActivity(activities.waitGlueJob, { ...step(job.jobName, runKey, 'lake'), job });
  const stop = async (job: GlueRunRef) => await runActivity(activities.stopGlueJob, { ...step(job.jobName), job });
  const stateOf = async ({ jobName, runId }: GlueRunRef) =>
    (await aws.clients.glue.send(new GetJobRunCommand({ JobName: jobName, RunId: runId }))).JobRun?.JobRunState;
  const runsOf = async (JobName: string) =>
    (await aws.clients.glue.send(new GetJobRunsCommand({ JobName }))).JobRuns?.length ?? 0;

  it('starts a run and brings back the report’s counts, not its keys', async () => {
    const job = await start('quick', 'r1');
    const result = await wait(job, 'r1');
    expect(result.report).toEqual({
      uri: job.reportUri,
      itemsRead: 12,
      bytesRead: 99,
      rows: { a: 7, b: 3 },
      rejectedItems: 2,
    });
    expect(JSON.stringify(result)).not.toContain('secret-key');
  });

  it('puts specifications that are too long for an argument into S3', async () => {
    const argumentOf = async (runKey: string, specs: string): Promise<string> => {
      const { runId } = await runActivity(activities.startGlueJob, {
        ...step('quick', runKey, 'lake'),
        jobName: 'quick',
        arguments: { '--specs': specs },
        reports: { bucket, table: 'shop' },
      });
      const { JobRun } = await aws.clients.glue.send(new GetJobRunCommand({ JobName: 'quick', RunId: runId }));
      await wait({ jobName: 'quick', runId, reportUri: JobRun?.Arguments?.['--report_uri'] ?? '' }, runKey);
      return JobRun?.Arguments?.['--specs'] ?? '';
    };
    expect(await argumentOf('short', '[1]')).toBe('[1]');
    const long = JSON.stringify(['é'.repeat(60_000)]);
    const uri = await argumentOf('long', long);
    expect(uri).toMatch(/^s3:\/\/lake-bucket\/_sluice\/shop\/[0-9a-f]{16}\/quick\.specs\.json$/);
    const { Body } = await aws.clients.s3.send(new GetObjectCommand(splitS3Uri(uri) ?? { Bucket: '', Key: '' }));
    expect(await Body?.transformToString()).toBe(long);
  });

  it('starts a step once, also when it has ended', async () => {
    const first = await start('quick', 'r2');
    await wait(first, 'r2');
    const runs = await runsOf('quick');
    expect(await start('quick', 'r2')).toEqual(first);
    expect(await runsOf('quick')).toBe(runs);
  });

  it('does not start a failed step again', async () => {
    const first = await start('failing', 'r3');
    await expect(wait(first, 'r3')).rejects.toMatchObject({
      type: 'Permanent',
      message: expect.stringMatching(/lake: Glue job failing, run jr_\w+: ended FAILED: order\.price: 3 items/),
      details: [{ runId: first.runId, state: 'FAILED', reportUri: first.reportUri }],
    });
    expect(await start('failing', 'r3')).toEqual(first);
  });

  it.each([
    ['STOPPED', /Someone stopped it outside Sluice\. Go on with `sluice resume`/],
    ['FAILED', /Mend the cause, and go on with `sluice resume`/],
    ['ERROR', /Mend the cause, and go on with `sluice resume`/],
    ['TIMEOUT', /Raise the timeout or the workers of the job/],
    ['EXPIRED', /It waited too long for capacity\. Raise the quota/],
  ])('takes %s for a failure that names run, state and request, and says what to do', async (state, advice) => {
    misbehave = ({ operation, phase }) => {
      if (operation === 'StartJobRun' && phase === 'before') return { end: { state, message: 'as told' } };
    };
    const job = await start('quick', `end-${state}`);
    misbehave = () => undefined;
    const failure: unknown = await wait(job, `end-${state}`).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'Permanent',
      nonRetryable: true,
      message: expect.stringMatching(advice),
      details: [
        {
          stage: 'lake',
          resource: `Glue job quick, run ${job.runId}`,
          runId: job.runId,
          state,
          requestId: expect.stringMatching(/^[\w-]{8,}$/),
        },
      ],
    });
  });

  it('waits while a run is WAITING for capacity of its own', async () => {
    misbehave = ({ operation, phase }) => {
      if (operation === 'StartJobRun' && phase === 'before') return { waitingMs: 600 };
    };
    const job = await start('quick', 'waiting');
    misbehave = () => undefined;
    expect(await stateOf(job)).toBe('WAITING');
    expect((await wait(job, 'waiting')).report.itemsRead).toBe(12);
  });

  it('uses in a resumed run what went well or goes on, and starts anew what came to nothing', async () => {
    const resumed = async (jobName: string, runKey: string, usableFrom?: number): Promise<GlueRunRef> => {
      const { scope, ...at } = step(jobName, runKey, 'lake');
      return await runActivity(activities.startGlueJob, {
        ...at,
        scope: { ...scope, resumption: 1 },
        ...(usableFrom !== undefined && { usableFrom }),
        jobName,
        arguments: { '--x': '1' },
        reports: { bucket, table: 'shop' },
      });
    };
    const good = await start('quick', 'resumed');
    await wait(good, 'resumed');
    expect(await resumed('quick', 'resumed')).toEqual(good);
    const anew = await resumed('quick', 'resumed', 1);
    expect(anew.runId).not.toBe(good.runId);
    await wait(anew, 'resumed');
    const going = await start('slow', 'resumed');
    expect(await resumed('slow', 'resumed')).toEqual(going);
    await stop(going);
    const bad = await start('failing', 'resumed');
    await expect(wait(bad, 'resumed')).rejects.toThrow(/ended FAILED/);
    const again = await resumed('failing', 'resumed');
    expect(again.runId).not.toBe(bad.runId);
    expect(await resumed('failing', 'resumed')).toEqual(again);
  });

  it('finds the run whose start was accepted and never answered', async () => {
    const before = await runsOf('quick');
    misbehave = ({ operation, phase }) => {
      if (operation !== 'StartJobRun' || phase !== 'after') return;
      misbehave = () => undefined;
      throw new DroppedReply();
    };
    await expect(start('quick', 'r4')).rejects.toMatchObject({ type: 'Transient', nonRetryable: false });
    const job = await start('quick', 'r4');
    await wait(job, 'r4');
    expect(await runsOf('quick')).toBe(before + 1);
  });

  describe('when an answer is lost and the run is not listed yet', () => {
    const hide: FaultInput = { operation: 'glue.StartJobRun', calls: 1, fault: 'hidden-job', seconds: 0.3 };
    const injector = new FaultInjector();
    const cancelled = new ActivityCancellationDetails({ cancelRequested: true });
    /** Injects the faults, and has a person cancel at the first start. */
    const inject = (environment: MockActivityEnvironment | undefined, ...faults: FaultInput[]): void => {
      injector.set(faults);
      misbehave = async (call) => {
        if (call.operation === 'StartJobRun') environment?.cancel('CANCELLED', cancelled);
        return await injector.intercept(call);
      };
    };
    afterEach(() => (misbehave = () => undefined));

    it('finds it in the next attempt', async () => {
      const before = await runsOf('quick');
      inject(undefined, hide, { operation: 'glue.StartJobRun', calls: 1, fault: 'drop-reply' });
      await expect(start('quick', 'hidden-1')).rejects.toMatchObject({ type: 'Transient' });
      const job = await start('quick', 'hidden-1', activityEnvironment({ attempt: 2 }));
      await wait(job, 'hidden-1');
      expect(await runsOf('quick')).toBe(before + 1);
    });

    it('finds it in the same attempt when a person cancels meanwhile, so that it can be stopped', async () => {
      const before = await runsOf('quick');
      const environment = activityEnvironment();
      inject(environment, hide, { operation: 'glue.StartJobRun', calls: 1, fault: 'drop-reply' });
      const job = await start('quick', 'hidden-2', environment);
      await wait(job, 'hidden-2');
      expect(await runsOf('quick')).toBe(before + 1);
    });

    it('starts none for a person who has cancelled when there is none', async () => {
      const before = await runsOf('quick');
      const environment = activityEnvironment({ attempt: 2 });
      inject(environment, { operation: 'glue.StartJobRun', calls: 1, fault: 'server-error' });
      await expect(start('quick', 'hidden-3', environment)).rejects.toThrow(CancelledFailure);
      expect(await runsOf('quick')).toBe(before);
    });
  });

  it('waits while the job has its maximum of runs', async () => {
    const first = await start('slow', 'r5');
    const refusals = aws.calls()['glue.StartJobRun'] ?? 0;
    const second = start('slow', 'r6');
    await expect.poll(() => aws.calls()['glue.StartJobRun'] ?? 0, { timeout: 20_000 }).toBeGreaterThan(refusals + 1);
    await stop(first);
    const job = await second;
    expect(job.runId).not.toBe(first.runId);
    await stop(job);
  });

  it('keeps waiting while looks are throttled', async () => {
    const job = await start('quick', 'r7');
    let looks = 0;
    misbehave = ({ operation, phase }) => {
      if (operation === 'GetJobRun' && phase === 'before' && ++looks <= 4) {
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      }
    };
    expect((await wait(job, 'r7')).report.itemsRead).toBe(12);
    misbehave = () => undefined;
  });

  it('takes a run that someone stopped for a failure', async () => {
    const job = await start('slow', 'r8');
    const waiting = wait(job, 'r8');
    await aws.clients.glue.send(new BatchStopJobRunCommand({ JobName: 'slow', JobRunIds: [job.runId] }));
    await expect(waiting).rejects.toMatchObject({
      type: 'Permanent',
      message: expect.stringMatching(/ended STOPPED.*Someone stopped it/),
    });
  });

  it('stops the run when a person cancels, and ends when it has stopped', async () => {
    const job = await start('slow', 'r9');
    const environment = activityEnvironment();
    const waiting = runActivity(activities.waitGlueJob, { ...step('slow', 'r9'), job }, environment);
    await expect.poll(() => stateOf(job)).toBe('RUNNING');
    environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    await expect(waiting).rejects.toThrow(CancelledFailure);
    expect(await stateOf(job)).toBe('STOPPED');
  });

  it('leaves the run alone when the worker shuts down', async () => {
    const job = await start('slow', 'r10');
    const environment = activityEnvironment();
    const waiting = runActivity(activities.waitGlueJob, { ...step('slow', 'r10'), job }, environment);
    await expect.poll(() => stateOf(job)).toBe('RUNNING');
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(waiting).rejects.toThrow(CancelledFailure);
    expect(await stateOf(job)).toBe('RUNNING');
    expect(await stop(job)).toBe('STOPPED');
    expect(await stop(job)).toBe('STOPPED');
  });

  it.each([
    ['silent', /job report s3:\/\/lake-bucket\/_sluice\/shop\/[0-9a-f]{16}\/silent\.json: NoSuchKey/],
    ['other', /it is of run another run/],
  ])('fails when the job %s leaves no report of this run', async (jobName, message) => {
    const job = await start(jobName, 'r11');
    await expect(wait(job, 'r11')).rejects.toMatchObject({
      type: 'Permanent',
      message: expect.stringMatching(message),
    });
  });

  it('fails at once for a job that does not exist', async () => {
    await expect(start('absent', 'r12')).rejects.toMatchObject({
      type: 'Permanent',
      message: expect.stringMatching(/lake: Glue job absent: EntityNotFoundException.*\(AWS request .+\)/),
    });
  });
});
