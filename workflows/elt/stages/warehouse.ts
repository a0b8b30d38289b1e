import type { WarehouseCounts } from '../../../activities/redshift.js';
import type { CallPlan } from '../../../model/plan.js';
import { readCounts } from '../activities.js';
import { redshiftQueue } from '../redshift-queue.js';
import type { StepHandle } from '../../run-sheet.js';
import type { EltRun } from '../run.js';
import { executeWave } from '../transactions.js';
import type { StageName } from '../types.js';

/** Calls procedures wave by wave, those of one wave at the same time. Each call is a transaction. */
export async function callInWaves(
  run: EltRun,
  stage: StageName,
  waves: readonly (readonly CallPlan[])[]
): Promise<void> {
  const parameters = { run_key: run.input.runKey };
  for (const wave of waves) {
    await executeWave(
      run,
      stage,
      wave.map(({ procedure, sql }) => ({ step: procedure, sqls: [sql], parameters }))
    );
  }
}

/** Counts the rows of every table, and the facts' rows with an unknown member. */
export async function countRows(run: EltRun): Promise<WarehouseCounts> {
  const { plan, deployment } = run.input;
  const count = async (step: StepHandle): Promise<WarehouseCounts> => {
    const counts = await readCounts.executeWithOptions({ summary: 'count rows', taskQueue: redshiftQueue() }, [
      {
        ...run.at('counts', 'counts'),
        target: deployment.redshift,
        counts: plan.counts,
        unknownMembers: plan.unknownMembers,
      },
    ]);
    step.counts(counts.tables);
    return counts;
  };
  return await run.sheet.step('counts', 'counts', count, { again: true });
}
