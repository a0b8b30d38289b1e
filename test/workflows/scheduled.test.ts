import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ScheduleDescription } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlannedSchedule } from '../../client/schedules/definition.js';
import { Schedules } from '../../client/schedules/schedules.js';
import { alertsTopicArn } from '../../local/environment/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import { schedulesSchema } from '../../model/schedule.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltResult, EvaluateResult } from '../../workflows/index.js';
import { sluice } from '../client/sluice.js';
import { miniPlan } from './mini-plan.js';
import { ScriptedJobs } from './scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from './stack.js';
import type { TestAws, TestTemporal } from './stack.js';

const patient = { timeout: 30_000 };
const yearly = { cron: '@yearly' };
const everyOtherSecond = { calendar: { second: '*/2', minute: '0-59', hour: '0-23' } };

describe('what the server starts by a schedule', () => {
  const jobs = new ScriptedJobs();
  const taskQueue = 'scheduled';
  const plan = miniPlan('mini');
  const configuration = {
    ...loadConfiguration({ env: {} }),
    deployment: { ...deployment, notifications: { topicArn: alertsTopicArn } },
    taskQueue,
  };
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let running: Promise<void>;
  let schedules: Schedules;

  /** Applies one schedule as `sluice.yaml` would declare it. */
  const apply = async (given: object, ruleset?: string): Promise<void> => {
    const [declaration] = schedulesSchema.parse([given]);
    if (declaration === undefined) throw new Error('nothing is declared');
    if (declaration.glueUsage !== undefined) throw new Error('not of a pipeline or data');
    const planned: PlannedSchedule =
      declaration.evaluate === undefined ? { declaration, plan } : { declaration, ...(ruleset && { ruleset }) };
    await schedules.apply([planned]);
  };
  const state = (name: string): Promise<ScheduleDescription> =>
    temporal.client.schedule.getHandle(`sluice-${name}`).describe();
  /** Workflow id of the latest run of a schedule, once there is one. */
  const started = async (name: string): Promise<string> => {
    await expect.poll(async () => (await state(name)).info.recentActions.length, patient).toBeGreaterThan(0);
    return (await state(name)).info.recentActions.at(-1)!.action.workflow.workflowId;
  };
  const result = <Result>(workflowId: string): Promise<Result> =>
    temporal.client.workflow.getHandle(workflowId).result() as Promise<Result>;
  const table = async (name: string, lines: readonly object[]): Promise<void> => {
    const Body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'data', Key: `${name}/part.json`, Body }));
    const Columns = [
      { Name: 'id', Type: 'bigint' },
      { Name: 'price', Type: 'double' },
    ];
    const StorageDescriptor = { Columns, Location: `s3://data/${name}/` };
    const TableInput = { Name: name, Parameters: { classification: 'json' }, StorageDescriptor };
    await aws.clients.glue.send(new CreateTableCommand({ DatabaseName: deployment.glue.catalogDatabase, TableInput }));
  };
  const alerts = async (): Promise<string[]> => {
    const text = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => (line ? [(JSON.parse(line) as { subject: string }).subject] : []));
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws({ scripts: jobs.scripts }), startTestTemporal()]);
    await provisionPlan(aws, plan);
    await aws.clients.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await table('orders', [
      { id: 1, price: 10 },
      { id: 2, price: null },
    ]);
    await table('copies', [{ id: 1, price: 10 }]);
    const env = { ...aws.env, ...temporal.env };
    worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    running = worker.run();
    schedules = await Schedules.connect(configuration, temporal.env);
  });
  afterAll(async () => {
    await schedules?.close();
    worker?.shutdown();
    await running;
    await temporal?.stop();
    await aws?.stop();
  });

  it('is a run at its time, with its run key; what is due or triggered while it goes on is skipped', async () => {
    const release = jobs.hold('raw_to_datalake_job');
    await apply({ name: 'often', ...everyOtherSecond, overlap: 'SKIP' });
    const workflowId = await started('often');
    await expect.poll(async () => (await state('often')).info.numActionsSkippedOverlap, patient).toBeGreaterThan(0);
    const { skipped } = await schedules.pause('often', 'seen enough');
    await schedules.trigger('often', 'SKIP');
    await expect
      .poll(async () => (await state('often')).info.numActionsSkippedOverlap, patient)
      .toBeGreaterThan(skipped);
    expect((await state('often')).info).toMatchObject({
      numActionsTaken: 1,
      runningActions: [{ workflow: { workflowId } }],
    });
    release();

    const runKey = workflowId.replace('elt-mini-', '');
    expect(runKey).toMatch(/^often-\d{4}-\d\d-\d\dT\d\d:\d\d:\d[02468]Z$/);
    expect(await result<EltResult>(workflowId)).toMatchObject({ planHash: 'mini-plan', tables: { 'dwh.thing': 1 } });
    const { code, document } = await sluice(['runs', '--json'], {
      env: { ...aws.env, ...temporal.env } as Record<string, string>,
    });
    expect({ code, document }).toMatchObject({
      code: 0,
      document: { runs: [{ runKey, workflowId, table: 'mini', status: 'COMPLETED' }] },
    });
    const [listed] = await schedules.list([]);
    expect(listed).toMatchObject({
      name: 'often',
      state: 'undeclared',
      note: 'seen enough',
      runs: [{ runKey, workflowId }],
    });
  });

  it('pauses the schedule when a run fails, if it is to', async () => {
    const mend = jobs.fail('land_thing_job', 'no such column');
    await apply({ name: 'careful', ...yearly, pauseOnFailure: true });
    await schedules.trigger('careful');
    const workflowId = await started('careful');
    await expect(result(workflowId)).rejects.toThrow();
    mend();
    await expect.poll(async () => (await state('careful')).state.paused, patient).toBe(true);
    expect((await state('careful')).state.note).toContain('paused due to workflow failure');
    const resumed = await schedules.resume('careful');
    expect(resumed).toMatchObject({ state: 'active', runs: [{ workflowId }] });
  });

  it('is an evaluation, which completes and alerts when the data does not pass', async () => {
    const database = deployment.glue.catalogDatabase;
    const evaluate = { ruleset: 'orders', database, table: 'orders', minimumScore: 0.8 };
    await apply(
      { name: 'orders', ...yearly, pauseOnFailure: true, evaluate },
      'Rules = [ IsComplete "id", IsComplete "price" ]'
    );
    await schedules.trigger('orders');
    const workflowId = await started('orders');
    expect(workflowId).toMatch(/^evaluate-orders-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { passed, evaluations } = await result<EvaluateResult>(workflowId);
    expect({ passed, evaluations }).toMatchObject({
      passed: false,
      evaluations: [{ rulesetName: 'orders', score: 0.5, rulesFailed: 1 }],
    });
    const [, Prefix] = /^s3:\/\/[^/]+\/(.+)$/.exec(evaluations[0]!.resultUri) ?? [];
    const kept = new ListObjectsV2Command({ Bucket: deployment.buckets.quality, Prefix });
    expect((await aws.clients.s3.send(kept)).KeyCount).toBe(1);
    expect(await alerts()).toContain('Data quality ruleset orders on orders: FAILED');
    expect((await state('orders')).state.paused).toBe(false);
    const runKey = workflowId.replace('evaluate-', '');
    const found: string[] = [];
    for await (const run of temporal.client.workflow.list({ query: `SluiceRunKey = '${runKey}'` }))
      found.push(run.type);
    expect(found).toEqual(['evaluate']);
  });

  it('is a reconciliation where it compares tables, and pauses the schedule when it cannot judge', async () => {
    const database = deployment.glue.catalogDatabase;
    const references = { old: `${database}.copies` };
    const evaluate = { ruleset: 'both', database, table: 'orders', references };
    await apply({ name: 'both', ...yearly, evaluate }, 'Rules = [ RowCountMatch "old" = 2.0 ]');
    await schedules.trigger('both');
    const workflowId = await started('both');
    expect(workflowId).toMatch(/^reconcile-both-/);
    expect(await result<EvaluateResult>(workflowId)).toMatchObject({ passed: true });

    await apply({
      name: 'lost',
      ...yearly,
      pauseOnFailure: true,
      evaluate: { ruleset: 'unknown', database, table: 'orders' },
    });
    await schedules.trigger('lost');
    await expect(result(await started('lost'))).rejects.toThrow();
    await expect.poll(async () => (await state('lost')).state.paused, patient).toBe(true);
  });
});
