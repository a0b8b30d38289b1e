import type { FoundGeneration, FoundLayer, LayerName, RestoreCursor } from '../../activities/archive/index.js';
import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { ArchiveLimits, ArchiveResult } from '../archive/types.js';
import type { EltResult } from '../elt/types.js';

/** Input of the `restore` workflow. */
export interface RestoreInput {
  readonly plan: WarehousePlan;
  readonly deployment: Deployment;
  /** Names the restore, and the load of the warehouse that belongs to it. */
  readonly runKey: string;
  /** ISO 8601. The latest generation at or before it is restored; without it, the latest of all. */
  readonly at?: string;
  /** Archive what stands in raw and lake first, instead of refusing to touch it. */
  readonly overwrite?: boolean;
  /** Load the warehouse from the restored lake. */
  readonly reload?: boolean;
  readonly limits?: ArchiveLimits;
  /** Of an execution that goes on with another one's work. */
  readonly resume?: RestoreState;
}

/** How far a layer has come back. */
export interface LayerRestore {
  readonly found: FoundLayer;
  readonly cursor: RestoreCursor;
  readonly finished: boolean;
}

/** What a restore carries over when it continues as new. */
export interface RestoreState {
  /** Generation that is restored. */
  readonly stamp: string;
  readonly layers: readonly LayerRestore[];
  readonly loaded?: FoundGeneration['loaded'];
  readonly replaced?: ArchiveResult;
}

/** A layer that was restored. */
export interface RestoredLayer {
  readonly objects: number;
  /** Σ size. */
  readonly bytes: number;
}

/** Result of the `restore` workflow. */
export interface RestoreResult {
  readonly table: string;
  /** Generation that was restored. */
  readonly stamp: string;
  readonly layers: Readonly<Partial<Record<LayerName, RestoredLayer>>>;
  /** What stood there before and was archived. */
  readonly replaced?: ArchiveResult;
  /** Of the load of the warehouse. */
  readonly reloaded?: EltResult;
}
