import { Context, cancellationDetails } from '@temporalio/activity';
import { errorClassOf } from './failures.js';
import { keepHeartbeating } from './heartbeat.js';
import type { PollClock } from './poll-clock.js';
import { Polling } from './poll-clock.js';

/** How often a start is repeated whose answer was lost while it was cancelled. */
const maximumLost = 6;

const isCancelled = (): boolean => cancellationDetails()?.cancelRequested === true;

/**
 * Starts a remote job. While a quota of running jobs is used up it waits here, so that waiting uses up neither attempts
 * nor history. Only the waiting ends early on cancellation (`CancelledFailure`): a start that is on its way is let
 * finish, so that its id comes to be known and the job can be stopped. When its answer was lost meanwhile, Temporal
 * would not attempt it again, so it is repeated here until it is known what was started; starts are idempotent.
 */
export async function startWhenCapacity<T>(clock: PollClock, start: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const began = clock.now();
  let refusals = 0;
  let lost = 0;
  let polling: Polling | undefined;
  const stopHeartbeats = keepHeartbeating(() => ({ phase: refusals === 0 ? 'starting' : 'at capacity', refusals }));
  try {
    for (;;) {
      if (context.cancellationSignal.aborted && lost === 0) await context.cancelled;
      try {
        return await start();
      } catch (error) {
        const errorClass = errorClassOf(error);
        if (errorClass === 'Transient' && isCancelled() && lost < maximumLost) {
          lost += 1;
          await clock.sleep(250 * 2 ** lost);
          continue;
        }
        if (errorClass !== 'AtCapacity') throw error;
        refusals += 1;
        if (refusals === 1) context.log.info('Waiting for capacity', { reason: String(error) });
      }
      polling ??= new Polling();
      await clock
        .sleep(polling.interval(clock.now() - began), context.cancellationSignal)
        .catch(() => context.cancelled);
    }
  } finally {
    polling?.end();
    stopHeartbeats();
  }
}
