import type { EvaluationSummary } from '../../activities/quality/results.js';
import type { CatalogTable, EvaluationRequest, RunResources } from '../../activities/quality/evaluation.js';
import type { Deployment } from '../../model/configuration.js';
import type { GateDemand } from '../../quality/results/verdict.js';
import type { ApprovalsState } from '../approval.js';

/** What every workflow on data quality is given. */
export interface QualityInput {
  /** Names the run; client tokens are derived from it. */
  readonly runKey: string;
  /** Groups alerts and tokens, such as the name of a model. */
  readonly pipeline: string;
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications'> & Partial<Pick<Deployment, 'glue'>>;
  readonly resources: RunResources;
}

/** Input of the workflows `evaluate` and `reconcile`. */
export interface EvaluateInput extends QualityInput {
  readonly request: EvaluationRequest;
  readonly demand?: GateDemand;
}

/** Result of `evaluate` and `reconcile`. */
export interface EvaluateResult {
  readonly passed: boolean;
  readonly evaluations: readonly EvaluationSummary[];
}

/** Input of the workflow `recommend`. */
export interface RecommendInput extends QualityInput, CatalogTable {
  /** Name that the ruleset is saved under when it is accepted. */
  readonly rulesetName: string;
  /** How long a person may take. */
  readonly approvalSeconds: number;
}

/** Argument of the update `edit`: a ruleset that replaces the recommended one. */
export interface EditInput {
  readonly by: string;
  /** S3 URI of the edited text: rules quote values of the data, which have no place in the history. */
  readonly uri: string;
}

/** Result of `recommend`. */
export interface RecommendResult {
  readonly runId: string;
  /** S3 URI of the ruleset that was decided on. */
  readonly uri: string;
  readonly rules: number;
  readonly accepted: boolean;
  readonly decidedBy: string;
  readonly reason?: string;
  /** Absent when it was not accepted. */
  readonly rulesetName?: string;
}

/** Answer of the `recommendation` query. */
export interface RecommendProgress {
  readonly runId?: string;
  readonly uri?: string;
  readonly rules?: number;
  readonly editedBy?: string;
  readonly approvals: ApprovalsState;
}
