/** What a check found: in order, something that may be mended, something that must be, and nothing that can be told. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown';

/** What a check found, without the check's name. */
export interface Outcome {
  readonly status: CheckStatus;
  /** One sentence, without secrets. */
  readonly message: string;
  /** What to do; absent when there is nothing to do. */
  readonly fix?: string;
}

/** One line of the report. */
export interface CheckResult extends Outcome {
  /** Such as `dynamodb.pitr`; the same for the same thing on every run. */
  readonly name: string;
}

/** A piece of work that gives one or several results: what can be told from the same answers. */
export interface Check {
  /** Names that it tells about; each of them is unknown when the work fails. */
  readonly names: readonly string[];
  /** Milliseconds that it may take, all its calls together; 15 000 by default. */
  readonly limitMs?: number;
  /**
   * Looks, and changes nothing. A name that is left out was not applicable; further names may be added.
   * @throws anything: what cannot be looked at is unknown.
   */
  run(signal: AbortSignal): Promise<Readonly<Record<string, Outcome>>>;
}

/** All is well. */
export const ok = (message: string): Outcome => ({ status: 'ok', message });

/** Runs work, but someone should know. */
export const warn = (message: string, fix: string): Outcome => ({ status: 'warn', message, fix });

/** Runs will fail, or go wrong. */
export const fail = (message: string, fix: string): Outcome => ({ status: 'fail', message, fix });

/** Cannot be told. */
export const unknown = (message: string, fix?: string): Outcome => ({
  status: 'unknown',
  message,
  ...(fix && { fix }),
});
