import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import { PublishCommand } from '@aws-sdk/client-sns';
import { log } from '@temporalio/activity';
import { onResource } from './failures.js';
import { postWebhook } from './webhook.js';

/** Something that people should hear of. */
export interface Notification {
  /** Groups what belongs together, such as the name of a model; of a FIFO topic the message group. */
  readonly group: string;
  /** One line; what SNS cannot take of it is replaced or cut. */
  readonly subject: string;
  /** Plain text, cut at what SNS takes. */
  readonly body: string;
  /** Equal for repeats of the same notification: each channel delivers it once. */
  readonly dedupId: string;
  /** What happened, such as `run-failed`; an attribute of the SNS message, for filters. */
  readonly kind: string;
  /** The same for programs; goes to the webhook. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where a worker's notifications go besides what a run's deployment names. */
export interface NotificationChannels {
  /** Topic for runs whose configuration names none. */
  readonly topicArn?: string;
  /** A secret: never part of a log, a message or the history. */
  readonly webhookUrl?: string;
}

/** What a notifier publishes with. */
export interface NotifierOptions {
  readonly sns: SNSClient;
  readonly s3: S3Client;
  readonly channels?: NotificationChannels;
}

/** Where the notifications of one run go. */
export interface NotificationTarget {
  /** Wins over the worker's own topic. */
  readonly topicArn?: string;
  /** Bucket that keeps a marker of every delivery, under `_sluice/notifications/`. */
  readonly bucket: string;
}

/** Publishes to every channel that is set up. */
export interface Notifier {
  /** True when there is a channel. */
  reaches(target: NotificationTarget): boolean;
  /**
   * Publishes to each channel that has not had this notification. The first failure is thrown when all have been
   * tried: a repeat goes to those that failed. A crash between a delivery and its marker delivers again, except to a
   * FIFO topic within five minutes.
   */
  publish(notification: Notification, target: NotificationTarget): Promise<void>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * A subject that SNS takes: ASCII, at most 100 characters, no line breaks.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function snsSubject(subject: string): string {
  const ascii = subject
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/g, '?')
    .trim();
  return ascii.length <= 100 ? ascii : `${ascii.slice(0, 97)}...`;
}

/** SNS takes 262,144 bytes with the attributes; some room is left for those. */
const maximumBytes = 260_000;

function snsMessage(body: string): string {
  const bytes = Buffer.from(body);
  if (bytes.length <= maximumBytes) return body;
  const cut = bytes
    .subarray(0, maximumBytes - 8)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return `${cut}\n…`;
}

/** Makes a notifier. */
export function createNotifier({ sns, s3, channels = {} }: NotifierOptions): Notifier {
  const toTopic = async (topicArn: string, { group, subject, body, dedupId, kind }: Notification): Promise<void> => {
    const fifo = topicArn.endsWith('.fifo') ? { MessageGroupId: group, MessageDeduplicationId: sha256(dedupId) } : {};
    await onResource(`SNS topic ${topicArn}`, () =>
      sns.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: snsSubject(subject),
          Message: snsMessage(body),
          MessageAttributes: {
            kind: { DataType: 'String', StringValue: kind },
            group: { DataType: 'String', StringValue: group },
          },
          ...fifo,
        })
      )
    );
  };
  const toWebhook = (url: string, { subject, body, dedupId, kind, data }: Notification): Promise<void> =>
    postWebhook(url, sha256(dedupId), { version: 1, kind, subject, text: body, ...data });

  /** Markers only keep from delivering twice: that they cannot be read or written must not keep a message back. */
  const once = async (channel: string, notification: Notification, bucket: string, deliver: () => Promise<void>) => {
    const name = sha256(JSON.stringify([channel, notification.dedupId])).slice(0, 32);
    const object = { Bucket: bucket, Key: `_sluice/notifications/${notification.group}/${name}.json` };
    const marked = await s3.send(new HeadObjectCommand(object)).then(
      () => true,
      () => false
    );
    if (marked) return;
    await deliver();
    const { dedupId, kind } = notification;
    const Body = JSON.stringify({ version: 1, channel, dedupId, kind, deliveredAt: new Date().toISOString() });
    await s3
      .send(new PutObjectCommand({ ...object, Body, ContentType: 'application/json' }))
      .catch((error: unknown) => {
        log.warn('The marker of a delivered notification was not written', { error, ...object });
      });
  };

  return {
    reaches: ({ topicArn }) => (topicArn ?? channels.topicArn ?? channels.webhookUrl) !== undefined,
    async publish(notification, { topicArn = channels.topicArn, bucket }) {
      const { webhookUrl } = channels;
      const outcomes = await Promise.allSettled([
        topicArn && once(`sns ${topicArn}`, notification, bucket, () => toTopic(topicArn, notification)),
        webhookUrl && once('webhook', notification, bucket, () => toWebhook(webhookUrl, notification)),
      ]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
