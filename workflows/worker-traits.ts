import type { WorkflowDefinitionOptions } from '@temporalio/common';

/** What a worker tells the workflows that it runs, which have no other way to know. No command may depend on it. */
export interface WorkerTraits {
  /** It is a version of a worker deployment: the server takes versioning behaviour from no other. */
  readonly versioned: boolean;
  /** Payloads are encrypted, so that what failures say has to be in one. */
  readonly encrypted: boolean;
}

declare global {
  /** Set by the worker at the head of the bundle. */
  var sluiceWorkerTraits: WorkerTraits | undefined;
}

/** The traits of the worker that runs this workflow. */
export function workerTraits(): WorkerTraits {
  return globalThis.sluiceWorkerTraits ?? { versioned: false, encrypted: false };
}

/** Options of a workflow that goes on with the current version of the worker; all others end on the one they began on. */
export function movesToNewVersions(): WorkflowDefinitionOptions {
  return workerTraits().versioned ? { versioningBehavior: 'AUTO_UPGRADE' } : {};
}
