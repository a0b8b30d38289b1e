/**
 * Records the history of an `elt` run: `npx tsx test/histories/record-elt.ts <name>`, once per released version whose
 * workflows changed. The histories of all versions are replayed by replay.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import protos from '@temporalio/proto';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { startWorker } from '../../workers/index.js';
import type { elt } from '../../workflows/index.js';
import { miniPlan } from '../workflows/mini-plan.js';
import { ScriptedJobs } from '../workflows/scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';

const name = process.argv[2] ?? 'elt';
const taskQueue = 'record';
const [aws, temporal] = await Promise.all([startTestAws({ scripts: new ScriptedJobs().scripts }), startTestTemporal()]);
const plan = miniPlan('mini');
await provisionPlan(aws, plan);
const worker = await startWorker({ configuration: { taskQueue }, env: { ...aws.env, ...temporal.env } });
const running = worker.run();
const options = eltWorkflowOptions(plan, deployment, '2026-03-01', taskQueue);
const handle = await temporal.client.workflow.start<typeof elt>('elt', options);
await handle.result();
// As protobuf: Temporal's JSON for histories needs one copy of protobufjs, and npm installs several.
const bytes = protos.temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish();
await writeFile(join(import.meta.dirname, `${name}.bin`), bytes);
worker.shutdown();
await running;
await temporal.stop();
await aws.stop();
