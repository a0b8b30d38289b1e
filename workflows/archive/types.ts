import type { DeleteCursor, LayerName, PageCursor, PageLimits } from '../../activities/archive/index.js';
import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';

/** Bounds of the work, for tests; what is left out has its default. */
export interface ArchiveLimits extends Partial<PageLimits> {
  /** Activities of each layer before the workflow continues as new: about six events each. Default 400. */
  readonly activitiesPerExecution?: number;
}

/** Pages to be copied or deleted. */
export type LayerTask =
  | { readonly kind: 'copy'; readonly stamp: string; readonly cursor: PageCursor; readonly resumed: boolean }
  | { readonly kind: 'delete'; readonly stamp: string; readonly cursor: DeleteCursor };

/** What is left to be done for a layer, and what has been done. */
export interface LayerState {
  readonly layer: LayerName;
  readonly tasks: readonly LayerTask[];
  readonly done: ArchivedLayer;
}

/** Input of the `archive` workflow. */
export interface ArchiveInput {
  readonly plan: Pick<WarehousePlan, 'name' | 'hash' | 'source' | 'archive'>;
  readonly deployment: Deployment;
  /** Names the run that archives; one run archives once. */
  readonly runKey: string;
  /** `yyyy-MM-dd'T'HH-mm-ss'Z'`. Default: the workflow's start. */
  readonly stamp?: string;
  readonly limits?: ArchiveLimits;
  /** Of an execution that goes on with another one's work. */
  readonly resume?: readonly LayerState[];
}

/** What became of a layer. */
export interface ArchivedLayer {
  /** Generation that its objects are in; absent only where nothing was done. */
  readonly stamp?: string;
  readonly objects: number;
  /** Σ size. */
  readonly bytes: number;
  /** Sources that are gone, also those of an earlier archive that this one finished. */
  readonly deleted: number;
  /** Objects that were overwritten while they were archived: they stay where they are. */
  readonly changed: number;
}

/** Result of the `archive` workflow. */
export interface ArchiveResult {
  readonly table: string;
  readonly layers: Readonly<Record<LayerName, ArchivedLayer>>;
}
