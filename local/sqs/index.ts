import { createHash, randomUUID } from 'node:crypto';
import type { ClassicLevel } from 'classic-level';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import { operation } from '../gateway/check-request.js';
import type { JsonService } from '../gateway/service.js';
import { EntityStore, compoundKey, serviceLevel } from '../state/entity-store.js';

/** Where the local SQS keeps things, and whom it plays. */
export interface SqsOptions {
  readonly db: ClassicLevel<string, string>;
  readonly account: string;
  readonly region: string;
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  /** Milliseconds since the epoch until which nobody else is given it. */
  readonly hiddenUntil: number;
  readonly receiveCount: number;
  /** Of the latest receipt. */
  readonly receipt: string;
}

/** The local SQS. */
export interface Sqs extends JsonService {
  /** Sends for another service of the local AWS. Rejects when there is no such queue. */
  send(queueArn: string, body: string): Promise<void>;
}

const url = { QueueUrl: z.string().min(1) };
const seconds = (most: number) => z.number().int().min(0).max(most).optional();
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Seconds for which a received message is hidden when nobody says otherwise. */
const visibility = 30;

/**
 * Amazon SQS as far as Sluice uses it: standard queues whose messages are given at least once, hidden while somebody
 * works on them, and gone when deleted. Receiving never waits.
 */
export async function createSqs({ db, account, region }: SqsOptions): Promise<Sqs> {
  const level = serviceLevel(db, 'sqs');
  const queues = await EntityStore.open<{ readonly name: string }>(level, 'queues');
  const messages = await EntityStore.open<Message>(level, 'messages');
  let sequence = messages.list().length;
  const nameOf = (place: string): string => place.split(/[/:]/).at(-1) ?? '';
  const queue = (place: string): string => {
    const name = nameOf(place);
    if (queues.get(name) !== undefined) return name;
    throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
  };
  const urlOf = (name: string): string => `https://sqs.${region}.amazonaws.com/${account}/${name}`;
  const put = async (place: string, body: string): Promise<Message> => {
    const key = compoundKey(queue(place), String((sequence += 1)).padStart(16, '0'));
    const message = { id: randomUUID(), body, sentAt: Date.now(), hiddenUntil: 0, receiveCount: 0, receipt: '' };
    await messages.put(key, message);
    return message;
  };
  const remove = async (place: string, receipt: string): Promise<boolean> => {
    const found = messages.list(compoundKey(queue(place))).find(({ value }) => value.receipt === receipt);
    // As at SQS, a receipt that a later one has replaced deletes nothing and is no error.
    if (found !== undefined) await messages.delete(found.key);
    return found !== undefined || /^[0-9a-f-]{36}$/.test(receipt);
  };
  const entry = z.object({ Id: z.string().min(1).max(80), ReceiptHandle: z.string().min(1) });
  return {
    target: 'AmazonSQS',
    send: async (arn, body) => void (await put(arn, body)),
    operations: {
      CreateQueue: operation(
        z.object({ QueueName: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/, 'Can only include alphanumerics, - and _') }),
        async ({ QueueName: name }) => {
          await queues.put(name, { name });
          return { QueueUrl: urlOf(name) };
        }
      ),
      GetQueueUrl: operation(z.object({ QueueName: z.string() }), async ({ QueueName }) => ({
        QueueUrl: urlOf(queue(QueueName)),
      })),
      GetQueueAttributes: operation(z.object(url), async ({ QueueUrl }) => {
        const name = queue(QueueUrl);
        const all = messages.list(compoundKey(name)).map(({ value }) => value);
        const hidden = all.filter(({ hiddenUntil }) => hiddenUntil > Date.now()).length;
        return {
          Attributes: {
            QueueArn: `arn:aws:sqs:${region}:${account}:${name}`,
            ApproximateNumberOfMessages: String(all.length - hidden),
            ApproximateNumberOfMessagesNotVisible: String(hidden),
          },
        };
      }),
      SendMessage: operation(
        z.object({ ...url, MessageBody: z.string().min(1).max(1_048_576) }),
        async ({ QueueUrl, MessageBody }) => {
          const { id } = await put(QueueUrl, MessageBody);
          return { MessageId: id, MD5OfMessageBody: md5(MessageBody) };
        }
      ),
      ReceiveMessage: operation(
        z.object({
          ...url,
          MaxNumberOfMessages: z.number().int().min(1).max(10).optional(),
          VisibilityTimeout: seconds(43_200),
          WaitTimeSeconds: seconds(20),
        }),
        async ({ QueueUrl, MaxNumberOfMessages = 1, VisibilityTimeout = visibility }) => {
          const now = Date.now();
          const ready = messages.list(compoundKey(queue(QueueUrl))).filter(({ value }) => value.hiddenUntil <= now);
          const given: object[] = [];
          for (const { key, value } of ready.slice(0, MaxNumberOfMessages)) {
            const receipt = randomUUID();
            const hiddenUntil = now + VisibilityTimeout * 1000;
            await messages.put(key, { ...value, receipt, hiddenUntil, receiveCount: value.receiveCount + 1 });
            given.push({ MessageId: value.id, ReceiptHandle: receipt, Body: value.body, MD5OfBody: md5(value.body) });
          }
          return given.length === 0 ? {} : { Messages: given };
        }
      ),
      DeleteMessage: operation(
        z.object({ ...url, ReceiptHandle: z.string().min(1) }),
        async ({ QueueUrl, ReceiptHandle }) => {
          if (await remove(QueueUrl, ReceiptHandle)) return {};
          throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
        }
      ),
      DeleteMessageBatch: operation(
        z.object({ ...url, Entries: z.array(entry).min(1).max(10) }),
        async ({ QueueUrl, Entries }) => {
          const Successful: object[] = [];
          const Failed: object[] = [];
          for (const { Id, ReceiptHandle } of Entries) {
            if (await remove(QueueUrl, ReceiptHandle)) Successful.push({ Id });
            else Failed.push({ Id, SenderFault: true, Code: 'ReceiptHandleIsInvalid' });
          }
          return { Successful, Failed };
        }
      ),
      DeleteQueue: operation(z.object(url), async ({ QueueUrl }) => {
        const name = queue(QueueUrl);
        for (const { key } of messages.list(compoundKey(name))) await messages.delete(key);
        await queues.delete(name);
        return {};
      }),
    },
    close: () => Promise.resolve(),
  };
}
