import type { GlueClient } from '@aws-sdk/client-glue';
import type { NotifierOptions } from '../notifier.js';
import { createNotifier } from '../notifier.js';
import type { PollClock } from '../poll-clock.js';
import { systemClock } from '../poll-clock.js';
import type { EvaluationActivities } from './evaluation.js';
import { createEvaluationActivities } from './evaluation.js';
import type { RecommendationActivities } from './recommendation.js';
import { createRecommendationActivities } from './recommendation.js';
import type { ResultActivities } from './results.js';
import { createResultActivities } from './results.js';

/** Activities on AWS Glue Data Quality. */
export type QualityActivities = EvaluationActivities & RecommendationActivities & ResultActivities;

/** Makes the activities over their clients. The Glue client must not retry by itself. */
export function createQualityActivities({
  clock = systemClock,
  ...options
}: NotifierOptions & { readonly glue: GlueClient; readonly clock?: PollClock }): QualityActivities {
  return {
    ...createEvaluationActivities({ ...options, clock }),
    ...createRecommendationActivities({ ...options, clock }),
    ...createResultActivities({ ...options, notifier: createNotifier(options) }),
  };
}
