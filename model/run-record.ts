/** How a run ended. */
export type RunVerdict = 'succeeded' | 'failed' | 'cancelled';

/** A step of a stage as the record of its run keeps it: identifiers, times and counts. */
export interface StepRecord {
  readonly name: string;
  readonly state: string;
  /** ISO 8601, UTC. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Id of the latest remote job. */
  readonly remoteId?: string;
  /** Such as `rows`, `bytes` and `rejected`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** True when an earlier execution of the run has done it. */
  readonly reused?: boolean;
}

/** A stage with its steps. */
export interface StageRecord extends Omit<StepRecord, 'remoteId' | 'counts' | 'reused'> {
  readonly steps: readonly StepRecord[];
}

/** What is kept of a run that has ended, in `sluice.runs` and `sluice.stages`. No row data, no secrets. */
export interface RunRecord {
  readonly workflowId: string;
  /** Temporal's id of this execution: a run that is resumed under its run key has another. */
  readonly runId: string;
  readonly runKey: string;
  /** Name of the model. */
  readonly pipeline: string;
  /** DynamoDB table. */
  readonly table: string;
  readonly planHash: string;
  readonly mode: 'full' | 'incremental';
  readonly verdict: RunVerdict;
  /** ISO 8601, UTC. When a schedule was to start the run; absent when no schedule did. */
  readonly scheduledAt?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** 0, or how often the run was resumed before. */
  readonly resumption: number;
  /** Items exported, and the size of their files in bytes, compressed; absent when the export did not end. */
  readonly items?: number;
  readonly bytes?: number;
  readonly rejectedItems: number;
  /** Windows [from, to) that an incremental run exported, ISO 8601. */
  readonly windows: readonly { readonly from: string; readonly to: string }[];
  readonly failure?: {
    /** Stage that failed. */
    readonly stage: string;
    /** Class of the error, such as `Permanent`. */
    readonly errorClass: string;
    readonly message: string;
  };
  readonly stages: readonly StageRecord[];
}

/** Seconds that a run, a stage or a step has taken; undefined before it has ended. */
export function secondsOf({ startedAt, endedAt }: Pick<StepRecord, 'startedAt' | 'endedAt'>): number | undefined {
  return startedAt === undefined || endedAt === undefined
    ? undefined
    : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}
