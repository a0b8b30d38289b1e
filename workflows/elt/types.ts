import type { EvaluationSummary } from '../../activities/quality/results.js';
import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { ExportWindow } from '../../model/windows.js';
import type { ApprovalsState } from '../approval.js';
import type { LockProgress } from '../lock-holder.js';
import type { PauseState } from '../pause.js';

/** Input of the `elt` workflow: JSON without secrets, so that a run can be read and compared in the Temporal UI. */
export interface EltInput {
  readonly plan: WarehousePlan;
  readonly deployment: Deployment;
  /** Names the run; every client token, report and load record is derived from it. */
  readonly runKey: string;
  /**
   * Load from the lake as it stands, of this generation: nothing is archived or exported. Part of a restore. Lakes that
   * 0.1.0 made do not say how far they reach.
   */
  readonly fromLake?: { readonly generation: string; readonly asOf?: string; readonly tableId?: string };
  /** Export what has changed since the last load, and merge it into the lake; the whole table where that cannot be. */
  readonly incremental?: boolean;
  /**
   * ISO 8601: an incremental run exports the changes before this time, or before now if that is earlier. For backfills;
   * default now.
   */
  readonly until?: string;
  /** Of an execution that goes on with a run which ended before it was done. */
  readonly resume?: RunCheckpoint;
}

/** A step that is finished, with what a resumed run needs of it. */
export interface FinishedStep {
  readonly stage: StageName;
  readonly progress: StepProgress;
  /** What the step returned, as JSON. */
  readonly result?: unknown;
}

/** Answer of the `checkpoint` query: what a resumed run takes over. */
export interface RunCheckpoint {
  /** Which resumption it is for, from 1. Remote jobs that must be started anew get tokens of it. */
  readonly resumption: number;
  /** ISO 8601: start of the run's first execution. */
  readonly startedAt: string;
  readonly finished: readonly FinishedStep[];
  /** By stage and step: the first resumption whose remote work may be used; older work turned out to be unusable. */
  readonly usableFrom: Readonly<Record<string, number>>;
}

/** What a job rejected. */
export interface RejectedItems {
  readonly items: number;
  /** S3 URI of the job's report, with reasons and sample keys. */
  readonly reportUri: string;
}

/** Result of the `elt` workflow: counts and identifiers only. */
export interface EltResult {
  readonly runKey: string;
  readonly planHash: string;
  /** Items exported. */
  readonly items: number;
  /** Σ size of the exported files, compressed. */
  readonly bytes: number;
  /** Rows per table, such as `dwh.order`, without unknown members. */
  readonly tables: Readonly<Record<string, number>>;
  /** Fact rows that took the unknown member of a dimension. */
  readonly unknownMembers: readonly { readonly fact: string; readonly dimension: string; readonly rows: number }[];
  /** By job name; jobs that rejected nothing are left out. */
  readonly rejected: Readonly<Record<string, RejectedItems>>;
  /** Seconds by the workflow's clock. `total` also covers preparation and counting. */
  readonly seconds: {
    readonly export: number;
    readonly lake: number;
    readonly landing: number;
    readonly staging: number;
    readonly dwh: number;
    readonly total: number;
  };
  /** What came of the data quality gates; absent without gates. */
  readonly gates?: readonly EvaluationSummary[];
  /** By step: the export's ARN, Glue run ids, statement ids. */
  readonly remoteIds: Readonly<Record<string, string>>;
  readonly mode: 'full' | 'incremental';
  /** Exported by an incremental run, the oldest first; none when nothing was due: such a run has changed nothing. */
  readonly windows: readonly ExportWindow[];
  /** ISO 8601: all changes before it are loaded. Absent when nothing was due, or the lake is of a restore. */
  readonly watermark?: string;
  /** Why a run that was to be incremental exported the whole table. */
  readonly reason?: string;
  /** Changes that were lost to point-in-time recovery, named PITR_GAP: since when, and why. */
  readonly gap?: PitrGap;
}

/** Changes since a time, in ISO 8601, which point-in-time recovery cannot tell any more. */
export interface PitrGap {
  readonly from: string;
  readonly reason: string;
}

/** Stages in their order. Those of gates are there when the model has gates for the layer. */
export type StageName =
  | 'prepare'
  | 'archive'
  | 'export'
  | 'lake'
  | 'lake-gates'
  | 'landing'
  | 'landing-gates'
  | 'staging'
  | 'dwh'
  | 'dwh-gates'
  | 'counts';

/** State of a stage or step. */
export type ProgressState = 'pending' | 'running' | 'done' | 'failed' | 'cancelled';

/** A step of a stage, such as a Glue job or a procedure call. */
export interface StepProgress {
  readonly name: string;
  readonly state: ProgressState;
  /** ISO 8601, by the workflow's clock. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Id of the latest remote job: an export's ARN, a Glue run id or a statement id. */
  readonly remoteId?: string;
  /** Such as rows and rejected items. */
  readonly counts?: Readonly<Record<string, number>>;
  /** What people must know of the step. */
  readonly note?: string;
  /** True in a resumed run when the step was finished before. */
  readonly reused?: boolean;
}

/** A stage and its steps, known from the start of the run. */
export interface StageProgress {
  readonly name: StageName;
  readonly state: ProgressState;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly steps: readonly StepProgress[];
}

/** Answer of the `progress` query. */
export interface EltProgress {
  readonly runKey: string;
  readonly table: string;
  readonly planHash: string;
  readonly stages: readonly StageProgress[];
  /** Of a run that a person has paused. */
  readonly paused?: PauseState;
  /** What waits for a person, and what was decided; absent when nothing was asked. */
  readonly approvals?: ApprovalsState;
  /** The run's hold on what it writes; absent before it asks. */
  readonly lock?: LockProgress;
  /** How often the run was resumed. */
  readonly resumption?: number;
  /** Set when changes are lost to point-in-time recovery. */
  readonly gap?: PitrGap;
  /** What came of the data quality gates so far. */
  readonly gates?: readonly EvaluationSummary[];
}
