import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchStopJobRunCommand, GetJobRunsCommand, StartJobRunCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobFailure } from '../../../local/glue/index.js';
import type { JobScript } from '../../../local/glue/index.js';
import { openDuckDb } from '../../../local/glue/duckdb/session.js';
import { awaitRun, createJob, runJob, startLocalGlue, temporaryFolder } from './local-glue.js';
import type { LocalGlue } from './local-glue.js';

/** Waits until it is told to go on by `released`, or is stopped. */
const released = new Set<string>();
const waiting: JobScript = async ({ arguments: args, signal }) => {
  while (!released.has(args['--until'] ?? '')) await sleep(5, undefined, { signal });
};
/** Keeps DuckDB busy far longer than any test waits. */
const endless: JobScript = async ({ folder, signal, limits }) => {
  const session = await openDuckDb(folder, signal, limits);
  try {
    await session.rows('SELECT sum(a.i * b.i % 7) AS n FROM range(10000000) a(i), range(10000000) b(i)');
  } finally {
    session.close();
  }
};
const failing: JobScript = async ({ arguments: args }) => {
  if (args['--how'] === 'own') throw new JobFailure('price is not a number');
  if (args['--how'] === 'duckdb') throw new Error('Conversion Error: Could not convert string "Jane Doe" to INT32');
  throw new TypeError('Jane Doe is not a function');
};
const scripts = { 'wait.py': waiting, 'endless.py': endless, 'fail.py': failing, 'done.py': async () => undefined };

describe('Glue job runs', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    local = await startLocalGlue(place.folder, { scripts, minuteMs: 300 });
  });
  afterAll(async () => {
    await local.close();
    await place.remove();
  });
  const start = async (JobName: string, Arguments: Record<string, string> = {}, more: object = {}): Promise<string> => {
    const { JobRunId = '' } = await local.glue.send(new StartJobRunCommand({ JobName, Arguments, ...more }));
    return JobRunId;
  };

  it('answers at once and describes the run as AWS does', async () => {
    const job = await createJob(local.glue, 'described', 'wait.py', {
      DefaultArguments: { '--a': 'default', '--b': 'default', '--c': 'default' },
      NonOverridableArguments: { '--c': 'fixed' },
      WorkerType: 'G.2X',
      NumberOfWorkers: 3,
      Timeout: 1000,
    });
    const id = await start(job, { '--b': 'run', '--c': 'run', '--until': 'described' });
    expect(id).toMatch(/^jr_[0-9a-f]{64}$/);
    const running = await awaitRun(local.glue, job, id, new Set(['RUNNING']));
    expect(running).toMatchObject({
      Id: id,
      JobName: job,
      Attempt: 0,
      Arguments: { '--a': 'default', '--b': 'run', '--c': 'fixed', '--until': 'described' },
      WorkerType: 'G.2X',
      NumberOfWorkers: 3,
      MaxCapacity: 6,
      Timeout: 1000,
      GlueVersion: '5.0',
      LogGroupName: '/aws-glue/jobs',
    });
    expect(running.CompletedOn).toBeUndefined();
    released.add('described');
    const ended = await awaitRun(local.glue, job, id);
    expect(ended.JobRunState).toBe('SUCCEEDED');
    expect(ended.CompletedOn?.getTime()).toBeGreaterThanOrEqual(ended.StartedOn?.getTime() ?? Infinity);
    expect(await readdir(join(place.folder, 'work'))).toEqual(['data-quality']);
  });

  it('refuses a run above MaxConcurrentRuns, and takes it once a place is free', async () => {
    const job = await createJob(local.glue, 'crowded', 'wait.py', { ExecutionProperty: { MaxConcurrentRuns: 2 } });
    const ids = [await start(job, { '--until': 'crowd' }), await start(job, { '--until': 'crowd' })];
    await expect(start(job)).rejects.toMatchObject({ name: 'ConcurrentRunsExceededException' });
    released.add('crowd');
    for (const id of ids) await awaitRun(local.glue, job, id);
    await expect(runJob(local.glue, job, { '--until': 'crowd' })).resolves.toMatchObject({ JobRunState: 'SUCCEEDED' });
    const { JobRuns = [] } = await local.glue.send(new GetJobRunsCommand({ JobName: job }));
    expect(JobRuns).toHaveLength(3);
  });

  it('gives one place to one of many starts at the same time', async () => {
    const job = await createJob(local.glue, 'race', 'wait.py');
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => start(job, { '--until': 'race' })));
    expect(starts.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    released.add('race');
  });

  it('lets queued runs wait for a place, in order, and stops one that waits', async () => {
    const job = await createJob(local.glue, 'queue', 'wait.py', { JobRunQueuingEnabled: true });
    const [first, second, third, fourth] = [
      await start(job, { '--until': 'q1' }),
      await start(job, { '--until': 'q2' }),
      await start(job, { '--until': 'q3' }),
      await start(job, { '--until': 'q4' }),
    ];
    const stateOf = async (id: string): Promise<string | undefined> =>
      (await awaitRun(local.glue, job, id, new Set(['WAITING', 'RUNNING', 'STARTING', 'STOPPED', 'SUCCEEDED'])))
        .JobRunState;
    expect(await Promise.all([second, third, fourth].map(stateOf))).toEqual(['WAITING', 'WAITING', 'WAITING']);
    await local.glue.send(new BatchStopJobRunCommand({ JobName: job, JobRunIds: [third] }));
    expect(await stateOf(third)).toBe('STOPPED');
    released.add('q1');
    await awaitRun(local.glue, job, first);
    await awaitRun(local.glue, job, second, new Set(['RUNNING']));
    expect(await stateOf(fourth)).toBe('WAITING');
    released.add('q2').add('q4');
    expect((await awaitRun(local.glue, job, fourth)).JobRunState).toBe('SUCCEEDED');
  });

  it('pages runs newest first', async () => {
    const job = await createJob(local.glue, 'paged', 'done.py');
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await runJob(local.glue, job, { '--n': String(n) })).Id ?? '');
    const seen: string[] = [];
    let NextToken: string | undefined;
    const sizes: number[] = [];
    do {
      const page = await local.glue.send(new GetJobRunsCommand({ JobName: job, MaxResults: 2, NextToken }));
      seen.push(...(page.JobRuns ?? []).map((run) => run.Id ?? ''));
      sizes.push(page.JobRuns?.length ?? 0);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual(ids);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('interrupts DuckDB when a run is stopped', async () => {
    const job = await createJob(local.glue, 'stopped', 'endless.py', { Timeout: 1000 });
    const id = await start(job);
    await awaitRun(local.glue, job, id, new Set(['RUNNING']));
    await sleep(50);
    const stop = new BatchStopJobRunCommand({ JobName: job, JobRunIds: [id, 'jr_none'] });
    await expect(local.glue.send(stop)).resolves.toMatchObject({
      SuccessfulSubmissions: [{ JobName: job, JobRunId: id }],
      Errors: [{ JobRunId: 'jr_none', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }],
    });
    expect(await awaitRun(local.glue, job, id)).toMatchObject({ JobRunState: 'STOPPED' });
    await expect(local.glue.send(new BatchStopJobRunCommand({ JobName: job, JobRunIds: [id] }))).resolves.toMatchObject(
      {
        Errors: [{ ErrorDetail: { ErrorCode: 'JobRunCannotBeStoppedException' } }],
      }
    );
    expect((await awaitRun(local.glue, job, id)).JobRunState).toBe('STOPPED');
    expect(await readdir(join(place.folder, 'work'))).toEqual(['data-quality']);
  });

  it('answers other calls while several runs keep DuckDB busy', async () => {
    const job = await createJob(local.glue, 'busy', 'endless.py', {
      ExecutionProperty: { MaxConcurrentRuns: 6 },
      Timeout: 1000,
    });
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await start(job));
    await local.store.putObject('raw', 'while/busy', 'bytes');
    expect((await local.store.headObject('raw', 'while/busy'))?.size).toBe(5);
    await local.glue.send(new BatchStopJobRunCommand({ JobName: job, JobRunIds: ids }));
    const ended = await Promise.all(ids.map((id) => awaitRun(local.glue, job, id)));
    expect(ended.map((run) => run.JobRunState)).toEqual(ids.map(() => 'STOPPED'));
  });

  it('ends a run after its timeout', async () => {
    const job = await createJob(local.glue, 'slow', 'endless.py', { Timeout: 1000 });
    const run = await awaitRun(local.glue, job, await start(job, {}, { Timeout: 1 }));
    expect(run).toMatchObject({ JobRunState: 'TIMEOUT', Timeout: 1 });
    expect(run.ErrorMessage).toContain('timeout of 1 minutes');
  });

  it('retries as often as the job says, each time as a run of its own', async () => {
    const job = await createJob(local.glue, 'retried', 'fail.py', { MaxRetries: 2 });
    const first = await start(job, { '--how': 'own' });
    let runs: { Attempt?: number; JobRunState?: string; PreviousRunId?: string; Id?: string }[] = [];
    while (runs.length < 3 || runs[0]?.JobRunState !== 'FAILED') {
      runs = (await local.glue.send(new GetJobRunsCommand({ JobName: job }))).JobRuns ?? [];
    }
    expect(runs.map((run) => run.Attempt)).toEqual([2, 1, 0]);
    expect(runs[1]?.PreviousRunId).toBe(first);
  });

  it.each([
    ['own', 'price is not a number'],
    ['duckdb', 'DuckDB could not run the job (Conversion Error); its details are withheld because they may quote data'],
    ['other', 'The job failed with an unexpected TypeError'],
  ])('tells a failure (%s) without quoting data', async (how, message) => {
    const job = await createJob(local.glue, `failing-${how}`, 'fail.py');
    expect(await runJob(local.glue, job, { '--how': how })).toMatchObject({
      JobRunState: 'FAILED',
      ErrorMessage: message,
    });
  });

  it('fails a job whose script it does not know, even one named like a member of every object', async () => {
    for (const script of ['spark.py', 'constructor']) {
      const run = await runJob(local.glue, await createJob(local.glue, `unknown-${script}`, script), {});
      expect(run.JobRunState).toBe('FAILED');
      expect(run.ErrorMessage).toContain(`Unknown script s3://sluice-assets/glue/${script}`);
    }
  });
});

describe('Glue after a restart', () => {
  it('keeps jobs and runs, fails what was active and starts what was waiting', async () => {
    const { folder, remove } = await temporaryFolder();
    const first = await startLocalGlue(folder, { scripts });
    const job = await createJob(first.glue, 'kept', 'wait.py', { JobRunQueuingEnabled: true });
    const begin = new StartJobRunCommand({ JobName: job, Arguments: { '--until': 'restart' } });
    const { JobRunId: active = '' } = await first.glue.send(begin);
    const { JobRunId: queued = '' } = await first.glue.send(begin);
    await awaitRun(first.glue, job, active, new Set(['RUNNING']));
    await first.close();
    released.add('restart');
    const second = await startLocalGlue(folder, { scripts });
    const failed = await awaitRun(second.glue, job, active);
    expect(failed).toMatchObject({ JobRunState: 'FAILED' });
    expect(failed.ErrorMessage).toContain('The local Glue ended while this run was active');
    expect(await awaitRun(second.glue, job, queued)).toMatchObject({ JobRunState: 'SUCCEEDED' });
    const { JobRunId: next = '' } = await second.glue.send(begin);
    const { JobRuns = [] } = await second.glue.send(new GetJobRunsCommand({ JobName: job }));
    expect(JobRuns.map((run) => run.Id)).toEqual([next, queued, active]);
    await second.close();
    await remove();
  });
});
