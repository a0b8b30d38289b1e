import { Context, cancellationDetails } from '@temporalio/activity';
import type { PollClock } from './poll-clock.js';

/** Milliseconds for which a listing may leave out what was started, since it is consistent eventually only. */
const longest = 10_000;

/**
 * Looks for something that may have been started and is perhaps not listed yet: until it is there, for about ten
 * seconds. A person's cancellation does not end the looking, so that what was started can be stopped; any other end of
 * the attempt does (`CancelledFailure`).
 */
export async function findWhenListed<T>(clock: PollClock, find: () => Promise<T | undefined>): Promise<T | undefined> {
  const { cancellationSignal: signal, cancelled } = Context.current();
  let waited = 0;
  for (;;) {
    const found = await find();
    if (found !== undefined || waited >= longest) return found;
    const pause = Math.min(2_500, 500 + waited / 2, longest - waited);
    waited += pause;
    await clock.sleep(pause, signal.aborted ? undefined : signal).catch(() => undefined);
    if (signal.aborted && cancellationDetails()?.cancelRequested !== true) await cancelled;
  }
}
