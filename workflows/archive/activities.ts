import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';

/** Throttling and trouble with network or servers last about ten minutes before the archive gives up. */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 15 } as const;

/** What looks through listings and manifests. */
export const { beginArchive, findGeneration } = proxyActivities<Activities>({
  startToCloseTimeout: '6h',
  heartbeatTimeout: '30s',
  retry,
});

/** What goes through pages of objects: a further attempt goes on where the one before was. */
export const { copyObjects, deleteSources, restoreObjects } = proxyActivities<Activities>({
  startToCloseTimeout: '1d',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED', // nothing is moved after the run has ended
  retry,
});
