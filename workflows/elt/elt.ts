import { defineQuery, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import { cancellationOr } from '../remote-job.js';
import { finish } from './finish.js';
import type { Outcome } from './finish.js';
import { EltRun } from './run.js';
import { identified } from './scheduled.js';
import type { EltStart } from './scheduled.js';
import { archiveLayers } from './stages/archive.js';
import { exportTable, exportWindows } from './stages/export.js';
import type { Exported } from './stages/export.js';
import { passGates } from './stages/gates.js';
import { loadLake } from './stages/lake.js';
import { loadLanding } from './stages/landing.js';
import { prepare, prepareWarehouse } from './stages/prepare.js';
import { callInWaves, countRows } from './stages/warehouse.js';
import type { EltInput, EltProgress, EltResult, RunCheckpoint } from './types.js';

/** Stages and steps with their states, times, remote ids and counts. */
export const progressQuery = defineQuery<EltProgress>('progress');

/** What an execution that goes on with this run, once it has ended, takes over; and the input it had. */
export const checkpointQuery = defineQuery<{ readonly input: EltInput; readonly checkpoint: RunCheckpoint }>(
  'checkpoint'
);

/** Exports the table, or what has changed, and makes the lake of it; undefined when nothing is due. */
async function renewLake(run: EltRun): Promise<Pick<Exported, 'itemCount' | 'bytes'> | undefined> {
  const { sheet } = run;
  const { table, extent } = await sheet.stage('prepare', () => prepare(run));
  if (extent.mode === 'incremental' && extent.windows.length === 0) {
    if (!extent.behind) return undefined;
    run.loaded = { asOf: extent.base.asOf, tableId: table.tableId };
    return { itemCount: 0, bytes: 0 };
  }
  // After the source is known to be usable, and before anything of this run is in raw.
  if (run.durable) await sheet.stage('archive', () => archiveLayers(run));
  const exported = await sheet.stage('export', () =>
    extent.mode === 'full' ? exportTable(run, table) : exportWindows(run, table, extent.windows)
  );
  await sheet.stage('lake', () => loadLake(run, table, extent, exported));
  return exported;
}

/** Takes the lake as it was restored; the restore holds the lock. */
async function takeLake(run: EltRun): Promise<Pick<Exported, 'itemCount' | 'bytes'>> {
  const { asOf, tableId } = run.input.fromLake ?? {};
  await run.sheet.stage('prepare', () => prepareWarehouse(run));
  if (asOf !== undefined && tableId !== undefined) run.loaded = { asOf, tableId };
  return { itemCount: 0, bytes: 0 };
}

/** The result of a run that ended before it touched anything. */
function nothingDue(run: EltRun): EltResult {
  const { sheet, input } = run;
  const total = (Date.now() - workflowInfo().startTime.getTime()) / 1000;
  return {
    runKey: input.runKey,
    planHash: input.plan.hash,
    items: 0,
    bytes: 0,
    tables: {},
    unknownMembers: [],
    rejected: {},
    seconds: { export: 0, lake: 0, landing: 0, staging: 0, dwh: 0, total },
    remoteIds: sheet.remoteIds(),
    ...run.reach,
  };
}

/**
 * Loads a DynamoDB table into the warehouse, once per run key: archive → export → lake → landing → staging → dwh. Every step may
 * be repeated, by retries, by a reset or by another worker, without starting a remote job twice or loading a row twice.
 * History is bounded by the plan: about six events a remote job. A cancellation stops the running remote jobs first.
 */
export async function elt(start: EltStart): Promise<EltResult> {
  const input = identified(start);
  const run = new EltRun(input);
  const { plan, runKey } = input;
  const { sheet } = run;
  let outcome: Outcome | undefined = {};
  setHandler(progressQuery, () => run.progress);
  setHandler(checkpointQuery, () => ({ input, checkpoint: run.checkpoint }));
  try {
    const exported = input.fromLake ? await takeLake(run) : await renewLake(run);
    if (exported === undefined) {
      sheet.verdict('succeeded');
      outcome = undefined;
      return nothingDue(run);
    }
    await passGates(run, 'lake');
    await sheet.stage('landing', () => loadLanding(run));
    await passGates(run, 'landing');
    await sheet.stage('staging', () => callInWaves(run, 'staging', plan.staging));
    await sheet.stage('dwh', async () => {
      await callInWaves(run, 'dwh', plan.dimensions);
      await callInWaves(run, 'dwh', plan.facts);
    });
    await passGates(run, 'dwh');
    const { tables, unknownMembers } = await sheet.stage('counts', () => countRows(run));
    sheet.verdict('succeeded');
    outcome = { exported };
    return {
      runKey,
      planHash: plan.hash,
      items: exported.itemCount,
      bytes: exported.bytes,
      tables,
      unknownMembers,
      rejected: run.rejected,
      ...(run.gates.length > 0 && { gates: run.gates }),
      seconds: {
        export: sheet.seconds('export'),
        lake: sheet.seconds('lake'),
        landing: sheet.seconds('landing'),
        staging: sheet.seconds('staging'),
        dwh: sheet.seconds('dwh'),
        total: (Date.now() - workflowInfo().startTime.getTime()) / 1000,
      },
      remoteIds: sheet.remoteIds(),
      ...run.reach,
    };
  } catch (failure) {
    const error = cancellationOr(failure);
    sheet.verdict(isCancellation(error) ? 'cancelled' : 'failed');
    outcome = { error };
    throw error;
  } finally {
    await run.lock.release();
    if (run.durable && outcome !== undefined) await finish(run, outcome);
  }
}
