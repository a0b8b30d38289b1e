import { ApplicationFailure, sleep } from '@temporalio/workflow';
import type { StartedStatement, Transaction } from '../../activities/redshift.js';
import { failureType, firstFailure, startThenWait } from '../remote-job.js';
import { startStatements, stopStatement, waitStatement } from './activities.js';
import { redshiftQueue } from './redshift-queue.js';
import type { EltRun } from './run.js';
import type { StageName } from './types.js';

const conflictRepeats = 5;

/** Waits for a statement that did not end within its start, or throws the failure that it ended with. */
async function ended(run: EltRun, stage: StageName, step: string, started: StartedStatement): Promise<void> {
  const { statementId, state, failure } = started;
  if (failure !== undefined) {
    throw ApplicationFailure.nonRetryable(failure.message, failure.type, failure.details ?? { statementId });
  }
  if (state === 'finished') return;
  const input = { ...run.at(stage, step), statementId };
  const taskQueue = redshiftQueue();
  await startThenWait({
    start: () => Promise.resolve(input),
    wait: () => waitStatement.executeWithOptions({ summary: `${step} ${statementId}`, taskQueue }, [input]),
    stop: () => stopStatement.executeWithOptions({ summary: `stop ${step} ${statementId}`, taskQueue }, [input]),
  });
}

/**
 * Executes transactions at the same time, each a step of the stage. Those that another transaction was in the way of
 * are repeated as steps of their own (a client token stands for one statement), at most five times after 2, 4, 8, … s.
 * Those that were finished before the run was resumed are left out. Rejects when all have ended, with the first failure.
 */
export async function executeWave(run: EltRun, stage: StageName, all: readonly Transaction[]): Promise<void> {
  const wave = all.filter(({ step }) => run.sheet.finished(stage, step) === undefined);
  const handles = new Map(wave.map(({ step }) => [step, run.sheet.beginStep(stage, step)]));
  try {
    let pending = wave;
    for (let repeat = 0; pending.length > 0; repeat += 1) {
      if (repeat > 0) {
        const steps = pending.map(({ step }) => step).join(', ');
        await sleep(2_000 * 2 ** (repeat - 1), { summary: `${steps}: after a conflicting transaction` });
      }
      const transactions = pending.map((transaction) =>
        repeat === 0 ? transaction : { ...transaction, step: `${transaction.step}#${repeat + 1}` }
      );
      const summary = transactions.map(({ step }) => step).join(', ');
      const started = await startStatements.executeWithOptions({ summary, taskQueue: redshiftQueue() }, [
        { ...run.at(stage, summary), target: run.input.deployment.redshift, transactions },
      ]);
      const outcomes = await Promise.allSettled(
        pending.map(async ({ step }, index) => {
          const statement = started[index];
          if (statement === undefined) throw new TypeError(`nothing was started for ${step}`);
          handles.get(step)?.remote(statement.statementId);
          await ended(run, stage, transactions[index]?.step ?? step, statement);
          handles.get(step)?.end();
        })
      );
      const conflicted = pending.filter((_transaction, index) => {
        const outcome = outcomes[index];
        return outcome?.status === 'rejected' && failureType(outcome.reason) === 'ConflictingTransaction';
      });
      const failures = outcomes
        .filter((outcome) => outcome.status === 'rejected')
        .map(({ reason }) => reason as unknown);
      if (failures.length > conflicted.length || (failures.length > 0 && repeat === conflictRepeats)) {
        throw firstFailure(failures);
      }
      pending = conflicted;
    }
  } catch (error) {
    for (const handle of handles.values()) handle.end(error);
    throw error;
  }
}
