import { setTimeout } from 'node:timers/promises';

/** Time as the waiting activities see it; tests give one that runs faster. */
export interface PollClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with an `AbortError` when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The time of day. */
export const systemClock: PollClock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/**
 * Milliseconds until the next look at a remote job, after it has been waited for so long: a tenth of that up to one
 * second, then one percent of it up to half a minute. So a wait ends at most one percent late, or a second.
 */
export function pollInterval(elapsed: number): number {
  return Math.max(Math.min(1_000, Math.max(100, elapsed / 10)), Math.min(30_000, elapsed / 100));
}
