import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';

// A cancellation is waited for until the activity has ended, so that it cannot go on working, or start a job that nobody
// stops, after the run has ended. Without this the SDK gives up the activity at once (TRY_CANCEL).
const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

// A worker that was killed is noticed, and its work goes on elsewhere, within the heartbeat timeout. Waits have a longer
// one: their jobs go on meanwhile, and every heartbeat is paid for.

/** Throttling and trouble with network or servers last about ten minutes before a stage gives up. */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 15 } as const;

/** Short calls that only read: without heartbeats, only the timeout tells that their worker has died. */
export const { describeSource } = proxyActivities<Activities>({ startToCloseTimeout: '30s', retry });

/** Reads of S3 and of the warehouse that grow with the data. */
export const { verifyExport, readCounts, planExports, findLakeBase } = proxyActivities<Activities>({
  startToCloseTimeout: '6h',
  heartbeatTimeout: '30s',
  cancellationType,
  retry,
});

/** Starts: short, but they wait for capacity. */
export const { startExport, startGlueJob, startStatements } = proxyActivities<Activities>({
  startToCloseTimeout: '1d',
  heartbeatTimeout: '30s',
  cancellationType,
  retry,
});

/**
 * Waits for remote jobs. Every attempt finds the job again, so attempts are not limited: what ends a wait is the job,
 * or a person.
 */
export const { waitExport, waitGlueJob, waitStatement } = proxyActivities<Activities>({
  startToCloseTimeout: '14d',
  heartbeatTimeout: '1m',
  cancellationType,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Stops of remote jobs after a cancellation. */
export const { stopGlueJob, stopStatement } = proxyActivities<Activities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  retry,
});

/** The record of a run that has ended: worth some patience, but the run's own end waits for it. */
export const { finishRun } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '20m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 6 },
});
