import { z } from 'zod';
import { listenAddress } from './listen-address.js';

/** How workers of this configuration work: the part `worker` of `sluice.yaml`. */
export interface WorkerSettings {
  /**
   * Name of the Temporal worker deployment that the worker is a version of. Absent: the worker is not versioned and takes
   * every task of its queues.
   */
  readonly deployment?: string;
  /** Version within the deployment. Default: a digest of the workflows' code. */
  readonly buildId?: string;
  readonly redshift: {
    /**
     * Activities on the queue of the Redshift Data API that start in a second, of all workers together. `0`: no limit.
     */
    readonly activitiesPerSecond: number;
  };
  /** Host and port that Prometheus scrapes, under `/metrics`. Absent: none. */
  readonly metrics?: string;
  /** Host and port of `/healthz`. Absent: none. */
  readonly health?: string;
}

// Temporal writes a version as <deployment>.<build id> or <deployment>:<build id>.
const deploymentName = /^(?!__)[A-Za-z0-9_-]{1,100}$/;
const buildId = /^(?!__)[A-Za-z0-9_.-]{1,100}$/;

/**
 * The Data API takes 30 ExecuteStatement, 20 GetStatementResult and 100 DescribeStatement in a second, of a whole account
 * in a Region. An activity makes about one call of the first when it starts, few make one of the second.
 */
const defaultActivitiesPerSecond = 20;

/** The part `worker` of `sluice.yaml`. Naming only a build id makes it a version of the deployment `sluice`. */
export const workerSchema = z
  .strictObject({
    deployment: z
      .string()
      .regex(deploymentName, 'not a deployment name: up to 100 letters, digits, _ and -, no dots')
      .optional(),
    buildId: z.string().regex(buildId, 'not a build id: up to 100 letters, digits, _, . and -').optional(),
    redshift: z
      .strictObject({
        activitiesPerSecond: z
          .number()
          .min(0, 'not a rate: a number of activities in a second, or 0 for no limit')
          .max(100_000)
          .default(defaultActivitiesPerSecond),
      })
      .prefault({}),
    metrics: listenAddress.optional(),
    health: listenAddress.optional(),
  })
  .transform((given): WorkerSettings =>
    given.buildId !== undefined && given.deployment === undefined ? { ...given, deployment: 'sluice' } : given
  );

/** What a worker does that is told nothing. */
export const defaultWorkerSettings: WorkerSettings = workerSchema.parse({});
