import { setTimeout } from 'node:timers/promises';

/**
 * How the remote job that a call starts misbehaves. A call that is answered with a job that is there already has no
 * effect on that.
 */
export interface JobFault {
  /** Milliseconds that the job takes longer. */
  readonly slowMs?: number;
  /** Milliseconds that a Glue run stays WAITING before it starts. */
  readonly waitingMs?: number;
  /** Milliseconds for which the listing of Glue runs, of data quality or not, or of exports leaves the job out. */
  readonly hiddenMs?: number;
  /** Terminal state in which the job ends, without having done anything. */
  readonly end?: { readonly state: string; readonly message: string };
  /** How the job's pauses pass. Default: as time does. */
  readonly sleep?: Sleep;
}

/** Resolves after so many milliseconds; rejects when the signal aborts. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** As time passes; keeps no process alive. */
export const realSleep: Sleep = (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal, ref: false });

/** Resolves after so many milliseconds, at once for none; rejects when the signal aborts. */
export async function pause(milliseconds: number | undefined, signal: AbortSignal, sleep?: Sleep): Promise<void> {
  if (milliseconds) await (sleep?.(milliseconds, signal) ?? setTimeout(milliseconds, undefined, { signal }));
}

/** Jobs that listings leave out for a while, as eventually consistent ones do, by id. */
export class HiddenJobs {
  readonly #until = new Map<string, number>();

  add(id: string, { hiddenMs }: JobFault = {}): void {
    if (hiddenMs) this.#until.set(id, Date.now() + hiddenMs);
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    this.#until.delete(id);
    return false;
  }
}
