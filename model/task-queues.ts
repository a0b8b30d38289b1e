/** Task queue of the activities that call the Redshift Data API, beside the one that a pipeline was started on. */
export type RedshiftTaskQueue = `${string}-redshift`;

/** Groups of work that a worker can serve, each with a task queue of its own. */
export const workerQueues = ['main', 'redshift'] as const;

/** One of {@link workerQueues}. */
export type WorkerQueue = (typeof workerQueues)[number];

/** Task queue of the Redshift Data API activities of pipelines on `taskQueue`. */
export function redshiftTaskQueue(taskQueue: string): RedshiftTaskQueue {
  return `${taskQueue}-redshift`;
}
