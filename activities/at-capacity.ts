import { Context } from '@temporalio/activity';
import { errorClassOf } from './failures.js';
import { keepHeartbeating } from './heartbeat.js';
import type { PollClock } from './poll-clock.js';
import { pollInterval } from './poll-clock.js';

/**
 * Starts a remote job. While a quota of running jobs is used up it waits here, so that waiting uses up neither attempts
 * nor history. Only the waiting ends early on cancellation (`CancelledFailure`): a start that is on its way is let
 * finish, so that its id comes to be known and the job can be stopped.
 */
export async function startWhenCapacity<T>(clock: PollClock, start: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const began = clock.now();
  let refusals = 0;
  const stopHeartbeats = keepHeartbeating(() => ({ phase: refusals === 0 ? 'starting' : 'at capacity', refusals }));
  try {
    for (;;) {
      if (context.cancellationSignal.aborted) await context.cancelled;
      try {
        return await start();
      } catch (error) {
        if (errorClassOf(error) !== 'AtCapacity') throw error;
        refusals += 1;
        if (refusals === 1) context.log.info('Waiting for capacity', { reason: String(error) });
      }
      await clock.sleep(pollInterval(clock.now() - began), context.cancellationSignal).catch(() => context.cancelled);
    }
  } finally {
    stopHeartbeats();
  }
}
