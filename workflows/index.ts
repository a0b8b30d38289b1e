export { elt, progressQuery } from './elt/elt.js';
export type {
  EltInput,
  EltProgress,
  EltResult,
  ProgressState,
  RejectedItems,
  StageName,
  StageProgress,
  StepProgress,
} from './elt/types.js';
