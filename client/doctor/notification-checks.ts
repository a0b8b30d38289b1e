import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { Deployment } from '../../model/configuration.js';
import { notificationChannels } from '../../workers/notification-channels.js';
import { fail, ok, warn } from './check.js';
import type { Check, Outcome } from './check.js';

function subscriptions(confirmed: number, pending: number): Outcome {
  const told = `${confirmed} confirmed, ${pending} waiting for confirmation`;
  const confirm = 'Follow the link in the request for confirmation that SNS has sent to the subscriber.';
  if (confirmed === 0 && pending > 0) return fail(`nobody is told of failures: ${told}`, confirm);
  if (confirmed === 0) return warn('nobody has subscribed to it', 'Subscribe someone: aws sns subscribe.');
  return pending > 0 ? warn(told, confirm) : ok(told);
}

async function topicOutcomes(
  sns: SNSClient,
  topicArn: string,
  abortSignal: AbortSignal
): Promise<Record<string, Outcome>> {
  const [region, home] = [await sns.config.region(), topicArn.split(':')[3] ?? ''];
  if (home !== region) {
    const mend = 'Name a topic of the same Region as notifications.topicArn.';
    return { 'sns.topic': fail(`${topicArn} is in ${home}, but the Region is ${region}`, mend) };
  }
  try {
    const { Attributes: found = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), {
      abortSignal,
    });
    return {
      'sns.topic': ok(topicArn),
      'sns.subscriptions': subscriptions(Number(found.SubscriptionsConfirmed), Number(found.SubscriptionsPending)),
    };
  } catch (error) {
    if (!(error instanceof Error) || !['NotFound', 'NotFoundException'].includes(error.name)) throw error;
    const mend = 'Create it, or mend notifications.topicArn in sluice.yaml (SLUICE_TOPIC_ARN of the worker).';
    return { 'sns.topic': fail(`there is no topic ${topicArn}`, mend) };
  }
}

/** Channels of notifications: those of the environment, as the worker reads it, and the configuration's topic. */
export function notificationChecks(sns: SNSClient, deployment: Deployment, env: NodeJS.ProcessEnv): Check[] {
  return [
    {
      names: ['notifications'],
      async run() {
        let channels: ReturnType<typeof notificationChannels>;
        try {
          channels = notificationChannels(env);
        } catch (error) {
          const { problems = [] } = error as { problems?: readonly { path: string; message: string }[] };
          const told = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
          return { notifications: fail(told, 'Mend the variable in the environment of the worker.') };
        }
        const { webhookUrl, topicArn = deployment.notifications?.topicArn } = channels;
        const ways = [...(webhookUrl ? ['a webhook'] : []), ...(topicArn ? ['an SNS topic'] : [])];
        if (ways.length > 0) return { notifications: ok(`by ${ways.join(' and ')}`) };
        const advice = 'Set notifications.topicArn in sluice.yaml, or SLUICE_WEBHOOK_URL where workers run.';
        return { notifications: warn('nobody is told of failures', advice) };
      },
    },
    {
      names: ['sns.topic', 'sns.subscriptions'],
      run: async (signal): Promise<Record<string, Outcome>> => {
        const topicArn = deployment.notifications?.topicArn ?? env.SLUICE_TOPIC_ARN;
        return topicArn ? topicOutcomes(sns, topicArn, signal) : {};
      },
    },
  ];
}
