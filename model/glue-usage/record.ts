import type { GlueVerdict } from './verdict.js';

/** A Glue run that has ended, as it is kept. */
export interface GlueRunRecord {
  /** Run id and start, joined by `_`: one record a run, however often it is reported. */
  readonly id: string;
  readonly job: string;
  readonly runId: string;
  readonly state: string;
  readonly verdict: GlueVerdict;
  /** Why it is told of; empty when it is not. */
  readonly reasons: readonly string[];
  /** True when the job's tag says that nobody is to be told. */
  readonly optedOut: boolean;
  /** ISO 8601. */
  readonly startedAt?: string;
  readonly endedAt: string;
  /** Seconds that the run used its workers. */
  readonly executionSeconds?: number;
  /** Minutes that it was allowed. */
  readonly timeout?: number;
  /** 0 for a first run. */
  readonly attempt?: number;
  readonly workers?: number;
  readonly workerType?: string;
  readonly glueVersion?: string;
  readonly executionClass?: string;
  readonly dpuSeconds?: number;
  readonly autoScaled: boolean;
  /** US dollars; absent when it is not known. */
  readonly cost?: number;
  /** ISO 8601: when people were told. */
  readonly alertedAt?: string;
}

/** Seconds after which a record expires. The report looks back seven days; the rest is for reports that come late. */
export const recordLifetime = 14 * 86_400;
