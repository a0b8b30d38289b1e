import type { JobRunState, WorkerType } from '@aws-sdk/client-glue';

/** A run as GetJobRun answers it; times in seconds since the epoch. */
export interface JobRunEntity {
  readonly Id: string;
  readonly Attempt: number;
  readonly PreviousRunId?: string;
  readonly JobName: string;
  readonly JobMode: string;
  readonly JobRunQueuingEnabled: boolean;
  readonly StartedOn: number;
  readonly LastModifiedOn: number;
  readonly CompletedOn?: number;
  readonly JobRunState: JobRunState;
  readonly Arguments: Readonly<Record<string, string>>;
  readonly ErrorMessage?: string;
  readonly StateDetail?: string;
  readonly PredecessorRuns: readonly [];
  readonly AllocatedCapacity: number;
  readonly MaxCapacity: number;
  /** Seconds the script has run. */
  readonly ExecutionTime: number;
  /** Minutes. */
  readonly Timeout: number;
  readonly WorkerType?: WorkerType | undefined;
  readonly NumberOfWorkers?: number | undefined;
  readonly LogGroupName: string;
  readonly GlueVersion: string;
  readonly DPUSeconds?: number;
  readonly ExecutionClass: 'STANDARD' | 'FLEX';
}

/** States in which a run holds one of its job's places. */
export const activeStates: ReadonlySet<string> = new Set<JobRunState>(['STARTING', 'RUNNING', 'STOPPING']);

/** Data processing units of one worker: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html */
const dpuPerWorker: Readonly<Record<string, number>> = {
  Standard: 1,
  'G.025X': 0.25,
  'G.1X': 1,
  'G.2X': 2,
  'G.4X': 4,
  'G.8X': 8,
  'G.12X': 12,
  'G.16X': 16,
  'R.1X': 1,
  'R.2X': 2,
  'R.4X': 4,
  'R.8X': 8,
  'Z.2X': 2,
};

/** The capacity in DPU of a run or job. */
export function dpuOf(sized: {
  readonly MaxCapacity?: number | undefined;
  readonly WorkerType?: string | undefined;
  readonly NumberOfWorkers?: number | undefined;
}): number {
  if (sized.WorkerType === undefined) return sized.MaxCapacity ?? 10;
  return (dpuPerWorker[sized.WorkerType] ?? 1) * (sized.NumberOfWorkers ?? 10);
}
