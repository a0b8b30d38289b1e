export { checkpointQuery, elt, progressQuery } from './elt/elt.js';
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
  FinishedStep,
  ProgressState,
  RejectedItems,
  RunCheckpoint,
  StageName,
  StageProgress,
  StepProgress,
} from './elt/types.js';
