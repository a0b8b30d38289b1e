/**
 * Records a history of every workflow: `npx tsx test/histories/record.ts <version>`, once per released version whose
 * workflows changed. Whatever the scenarios run is written as `<workflow>[-<n>]-<version>.bin`, the open lock too;
 * the histories of all versions are replayed by replay.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import protos from '@temporalio/proto';
import { SluiceClient } from '../../client/index.js';
import { loadConfiguration } from '../../model/configuration.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { startWorker } from '../../workers/index.js';
import type { elt } from '../../workflows/index.js';
import { miniPlan } from '../workflows/mini-plan.js';
import { ScriptedJobs } from '../workflows/scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';

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

const { workflowService } = temporal.client;
const { executions } = await workflowService.listWorkflowExecutions({ namespace: 'default', pageSize: 1000 });
const numbers = new Map<string, number>();
for (const { execution, type } of [...(executions ?? [])].reverse()) {
  const name = type?.name ?? '';
  const number = (numbers.get(name) ?? 0) + 1;
  numbers.set(name, number);
  const history = await workflow.getHandle(execution?.workflowId ?? '', execution?.runId ?? '').fetchHistory();
  // As protobuf: Temporal's JSON for histories needs one copy of protobufjs, and npm installs several.
  const bytes = protos.temporal.api.history.v1.History.encode(history).finish();
  const file = `${name}${number > 1 ? `-${number}` : ''}-${version}.bin`;
  await writeFile(join(import.meta.dirname, file), bytes);
  console.log(`${file}: ${history.events?.length} events`);
}
await client.close();
worker.shutdown();
await running;
await temporal.stop();
await aws.stop();
