import { ActivityFailure, ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * Starts a remote job, waits for it, and leaves nothing running when a person cancels. A wait that has begun stops the
 * job by itself; `stop` is for a cancellation that arrives between start and wait, or that the wait could not carry
 * out, and does nothing to a job that has ended.
 */
export async function startThenWait<Ref, Result>(job: {
  readonly start: () => Promise<Ref>;
  readonly wait: (ref: Ref) => Promise<Result>;
  readonly stop?: (ref: Ref) => Promise<unknown>;
}): Promise<Result> {
  const ref = await job.start();
  try {
    return await job.wait(ref);
  } catch (error) {
    const { stop } = job;
    if (stop !== undefined && (isCancellation(error) || CancellationScope.current().consideredCancelled)) {
      await CancellationScope.nonCancellable(() => stop(ref));
    }
    throw error;
  }
}

/** Type of the application failure that ended an activity, such as `ConflictingTransaction`. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

const conflictRepeats = 5;

/**
 * Repeats a transaction that another one was in the way of, at most five times after 2, 4, 8, … s. Each repeat is a
 * step of its own, since a client token stands for one statement.
 */
export async function repeatOnConflict<T>(step: string, transaction: (step: string) => Promise<T>): Promise<T> {
  for (let repeat = 0; ; repeat += 1) {
    try {
      return await transaction(repeat === 0 ? step : `${step}#${repeat + 1}`);
    } catch (error) {
      if (failureType(error) !== 'ConflictingTransaction' || repeat === conflictRepeats) throw error;
      await sleep(2_000 * 2 ** repeat, { summary: `${step}: after a conflicting transaction` });
    }
  }
}

/**
 * Waits until all have ended, so that a failure of one leaves no other running unseen; then rejects with the first
 * failure, a cancellation only when nothing else failed.
 */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const reasons: unknown[] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (reasons.length > 0) throw reasons.find((reason) => !isCancellation(reason)) ?? reasons[0];
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
