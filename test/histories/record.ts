/**
 * Records a history of every workflow: `npx tsx test/histories/record.ts <version>`, once per released version whose
 * workflows changed. Whatever the scenarios run is written as `<workflow>[-<n>]-<version>.bin`, the open lock too;
 * the histories of all versions are replayed by replay.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import type { WorkflowHandle } from '@temporalio/client';
import protos from '@temporalio/proto';
import { batchPageKey, batchPages } from '../../model/batch-pages.js';
import { SluiceClient } from '../../client/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import type { CredentialsDeclaration } from '../../model/credentials.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import type { GatePlan } from '../../model/plan.js';
import { startWorker } from '../../workers/index.js';
import type { elt } from '../../workflows/index.js';
import { miniPlan } from '../workflows/mini-plan.js';
import { ScriptedJobs } from '../workflows/scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import { withoutStackTraces } from './without-stack-traces.js';

const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('usage: npx tsx test/histories/record.ts <version>, such as 0.2.0');
}
const taskQueue = 'record';
const jobs = new ScriptedJobs();
const [aws, temporal] = await Promise.all([startTestAws({ scripts: jobs.scripts }), startTestTemporal()]);
const plan = miniPlan('mini');
await provisionPlan(aws, plan);
const env = { ...aws.env, ...temporal.env };
const configuration = { ...loadConfiguration({ env: {} }), taskQueue };
const worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent' });
const running = worker.run();
const client = await SluiceClient.connect({ configuration, env });
const { workflow } = temporal.client;
const start = (runKey: string) => workflow.start<typeof elt>('elt', eltWorkflowOptions(plan, deployment, runKey, taskQueue));

const common = (runKey: string) => ({ runKey, pipeline: 'mini', deployment, resources: { role: 'glue' } });

/** A table of the catalog as the lake job would have made it: the scripted one makes none. */
async function catalogueThings(): Promise<void> {
  const { glue, s3 } = aws.clients;
  const Bucket = deployment.buckets.lake;
  await s3.send(new PutObjectCommand({ Bucket, Key: 'things/part.json', Body: '{"id": 1}\n{"id": 2}\n' }));
  const DatabaseName = deployment.glue.catalogDatabase;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } })).catch(() => undefined);
  const StorageDescriptor = { Columns: [{ Name: 'id', Type: 'bigint' }], Location: `s3://${Bucket}/things/` };
  const TableInput = { Name: 'mini_thing', Parameters: { classification: 'json' }, StorageDescriptor };
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
}

/** An `elt` with a gate that asks, an evaluation, a reconciliation, a recommendation that is approved. */
async function recordQuality(): Promise<void> {
  await catalogueThings();
  const database = deployment.glue.catalogDatabase;
  const gate: GatePlan = {
    name: 'mini_things',
    layer: 'lake',
    dataset: 'thing',
    ruleset: 'Rules = [ RowCount > 5 ]',
    action: 'ask',
    approvalSeconds: 600,
    columns: [{ name: 'id', type: 'bigint' }],
  };
  const gated = eltWorkflowOptions({ ...plan, gates: [gate] }, deployment, '2026-03-05', taskQueue);
  const run = await workflow.start<typeof elt>('elt', gated);
  await approve(run);
  await run.result();
  const request = { database, table: 'mini_thing', rulesetName: 'things', ruleset: 'Rules = [ RowCount = 2 ]' };
  for (const type of ['evaluate', 'reconcile']) {
    const args = [{ ...common(type), request }];
    await (await workflow.start(type, { workflowId: type, taskQueue, args })).result();
  }
  const args = [{ ...common('recommend'), database, table: 'mini_thing', rulesetName: 'made', approvalSeconds: 600 }];
  const recommendation = await workflow.start('recommend', { workflowId: 'recommend', taskQueue, args });
  await approve(recommendation);
  await recommendation.result();
}

/** Approves what a workflow asks, once it does. */
async function approve(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const done = await handle.executeUpdate('approve', { args: [{ by: 'record' }] }).then(
      () => true,
      () => false
    );
    if (done) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A batch of two runs of which one was started before. */
async function recordBatch(): Promise<void> {
  const bucket = deployment.buckets.quality;
  const runs = ['2026-03-06', '2026-03-05'].map((key) => {
    const { workflowId, args } = eltWorkflowOptions(plan, deployment, key, taskQueue);
    return { workflowId, args };
  });
  const pages = batchPages(runs);
  for (const [index, Body] of pages.entries()) {
    const Key = batchPageKey('batch', index + 1);
    await aws.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  }
  const args = [{ batch: { bucket, prefix: 'batch', pages: pages.length } }];
  await (await workflow.start('batch', { workflowId: 'batch', taskQueue, args })).result();
}

/** A generation brought back over what stands there. */
async function recordRestore(): Promise<void> {
  const args = [{ plan, deployment, runKey: 'restore', overwrite: true }];
  await (await workflow.start('restore', { workflowId: 'restore', taskQueue, args })).result();
}

/** A look at what Glue ran, and a report of it, as schedules start them. */
async function recordGlueUsage(): Promise<void> {
  await aws.clients.ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sluice@example.com' }));
  const guard = usageGuardSchema.parse({ emails: ['data@example.com'], from: 'sluice@example.com' });
  const args = [{ guard, deployment: { buckets: deployment.buckets } }];
  for (const type of ['glueUsage', 'glueUsageReport']) {
    const workflowId = `${type}-weekly-2026-03-09T08:00:00Z`;
    await (await workflow.start(type, { workflowId, taskQueue, args })).result();
  }
}

/** Credentials that are refreshed, asked for, refused, and go on after it; left open. */
async function recordCredentials(): Promise<void> {
  const { s3, secretsManager } = aws.clients;
  await secretsManager.send(new CreateSecretCommand({ Name: 'reader', SecretString: '{}' }));
  await s3.send(new PutObjectCommand({ Bucket: deployment.buckets.lake, Key: 'reader/part', Body: 'x' }));
  const declared: CredentialsDeclaration = {
    name: 'reader',
    roleArn: 'arn:aws:iam::000000000000:role/reader',
    sessionName: 'reader',
    durationSeconds: 900,
    target: { secretsManager: { secretId: 'reader' } },
    verify: { bucket: deployment.buckets.lake, prefix: 'reader/' },
  };
  const args = [{ credentials: declared, deployment, maximumEvents: 20 }];
  const handle = await workflow.start('credentials', { workflowId: 'credentials/reader', taskQueue, args });
  const refreshNow = () => handle.executeUpdate('refreshNow').catch(() => undefined);
  await refreshNow();
  const elsewhere = { ...declared, roleArn: 'arn:aws:iam::111111111111:role/reader' };
  await handle.signal('configure', { credentials: elsewhere, deployment });
  await refreshNow();
  await handle.signal('configure', { credentials: declared, deployment });
  await refreshNow();
  await refreshNow();
  await handle.query('credentialsStatus'); // a history without a first task cannot be replayed
}

/** Each starts workflows and waits for them. */
const scenarios: readonly (() => Promise<unknown>)[] = [
  async () => (await start('2026-03-01')).result(),
  async () => {
    const mend = jobs.fail('land_thing_job', 'spoilt');
    const failed = await start('2026-03-02');
    await failed.result().catch(() => undefined);
    mend();
    await client.resume('2026-03-02', { by: 'record' }, () => plan);
    await workflow.getHandle(failed.workflowId).result();
  },
  async () => {
    const release = jobs.hold('raw_to_datalake_job');
    const [holder, waiting] = [await start('2026-03-03'), await start('2026-03-04')];
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await client.cancel(holder.workflowId);
    await holder.result().catch(() => undefined);
    release();
    await waiting.result();
  },
];
for (const scenario of scenarios) await scenario();
await recordQuality();
await recordBatch();
await recordRestore();
await recordCredentials();
await recordGlueUsage();

const { workflowService } = temporal.client;
const { executions } = await workflowService.listWorkflowExecutions({ namespace: 'default', pageSize: 1000 });
const numbers = new Map<string, number>();
for (const { execution, type } of [...(executions ?? [])].reverse()) {
  const name = type?.name ?? '';
  const number = (numbers.get(name) ?? 0) + 1;
  numbers.set(name, number);
  const history = await workflow.getHandle(execution?.workflowId ?? '', execution?.runId ?? '').fetchHistory();
  // As protobuf: Temporal's JSON for histories needs one copy of protobufjs, and npm installs several.
  const bytes = protos.temporal.api.history.v1.History.encode(withoutStackTraces(history)).finish();
  const file = `${name}${number > 1 ? `-${number}` : ''}-${version}.bin`;
  await writeFile(join(import.meta.dirname, file), bytes);
  console.log(`${file}: ${history.events?.length} events`);
}
await client.close();
worker.shutdown();
await running;
await temporal.stop();
await aws.stop();
