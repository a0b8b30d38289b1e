import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type { EltProgress, EltResult } from '../workflows/index.js';

/** A run as the server lists it. */
export interface RunSummary {
  readonly workflowId: string;
  /** Temporal's id of the execution. */
  readonly runId: string;
  readonly runKey: string;
  /** DynamoDB table. */
  readonly table: string;
  /** Temporal's status, such as `RUNNING`, `COMPLETED`, `FAILED`. */
  readonly status: WorkflowExecutionStatusName;
  /** Stage that the run is in or ended in. */
  readonly stage: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Events in the run's history; 0 where the server does not list it for a run that goes on. */
  readonly historyEvents: number;
}

/** What {@link SluiceClient.startElt} did. */
export interface StartedRun {
  readonly runKey: string;
  readonly workflowId: string;
  /** True when a run of this key was there already; nothing has been started then. */
  readonly alreadyRan: boolean;
  readonly status: WorkflowExecutionStatusName;
}

/** One look at a run that is watched. */
export interface RunUpdate {
  readonly status: WorkflowExecutionStatusName;
  /** Absent while no worker answers. */
  readonly progress?: EltProgress;
}

/** A run with all that is known of it. */
export interface RunDetails extends RunSummary {
  /** Absent when no worker answers. */
  readonly progress?: EltProgress;
  /** Of a run that has completed. */
  readonly result?: EltResult;
  /** Why the run failed: the message of its innermost cause. */
  readonly failure?: string;
}

/** Which runs are listed. */
export interface RunFilter {
  /** DynamoDB table. */
  readonly table?: string;
  /** Name of the model. */
  readonly pipeline?: string;
  /** Only those that failed. */
  readonly failed?: boolean;
  /** At most this many; default 20. */
  readonly limit?: number;
}
