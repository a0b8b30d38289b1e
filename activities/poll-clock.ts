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
 * Milliseconds until the next look at a remote job, after it has been waited for so long: a tenth of that up to 800 ms,
 * then half a percent of it up to half a minute. So what a wait adds to its job stays below a second, or half a percent,
 * which leaves the other half for the steps between two jobs.
 */
export function pollInterval(elapsed: number): number {
  return Math.max(Math.min(800, Math.max(100, elapsed / 10)), Math.min(30_000, elapsed / 200));
}

/** Glue tells no rate at which it throttles; an account has 50 runs at once, and others ask for theirs as well. */
const looksPerSecond = 10;

/** The longest that a wait is held back for the others of the process. */
const longestTurn = 10_000;

let waits = 0;

/**
 * One wait of many in this process, which together look at remote jobs at most ten times a second as long as they are no
 * more than a hundred.
 */
export class Polling {
  constructor() {
    waits += 1;
  }

  /** Milliseconds until the next look, see {@link pollInterval}. */
  interval(elapsed: number): number {
    return Math.max(pollInterval(elapsed), Math.min(longestTurn, (1000 / looksPerSecond) * waits));
  }

  /** To be called once the wait has ended. */
  end(): void {
    waits -= 1;
  }
}
