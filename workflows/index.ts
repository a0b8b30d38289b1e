export { checkpointQuery, elt, progressQuery } from './elt/elt.js';
export { archive } from './archive/archive.js';
export type { EltStart } from './elt/scheduled.js';
export type {
  ArchiveInput,
  ArchiveLimits,
  ArchiveResult,
  ArchivedLayer,
  LayerState,
  LayerTask,
} from './archive/types.js';
export { batch, batchProgressQuery } from './batch/batch.js';
export type { BatchInput, BatchProgress } from './batch/batch.js';
export { restore } from './restore/restore.js';
export type { LayerRestore, RestoreInput, RestoreResult, RestoreState, RestoredLayer } from './restore/types.js';
export { approveUpdate, rejectUpdate } from './approval.js';
export type { ApprovalDecision, ApprovalRequest, ApprovalsState, DecisionInput } from './approval.js';
export { pauseUpdate, resumeUpdate } from './pause.js';
export type { PauseInput, PauseState } from './pause.js';
export type { LockProgress } from './lock-holder.js';
export { lockStateQuery, releaseSignal, requestSignal, warehouseLock } from './warehouse-lock.js';
export type { LockRequest, WarehouseLockInput, WarehouseLockState } from './warehouse-lock.js';
export type {
  EltInput,
  EltProgress,
  EltResult,
  PitrGap,
  FinishedStep,
  ProgressState,
  RejectedItems,
  RunCheckpoint,
  StageName,
  StageProgress,
  StepProgress,
} from './elt/types.js';
export { glueUsage, glueUsageReport } from './glue-usage/glue-usage.js';
export type { GlueUsageReportResult, GlueUsageStart } from './glue-usage/glue-usage.js';
export { evaluate, reconcile } from './quality/evaluate.js';
export type { EvaluateStart } from './quality/scheduled.js';
export { editUpdate, recommend, recommendationQuery } from './quality/recommend.js';
export type {
  EditInput,
  EvaluateInput,
  EvaluateResult,
  RecommendInput,
  RecommendProgress,
  RecommendResult,
} from './quality/types.js';
export { configureSignal, credentials, credentialsStatusQuery, refreshNowUpdate } from './credentials/credentials.js';
export type { CredentialsInput, CredentialsSettings, CredentialsStatus } from './credentials/types.js';
