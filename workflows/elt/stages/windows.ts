import { ApplicationFailure } from '@temporalio/workflow';
import type { SourceTable } from '../../../activities/dynamodb.js';
import type { LakeBase } from '../../../activities/lake-base.js';
import type { ExportWindow } from '../../../model/windows.js';
import { planExports } from '../activities.js';
import { redshiftQueue } from '../redshift-queue.js';
import { acquireLock } from '../lock.js';
import type { EltRun } from '../run.js';
import { lakeUri } from './lake.js';

/** What a run exports; JSON, kept for a run that is resumed. */
export type Extent =
  | { readonly mode: 'full'; readonly reason?: string; readonly gap?: boolean }
  | {
      readonly mode: 'incremental';
      /** Where the first window begins. */
      readonly from: string;
      readonly windows: readonly ExportWindow[];
      /** Nothing is due, but the lake has more than the warehouse. */
      readonly behind?: boolean;
      readonly base: LakeBase;
    };

/** Name of changes that are lost to point-in-time recovery: of the approval, the failure and the search attribute. */
export const pitrGap = 'PITR_GAP';

const approvalSeconds = 72 * 3_600;

/** Waits until a person lets the whole table be exported; meanwhile others may write to the warehouse. */
async function approveBaseline(run: EltRun, reason: string): Promise<void> {
  const { source, incremental } = run.input.plan;
  const question = `The changes of ${source.table} cannot all be exported: ${reason}. Export the whole table instead?`;
  await run.lock.release();
  const seconds = incremental?.approvalSeconds ?? approvalSeconds;
  const { approved, by, reason: why } = await run.approvals.request(pitrGap, question, seconds);
  if (!approved) {
    throw ApplicationFailure.nonRetryable(
      `${pitrGap}: ${reason}. Exporting the whole table instead was rejected by ${by}${why ? ` (${why})` : ''}. ` +
        'Run without --incremental, or run again and approve; `incremental: { onGap: full }` in the model does it unasked.',
      pitrGap
    );
  }
  await acquireLock(run);
}

/** Plans what a run exports, before anything is moved: the windows that are due, or the whole table and why. */
export async function planExtent(run: EltRun, table: SourceTable): Promise<Extent> {
  const { plan, deployment, until } = run.input;
  return await run.sheet.step('prepare', 'windows', async (step): Promise<Extent> => {
    const now = Math.min(Date.now(), until === undefined ? Infinity : Date.parse(until));
    const options = { summary: 'plan what is exported', taskQueue: redshiftQueue() };
    const planned = await planExports.executeWithOptions(options, [
      {
        ...run.at('prepare', 'windows'),
        now: new Date(now).toISOString(),
        source: { tableId: table.tableId, earliest: table.earliest },
        table: plan.source.table,
        buckets: deployment.buckets,
        spec: { keys: plan.lake.spec.keys, itemTypes: plan.lake.spec.itemTypes },
        target: deployment.redshift,
        watermark: plan.watermark,
      },
    ]);
    if (planned.kind === 'windows' && planned.base !== undefined) {
      step.counts({ windows: planned.windows.length });
      const { from, windows, base } = planned;
      // A lake that only the archive has is loaded with the next changes.
      const behind = planned.behind === true && base.uri === lakeUri(run);
      if (behind) step.note('loads the lake as it is: an earlier run did not reach the warehouse');
      return { mode: 'incremental', from, windows, base, ...(behind && { behind }) };
    }
    const reason = planned.kind === 'windows' ? 'there is no complete lake generation' : planned.reason;
    if (planned.kind !== 'gap') {
      step.note(`exports the whole table: ${reason}`);
      return { mode: 'full', reason };
    }
    step.note(`${pitrGap}: ${reason}`);
    run.gap = { from: planned.from, reason };
    run.sheet.verdict(pitrGap);
    if (plan.incremental?.onGap !== 'full') await approveBaseline(run, reason);
    run.sheet.verdict('running');
    return { mode: 'full', reason, gap: true };
  });
}
