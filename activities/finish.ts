import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import { Context, log } from '@temporalio/activity';
import type { Deployment } from '../model/configuration.js';
import type { RunRecord } from '../model/run-record.js';
import type { Notification, NotifierOptions } from './notifier.js';
import { costOfRun } from './cost/measure-run.js';
import type { CostClients } from './cost/measure-run.js';
import { tellLineage } from './lineage/tell-lineage.js';
import type { LineageOptions } from './lineage/tell-lineage.js';
import { createNotifier } from './notifier.js';
import type { PollClock } from './poll-clock.js';
import { systemClock } from './poll-clock.js';
import { notifyOfRun } from './run-alerts.js';
import { recordRun } from './run-history.js';
import { countRun } from './run-metrics.js';
import type { StepInput } from './run-scope.js';

type Destination = Pick<Deployment, 'redshift' | 'buckets' | 'notifications' | 'cost'>;

/** Input of `finishRun`. */
export interface FinishRunInput extends StepInput {
  readonly deployment: Destination;
  readonly record: RunRecord;
}

/** Input of `publishNotification`. */
export interface PublishNotificationInput extends StepInput {
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications'>;
  readonly notification: Notification;
}

/** Activities at the end of a run. */
export interface FinishActivities {
  /**
   * Writes a run that has ended, and what it cost, into `sluice.runs`, `sluice.stages` and `sluice.run_costs`, and tells people of a failure or a recovery,
   * once. The one is done even when the other fails; a repeat repeats neither's effect.
   */
  finishRun(input: FinishRunInput): Promise<void>;
  /** Publishes a notification to the topic and the webhook that are set up, once to each; does nothing without any. */
  publishNotification(input: PublishNotificationInput): Promise<void>;
}

const targetOf = ({ buckets, notifications }: Pick<Deployment, 'buckets' | 'notifications'>) => ({
  topicArn: notifications?.topicArn,
  bucket: buckets.quality,
});

/** Makes the activities over their clients. */
export function createFinishActivities({
  redshift,
  clock = systemClock,
  ...options
}: NotifierOptions &
  CostClients &
  LineageOptions & {
    readonly redshift: RedshiftDataClient;
    readonly s3: S3Client;
    readonly clock?: PollClock;
  }): FinishActivities {
  const notifier = createNotifier(options);
  return {
    async finishRun({ deployment, record, scope }) {
      const { namespace = 'default', attempt } = Context.current().info;
      // First, and once: that runs fail must be seen also when the warehouse cannot be reached.
      if (attempt === 1) countRun(record);
      const outcomes = await Promise.allSettled([
        costOfRun(options, deployment, record, scope)
          .catch((error: unknown) => {
            log.warn('What the run has cost is not known', { error });
            return undefined;
          })
          .then((cost) => recordRun(redshift, deployment.redshift, record, clock, cost)),
        notifyOfRun(notifier, options.s3, targetOf(deployment), record, namespace),
        tellLineage(options, deployment, record),
      ]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },

    async publishNotification({ deployment, notification }) {
      await notifier.publish(notification, targetOf(deployment));
    },
  };
}
