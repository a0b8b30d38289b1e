import { ApplicationFailure, CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { RunRecord } from '../../model/run-record.js';
import { finishRun } from './activities.js';
import { redshiftQueue } from './redshift-queue.js';
import type { EltRun } from './run.js';

/** What a run came to. */
export interface Outcome {
  /** Of the export, once it has ended. */
  readonly exported?: { readonly itemCount: number; readonly bytes: number };
  /** Why the run did not succeed. */
  readonly error?: unknown;
}

/** The innermost cause says what went wrong; those around it only which activity it went wrong in. */
function failureOf(run: EltRun, error: unknown): RunRecord['failure'] {
  if (error === undefined) return undefined;
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const named = root instanceof ApplicationFailure ? root.type : undefined;
  return {
    stage: run.sheet.stages.find(({ state }) => state === 'failed' || state === 'cancelled')?.name ?? 'prepare',
    errorClass: named ?? (isCancellation(error) ? 'Cancelled' : 'Workflow'),
    message: root instanceof Error ? root.message : 'no message',
  };
}

/**
 * Records a run that has ended and tells people, also after a cancellation. One activity, and never a failure of the
 * run: what ended it is told by its own result.
 */
export async function finish(run: EltRun, { exported, error }: Outcome): Promise<void> {
  const { workflowId, runId, startTime, typedSearchAttributes } = workflowInfo();
  // Temporal's own, of runs that a schedule has started.
  const scheduled = typedSearchAttributes.get({ name: 'TemporalScheduledStartTime', type: 'DATETIME' });
  const { plan, runKey, deployment } = run.input;
  const record: RunRecord = {
    workflowId,
    runId,
    runKey,
    pipeline: plan.name,
    table: plan.source.table,
    planHash: plan.hash,
    mode: run.extent.mode,
    verdict: error === undefined ? 'succeeded' : isCancellation(error) ? 'cancelled' : 'failed',
    ...(scheduled && { scheduledAt: scheduled.toISOString() }),
    startedAt: startTime.toISOString(),
    endedAt: new Date().toISOString(),
    resumption: run.input.resume?.resumption ?? 0,
    items: exported?.itemCount,
    bytes: exported?.bytes,
    rejectedItems: Object.values(run.rejected).reduce((sum, { items }) => sum + items, 0),
    windows: run.reach.windows,
    failure: failureOf(run, error),
    stages: run.sheet.stages,
  };
  try {
    await CancellationScope.nonCancellable(() =>
      finishRun.executeWithOptions({ summary: `record the run as ${record.verdict}`, taskQueue: redshiftQueue() }, [
        { scope: run.scope, stage: 'finish', step: 'finish', deployment, record },
      ])
    );
  } catch (problem) {
    log.warn('The run could not be recorded, or people could not be told', { problem });
  }
}
