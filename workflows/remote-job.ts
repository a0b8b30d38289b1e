import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';

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
  const ref = await job.start().catch(async (error: unknown) => {
    const { stop } = job;
    if (stop !== undefined && isTimeout(error) && CancellationScope.current().consideredCancelled) {
      // Its worker died while it was cancelled: what was started can be known only by starting it again.
      await CancellationScope.nonCancellable(async () => stop(await job.start()));
    }
    throw error;
  });
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

const isTimeout = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

/** Type of the application failure that ended an activity, such as `ConflictingTransaction`. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/**
 * What ended a run: its cancellation, too, when that only kept a call from being repeated which had met with throttling
 * or trouble. A failure that repeats would not have mended stays the failure.
 */
export function cancellationOr(error: unknown): unknown {
  const passing = isTimeout(error) || ['Throttled', 'AtCapacity', 'Transient'].includes(failureType(error) ?? '');
  return passing && CancellationScope.current().consideredCancelled
    ? new CancelledFailure('Cancelled', [], error as Error)
    : error;
}

/** The failure to report of several: a cancellation only when nothing else went wrong, a conflict after the rest. */
export function firstFailure(failures: readonly unknown[]): unknown {
  const rank = (failure: unknown): number =>
    isCancellation(failure) ? 2 : failureType(failure) === 'ConflictingTransaction' ? 1 : 0;
  return [...failures].sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * Waits until all have ended, so that a failure of one leaves no other running unseen; then rejects with the first
 * failure.
 */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const reasons: unknown[] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (reasons.length > 0) throw firstFailure(reasons);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
