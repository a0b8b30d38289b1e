import { proxyActivities } from '@temporalio/workflow';
import type { QualityActivities } from '../../activities/quality/index.js';

const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 15 } as const;

// A cancellation waits until the activity has ended, as in elt.
const cancellationType = 'WAIT_CANCELLATION_COMPLETED';

/** Short calls. */
export const { keepResults, checkDraft, saveRuleset } = proxyActivities<QualityActivities>({
  startToCloseTimeout: '10m',
  retry,
});

/** Starts: short, but they wait for capacity. */
export const { startEvaluations, startRecommendation } = proxyActivities<QualityActivities>({
  startToCloseTimeout: '1d',
  heartbeatTimeout: '30s',
  cancellationType,
  retry,
});

/** Waits: every attempt finds the run again, so attempts are not limited. */
export const { waitEvaluation, waitRecommendation } = proxyActivities<QualityActivities>({
  startToCloseTimeout: '14d',
  heartbeatTimeout: '1m',
  cancellationType,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Stops after a cancellation. */
export const { stopEvaluation, stopRecommendation } = proxyActivities<QualityActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  retry,
});
