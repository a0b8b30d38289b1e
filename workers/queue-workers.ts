import type { WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../activities/index.js';
import { redshiftTaskQueue } from '../model/task-queues.js';
import type { WorkerQueue } from '../model/task-queues.js';
import { defaultWorkerSettings } from '../model/worker-settings.js';
import type { WorkerSettings } from '../model/worker-settings.js';

/** What Temporal's workers of one process work with. */
export interface QueueWorkersOptions {
  readonly taskQueue: string;
  /** Those that are served. */
  readonly queues: readonly WorkerQueue[];
  readonly settings?: WorkerSettings;
  readonly activities: Activities;
  /** The workflows, of the main queue only. */
  readonly workflowBundle: WorkerOptions['workflowBundle'];
  /** What all of them are given. */
  readonly shared: Omit<WorkerOptions, 'taskQueue' | 'activities' | 'workflowBundle'>;
}

/** Temporal's workers of one process, which begin and end together. */
export interface QueueWorkers {
  /** Works until {@link shutdown}; rejects, when all have ended, with the failure of the one that failed. */
  run(): Promise<void>;
  /** Drains all of them. Does nothing when they have ended, or before they run. */
  shutdown(): void;
  /** The state of each, in Temporal's words. */
  states(): string[];
}

/** The activities that call the Redshift Data API. */
const onRedshiftQueue = [
  'startStatements',
  'waitStatement',
  'stopStatement',
  'readCounts',
  'planExports',
  'finishRun',
] as const satisfies readonly (keyof Activities)[];

/**
 * Makes a worker for each queue. The one of the main queue registers every activity, since runs that began on older
 * code schedule all of them there.
 */
export async function createQueueWorkers(options: QueueWorkersOptions): Promise<QueueWorkers> {
  const { taskQueue, queues, settings = defaultWorkerSettings, activities, workflowBundle, shared } = options;
  const perQueue: Record<WorkerQueue, () => WorkerOptions> = {
    main: () => ({ ...shared, taskQueue, workflowBundle, activities }),
    redshift: () => ({
      ...shared,
      taskQueue: redshiftTaskQueue(taskQueue),
      activities: Object.fromEntries(onRedshiftQueue.map((name) => [name, activities[name]])),
      ...(settings.redshift.activitiesPerSecond > 0 && {
        maxTaskQueueActivitiesPerSecond: settings.redshift.activitiesPerSecond,
      }),
      // Each poller is a request that stands open.
      maxConcurrentActivityTaskPolls: 2,
    }),
  };
  const workers: Worker[] = [];
  for (const queue of queues) workers.push(await Worker.create(perQueue[queue]()));
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    async run() {
      const ends = await Promise.allSettled(workers.map((worker) => worker.run().finally(shutdown)));
      const failure = ends.find((end) => end.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
    },
    shutdown,
    states: () => workers.map((worker) => worker.getState()),
  };
}
