import type { PollClock } from '../../activities/poll-clock.js';

interface Sleeper {
  readonly wake: number;
  /** Whether it is Sluice that sleeps, not a remote job. */
  readonly waiting: boolean;
  readonly end: () => void;
}

/** Real milliseconds without a call, a start or an end of a sleep, after which nothing but waiting is left. */
const quiet = 10;

/**
 * The time of day, which leaps over waits: as soon as nothing but sleeping goes on, it moves to the end of the shortest
 * sleep. Whatever else takes time (calls, Temporal, engines) takes as long as it does, so that overhead is measured as it
 * is. It leaps only while Sluice waits for a job that sleeps: not while a job is started, works or has ended.
 */
export class SkippingClock implements PollClock {
  #offset = 0;
  #busyAt = 0;
  readonly #leaps: { readonly at: number; readonly offset: number }[] = [];
  readonly #sleepers = new Set<Sleeper>();
  readonly #timer = setInterval(() => this.#tick(), 2);

  /** Milliseconds since the epoch, leaps included. */
  now(): number {
    return Date.now() + this.#offset;
  }

  /** The time of this clock at a time of day. */
  at(timeOfDay: number): number {
    return timeOfDay + (this.#leaps.findLast(({ at }) => at <= timeOfDay)?.offset ?? 0);
  }

  /** Says that something goes on besides sleeping. */
  touch(): void {
    this.#busyAt = Date.now();
  }

  /** Sleeps for a wait of Sluice. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(milliseconds, true, signal);
  }

  /** Sleeps for a remote job. */
  readonly work = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    this.#sleep(milliseconds, false, signal);

  close(): void {
    clearInterval(this.#timer);
  }

  #sleep(milliseconds: number, waiting: boolean, signal?: AbortSignal): Promise<void> {
    this.touch();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const end = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper: Sleeper = { wake: this.now() + milliseconds, waiting, end };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
    });
  }

  #tick(): void {
    const sleepers = [...this.#sleepers];
    const next = Math.min(...sleepers.map(({ wake }) => wake));
    const kinds = new Set(sleepers.map(({ waiting }) => waiting));
    const idle = Date.now() - this.#busyAt >= quiet && kinds.size === 2;
    if (idle && next > this.now()) {
      this.#offset += next - this.now();
      this.#leaps.push({ at: Date.now(), offset: this.#offset });
    }
    for (const sleeper of sleepers.filter(({ wake }) => wake <= this.now())) {
      this.touch();
      sleeper.end();
    }
  }
}
