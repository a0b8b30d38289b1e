import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/gateway/aws-error.js';
import type { InterceptedCall } from '../../local/gateway/index.js';
import { RunHistory } from '../../client/run-history.js';
import { loadConfiguration } from '../../model/configuration.js';
import type { RunCost } from '../../model/cost/cost.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltProgress, elt } from '../../workflows/index.js';
import { sluice } from '../client/sluice.js';
import { miniPlan } from './mini-plan.js';
import { ScriptedJobs } from './scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';

/** A notification as the webhook got it. */
interface Hooked {
  readonly kind: string;
  readonly runKey: string;
  readonly [name: string]: unknown;
}

describe('the end of a run', () => {
  const jobs = new ScriptedJobs();
  const taskQueue = 'run-end';
  const secret = '/hook/T0P-S3CRET';
  const hooked: Hooked[] = [];
  const keys: unknown[] = [];
  let hookStatus = 200;
  let hook: Server;
  let aws: TestAws;
  let temporal: TestTemporal;
  let warehouse: pg.Client;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let misbehave: (call: InterceptedCall) => void = () => undefined;

  const plan = miniPlan('mini');
  const run = async (runKey: string): Promise<WorkflowHandleWithFirstExecutionRunId<typeof elt>> => {
    const options = eltWorkflowOptions(plan, deployment, runKey, taskQueue);
    return await temporal.client.workflow.start('elt', options);
  };
  const rowsOf = async (runKey: string, table = 'runs'): Promise<Record<string, unknown>[]> => {
    const order = table === 'runs' ? 'started_at' : 'ordinal';
    const { rows } = await warehouse.query(`SELECT * FROM sluice.${table} WHERE run_key = $1 ORDER BY ${order}`, [
      runKey,
    ]);
    return rows as Record<string, unknown>[];
  };
  const published = async (): Promise<{ subject: string; message: string; topicArn: string }[]> => {
    const text = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as never);
  };
  const told = (runKey: string): string[] => hooked.filter((one) => one.runKey === runKey).map(({ kind }) => kind);

  beforeAll(async () => {
    hook = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (hookStatus === 200 && request.url === secret) {
          hooked.push(JSON.parse(body) as Hooked);
          keys.push(request.headers['idempotency-key']);
        }
        response.writeHead(hookStatus).end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    [aws, temporal] = await Promise.all([
      startTestAws({ scripts: jobs.scripts, intercept: [(call) => misbehave(call)] }),
      startTestTemporal(),
    ]);
    await provisionPlan(aws, plan);
    const { TopicArn } = await aws.clients.sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const env = {
      ...aws.env,
      ...temporal.env,
      SLUICE_TOPIC_ARN: TopicArn,
      SLUICE_WEBHOOK_URL: `http://127.0.0.1:${(hook.address() as AddressInfo).port}${secret}`,
    };
    worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    running = worker.run();
    warehouse = new pg.Client({ connectionString: aws.warehouseUrl, types: { getTypeParser: () => String } });
    await warehouse.connect();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await warehouse?.end();
    hook?.close();
    await temporal?.stop();
    await aws?.stop();
  });
  beforeEach(() => {
    misbehave = () => undefined;
    hookStatus = 200;
  });

  it('is recorded with its stages, times, counts and remote ids, and told nobody when all is well', async () => {
    const handle = await run('good');
    const { remoteIds } = await handle.result();
    const [row, ...others] = await rowsOf('good');
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      workflow_id: 'elt-mini-good',
      run_id: handle.firstExecutionRunId,
      pipeline: 'mini',
      source_table: 'mini',
      plan_hash: 'mini-plan',
      mode: 'full',
      verdict: 'succeeded',
      resumption: '0',
      items: '0',
      rejected: '1',
      failure_stage: null,
      failure_message: null,
    });
    const stages = await rowsOf('good', 'stages');
    const landed = stages.find(({ step }) => step === 'land_thing_job');
    expect(landed).toMatchObject({
      stage: 'landing',
      state: 'done',
      remote_id: remoteIds['land_thing_job'],
      row_count: '0',
    });
    const whole = stages.filter(({ step }) => step === null).map(({ stage, state }) => `${stage} ${state}`);
    expect(whole).toEqual(expect.arrayContaining(['prepare done', 'export done', 'dwh done', 'counts done']));
    const times = stages
      .filter(({ state }) => state !== 'pending')
      .flatMap(({ started_at, ended_at }) => [started_at, ended_at]);
    expect(times.filter((time) => time === null)).toEqual([]);
    expect(told('good')).toEqual([]);
    const events = (await handle.fetchHistory()).events ?? [];
    const named = events.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'finishRun'
    );
    expect(named).toHaveLength(1);
  });

  it('is recorded with what it cost: quantities of all it used, amounts where there are prices', async () => {
    const handle = temporal.client.workflow.getHandle('elt-mini-good');
    const rows = await rowsOf('good', 'run_costs');
    const line = (item: string, detail: string) =>
      rows.find((row) => row.item === item && row.detail === (detail === '' ? null : detail));
    const quantity = (item: string, detail = ''): number => Number(line(item, detail)?.quantity ?? NaN);
    // An empty table is exported into no file, by three Glue runs of two workers for the least time that is billed.
    expect(line('dynamodb-export', '')).toMatchObject({ unit: 'GB', region: 'us-east-1', currency: 'USD' });
    expect(line('glue', 'G.1X STANDARD')).toMatchObject({ unit: 'DPU-second', note: '3 runs' });
    expect(quantity('glue', 'G.1X STANDARD')).toBeLessThanOrEqual(3 * 2 * 60);
    expect(quantity('s3-requests', 'PUT Standard')).toBeGreaterThanOrEqual(5);
    expect(quantity('s3-requests', 'COPY Standard-IA')).toBe(0);
    // No capacity is declared: the time is known, its price is not.
    expect(quantity('redshift-compute')).toBeGreaterThan(0);
    expect(line('redshift-compute', '')).toMatchObject({ unit: 'second', amount: null });
    // Every activity, the search attributes, the signals to the lock, and the child that archives with its activities.
    const { events } = await handle.fetchHistory();
    const activities = events?.filter((event) => event.activityTaskStartedEventAttributes).length ?? 0;
    expect(quantity('temporal-actions', 'history')).toBeGreaterThan(activities);
    expect(quantity('temporal-actions', 'history')).toBeLessThan(events?.length ?? 0);
    expect(quantity('temporal-actions', 'heartbeats')).toEqual(expect.any(Number)); // short activities send none

    const env = Object.fromEntries(Object.entries({ ...aws.env, ...temporal.env }).map(([k, v]) => [k, v ?? '']));
    const { document, code } = await sluice(['show', 'good', '--json'], { env });
    const { cost } = document as { cost: RunCost };
    expect({ code, items: cost.items.length }).toEqual({ code: 0, items: rows.length });
    expect(cost.unknown).toContain('redshift-compute');
    const known = cost.items.filter(({ amount, monthly }) => amount !== null && !monthly);
    expect(cost.total).toBeCloseTo(
      known.reduce((sum, { amount }) => sum + (amount ?? 0), 0),
      10
    );
    const { stdout } = await sluice(['show', 'good'], { env });
    expect(stdout).toMatch(/redshift-compute.*n\/a/);
  });

  it('is told once when it failed, and once when the next one succeeds', async () => {
    const mend = jobs.fail('land_thing_job', 'no such column: it\'s \\ "odd" :p1 🧸');
    const failed = await run('bad');
    await expect(failed.result()).rejects.toThrow();
    const again = await run('bad-too');
    await expect(again.result()).rejects.toThrow();
    mend();
    const [row] = await rowsOf('bad');
    expect(row).toMatchObject({ verdict: 'failed', failure_stage: 'landing', failure_class: 'Permanent' });
    expect(row?.failure_message).toContain('no such column: it\'s \\ "odd" :p1 🧸');
    expect(told('bad')).toEqual(['run-failed']);
    const [hookedFailure] = hooked;
    expect(hookedFailure).toMatchObject({ version: 1, pipeline: 'mini', stage: 'landing', errorClass: 'Permanent' });
    const [first] = await published();
    expect(first?.subject).toBe('Sluice: mini failed in landing, run bad');
    for (const part of [
      'land_thing_job',
      'sluice show bad',
      'sluice resume bad',
      '/namespaces/default/workflows/elt-mini-bad/',
    ]) {
      expect(first?.message).toContain(part);
    }

    await (await run('good-again')).result();
    await (await run('good-still')).result();
    expect([told('bad-too'), told('good-again'), told('good-still')]).toEqual([['run-failed'], ['run-recovered'], []]);
    expect((await published()).map(({ subject }) => subject)).toEqual([
      'Sluice: mini failed in landing, run bad',
      'Sluice: mini failed in landing, run bad-too',
      'Sluice: mini has recovered, run good-again',
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is recorded when it was cancelled, without telling anybody', async () => {
    const release = jobs.hold('land_thing_job');
    const handle = await run('stopped');
    await expect
      .poll(
        async () =>
          (await handle.query<{ stages: { name: string; state: string }[] }>('progress')).stages.find(
            ({ name }) => name === 'landing'
          )?.state,
        { timeout: 30_000 }
      )
      .toBe('running');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    release();
    expect(await rowsOf('stopped')).toMatchObject([{ verdict: 'cancelled', failure_class: 'Cancelled' }]);
    expect(told('stopped')).toEqual([]);
  });

  it('is told although the warehouse does not take the record, and keeps its own failure', async () => {
    misbehave = ({ operation, input, phase }) => {
      const ofRecord = String(input['StatementName']).includes('run record');
      if (phase === 'before' && operation === 'BatchExecuteStatement' && ofRecord) {
        throw new AwsError('AccessDeniedException', 'not allowed', 403);
      }
    };
    const mend = jobs.fail('land_other_job', 'the real reason');
    const handle = await run('unrecorded');
    const error = (await handle.result().catch((reason: unknown) => reason)) as Error;
    mend();
    let root = error;
    while (root.cause instanceof Error) root = root.cause;
    expect(root.message).toContain('the real reason');
    expect(await rowsOf('unrecorded')).toEqual([]);
    expect(told('unrecorded')).toEqual(['run-failed']);
  });

  it('is told once to each channel when one of them is down for a while, and recorded once', async () => {
    hookStatus = 500;
    const before = (await published()).length;
    setTimeout(() => (hookStatus = 200), 4_000);
    const handle = await run('recovers');
    await handle.result();
    expect(told('recovers')).toEqual(['run-recovered']);
    expect((await published()).length - before).toBe(1);
    expect(await rowsOf('recovers')).toHaveLength(1);
    const stages = await rowsOf('recovers', 'stages');
    expect(new Set(stages.map(({ ordinal }) => ordinal)).size).toBe(stages.length);
    const history = JSON.stringify(await handle.fetchHistory());
    expect(history).not.toContain('S3CRET');
  });

  it('has the run key of its workflow id when a schedule has started it without one', async () => {
    const { args, workflowId: _id, ...options } = eltWorkflowOptions(plan, deployment, 'nightly', taskQueue);
    const [{ runKey: _key, ...start }] = args;
    const workflowId = 'elt-mini-nightly-2026-03-01T00:00:00Z';
    const handle = await temporal.client.workflow.start('elt', { ...options, workflowId, args: [start] });
    expect(await handle.result()).toMatchObject({ runKey: 'nightly-2026-03-01T00:00:00Z' });
    expect(await rowsOf('nightly-2026-03-01T00:00:00Z')).toMatchObject([{ verdict: 'succeeded' }]);
  });

  it('is listed from Temporal and from the warehouse, each execution once, also when one does not answer', async () => {
    const env = Object.fromEntries(
      Object.entries({ ...aws.env, ...temporal.env }).map(([name, value]) => [name, value ?? ''])
    );
    const history = new RunHistory(loadConfiguration({ env: {} }), { ...env });
    const recorded = (await history.list({ limit: 50 })).map(({ runKey }) => runKey);
    history.close();
    const ended = [
      'nightly-2026-03-01T00:00:00Z',
      'recovers',
      'stopped',
      'good-still',
      'good-again',
      'bad-too',
      'bad',
      'good',
    ];
    expect(recorded).toEqual(ended);

    const all = await sluice(['runs', '--pipeline', 'mini', '--json'], { env });
    const keys = (document: unknown) => (document as { runs: { runKey: string }[] }).runs.map(({ runKey }) => runKey);
    expect([...keys(all.document)].sort()).toEqual([...ended, 'unrecorded'].sort());
    expect(all.document).not.toHaveProperty('unreachable');

    const without = { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const failed = await sluice(['runs', '--failed', '--json'], { env: without });
    expect([failed.code, keys(failed.document)]).toEqual([0, ['bad-too', 'bad']]);
    expect((failed.document as { unreachable: string[] }).unreachable).toEqual([
      expect.stringContaining('127.0.0.1:1'),
    ]);

    const shown = await sluice(['show', 'bad', '--json'], { env: without });
    expect(shown.code).toBe(0);
    expect(shown.document).toMatchObject({
      status: 'FAILED',
      stage: 'landing',
      failure: expect.stringContaining('no such column'),
    });
    const { stages } = (shown.document as { progress: EltProgress }).progress;
    const landing = stages.find(({ name }) => name === 'landing');
    expect(landing?.steps.find(({ name }) => name === 'land_thing_job')).toMatchObject({
      state: 'failed',
      remoteId: expect.stringMatching(/^jr_/),
    });
  });
});
