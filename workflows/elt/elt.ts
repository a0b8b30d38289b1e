import { defineQuery, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import { cancellationOr } from '../remote-job.js';
import { finish } from './finish.js';
import { EltRun } from './run.js';
import { exportTable } from './stages/export.js';
import { loadLake } from './stages/lake.js';
import { loadLanding } from './stages/landing.js';
import { prepare } from './stages/prepare.js';
import { callInWaves, countRows } from './stages/warehouse.js';
import type { EltInput, EltProgress, EltResult, RunCheckpoint } from './types.js';

/** Stages and steps with their states, times, remote ids and counts. */
export const progressQuery = defineQuery<EltProgress>('progress');

/** What an execution that goes on with this run, once it has ended, takes over; and the input it had. */
export const checkpointQuery = defineQuery<{ readonly input: EltInput; readonly checkpoint: RunCheckpoint }>(
  'checkpoint'
);

/**
 * Loads a DynamoDB table into the warehouse, once per run key: export → lake → landing → staging → dwh. Every step may
 * be repeated, by retries, by a reset or by another worker, without starting a remote job twice or loading a row twice.
 * History is bounded by the plan: about six events a remote job. A cancellation stops the running remote jobs first.
 */
export async function elt(input: EltInput): Promise<EltResult> {
  const run = new EltRun(input);
  const { plan, runKey } = input;
  const { sheet } = run;
  setHandler(progressQuery, () => run.progress);
  setHandler(checkpointQuery, () => ({ input, checkpoint: run.checkpoint }));
  try {
    const table = await sheet.stage('prepare', () => prepare(run));
    // The archive of raw and lake has its place here: after the source is known to be usable, before the export.
    const exported = await sheet.stage('export', () => exportTable(run, table.tableArn));
    await sheet.stage('lake', () => loadLake(run, exported));
    await sheet.stage('landing', () => loadLanding(run));
    await sheet.stage('staging', () => callInWaves(run, 'staging', plan.staging));
    await sheet.stage('dwh', async () => {
      await callInWaves(run, 'dwh', plan.dimensions);
      await callInWaves(run, 'dwh', plan.facts);
    });
    const { tables, unknownMembers } = await sheet.stage('counts', () => countRows(run));
    sheet.verdict('succeeded');
    if (run.durable) await finish(run, { exported });
    return {
      runKey,
      planHash: plan.hash,
      items: exported.itemCount,
      bytes: exported.bytes,
      tables,
      unknownMembers,
      rejected: run.rejected,
      seconds: {
        export: sheet.seconds('export'),
        lake: sheet.seconds('lake'),
        landing: sheet.seconds('landing'),
        staging: sheet.seconds('staging'),
        dwh: sheet.seconds('dwh'),
        total: (Date.now() - workflowInfo().startTime.getTime()) / 1000,
      },
      remoteIds: sheet.remoteIds(),
    };
  } catch (failure) {
    const error = cancellationOr(failure);
    sheet.verdict(isCancellation(error) ? 'cancelled' : 'failed');
    if (run.durable) await finish(run, { error });
    throw error;
  } finally {
    await run.lock.release();
  }
}
