import type { NotificationChannels } from '../activities/notifier.js';
import { webhookUrlProblem } from '../activities/webhook.js';

/** A channel for notifications is wrongly set up; the message shows no secret. */
export class NotificationChannelError extends Error {
  constructor(readonly problems: readonly { readonly path: string; readonly message: string }[]) {
    super(
      ['The environment of the worker is not usable:', ...problems.map((one) => `  ${one.path}: ${one.message}`)].join(
        '\n'
      )
    );
    this.name = 'NotificationChannelError';
  }
}

const topicArn = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

/**
 * Reads `SLUICE_WEBHOOK_URL`, and `SLUICE_TOPIC_ARN`: the topic of runs whose configuration names none.
 * @throws NotificationChannelError listing what is wrong.
 */
export function notificationChannels(env: NodeJS.ProcessEnv): NotificationChannels {
  const { SLUICE_WEBHOOK_URL: webhookUrl, SLUICE_TOPIC_ARN: topic } = env;
  const ofUrl = webhookUrl ? webhookUrlProblem(webhookUrl) : undefined;
  const problems = [
    ...(ofUrl === undefined ? [] : [{ path: 'SLUICE_WEBHOOK_URL', message: ofUrl }]),
    ...(topic && !topicArn.test(topic) ? [{ path: 'SLUICE_TOPIC_ARN', message: 'not the ARN of an SNS topic' }] : []),
  ];
  if (problems.length > 0) throw new NotificationChannelError(problems);
  return { webhookUrl: webhookUrl || undefined, topicArn: topic || undefined };
}
