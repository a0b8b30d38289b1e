import type { JobRunState, WorkerType } from '@aws-sdk/client-glue';
import { dpuPerWorker } from '../../../model/cost/glue-dpu.js';

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

/** The capacity in DPU of a run or job. */
export function dpuOf(sized: {
  readonly MaxCapacity?: number | undefined;
  readonly WorkerType?: string | undefined;
  readonly NumberOfWorkers?: number | undefined;
}): number {
  if (sized.WorkerType === undefined) return sized.MaxCapacity ?? 10;
  return (dpuPerWorker[sized.WorkerType] ?? 1) * (sized.NumberOfWorkers ?? 10);
}
