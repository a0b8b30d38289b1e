import { createHash, randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { AwsError } from '../gateway/aws-error.js';
import type { Parameters } from '../gateway/query-protocol.js';
import type { HttpDelivery } from './delivery.js';
import { invalid } from './errors.js';
import type { SnsState, Topic } from './state.js';
import type { SnsOperation } from './topic-operations.js';

/** Bytes of message, subject and attributes together, also of a whole batch. */
const maximumBytes = 262_144;

/** Milliseconds in which a FIFO topic takes a second message of the same deduplication id for the first. */
const deduplicationWindow = 5 * 60_000;

interface Attribute {
  readonly Type: string;
  readonly Value: string;
}

/** A message as the file of messages has it, one a line. */
interface StoredMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
  readonly publishedAt: string;
}

interface Accepted {
  readonly MessageId: string;
  readonly SequenceNumber?: string;
}

function attributesOf(parameters: Parameters): Record<string, Attribute> {
  const found = parameters.numbered('MessageAttributes.entry').map((entry) => {
    const name = entry.require('Name');
    const Type = entry.require('Value.DataType');
    if (!/^(String|Number|Binary)(\.|$)|^String\.Array$/.test(Type))
      throw new AwsError(
        'ParameterValueInvalid',
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`
      );
    const Value = entry.text(Type.startsWith('Binary') ? 'Value.BinaryValue' : 'Value.StringValue');
    if (!Value)
      throw new AwsError(
        'ParameterValueInvalid',
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${Type}'.`
      );
    return [name, { Type, Value }] as const;
  });
  return Object.fromEntries(found);
}

function subjectOf(parameters: Parameters): string | undefined {
  const subject = parameters.text('Subject');
  if (subject === undefined) return undefined;
  // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, no line breaks or control characters, < 100
  if (subject === '' || subject.length > 100 || !/^[ -~]+$/.test(subject) || subject.startsWith(' '))
    throw invalid('Subject');
  return subject;
}

function messageOf(parameters: Parameters): string {
  const message = parameters.text('Message') ?? '';
  if (message === '') throw invalid('Message', 'Empty message');
  if (parameters.text('MessageStructure') !== 'json') return message;
  let parts: unknown;
  try {
    parts = JSON.parse(message);
  } catch {
    throw invalid('Message Structure', 'JSON message body failed to parse');
  }
  const text = (parts as { default?: unknown } | null)?.default;
  if (typeof text !== 'string') throw invalid('Message Structure', 'No default entry in JSON message body');
  return text;
}

const sizeOf = (message: StoredMessage): number =>
  Buffer.byteLength(message.message) +
  Buffer.byteLength(message.subject ?? '') +
  Object.entries(message.attributes).reduce(
    (sum, [name, { Type, Value }]) => sum + Buffer.byteLength(name + Type + Value),
    0
  );

/** Publish and PublishBatch. Every accepted message is appended to `messagesFile` and goes to the confirmed endpoints. */
export function publishOperations(
  state: SnsState,
  delivery: HttpDelivery,
  messagesFile: string
): Readonly<Record<string, SnsOperation>> {
  const seen = new Map<string, Accepted & { readonly at: number }>();
  let written = Promise.resolve();

  const compose = (topic: Topic, parameters: Parameters): StoredMessage => {
    const fifo = topic.attributes.FifoTopic === 'true';
    const groupId = parameters.text('MessageGroupId');
    const given = parameters.text('MessageDeduplicationId');
    const message = messageOf(parameters);
    if (!fifo && given !== undefined) {
      throw invalid(
        'MessageDeduplicationId',
        'The request includes MessageDeduplicationId parameter that is not valid for this topic type'
      );
    }
    if (fifo && groupId === undefined)
      throw invalid('MessageGroupId', 'The MessageGroupId parameter is required for FIFO topics');
    for (const [name, id] of [
      ['MessageGroupId', groupId],
      ['MessageDeduplicationId', given],
    ] as const) {
      if (id !== undefined && !/^[!-~]{1,128}$/.test(id))
        throw invalid(name, 'it can only contain alphanumeric characters and punctuation, at most 128');
    }
    const byContent = topic.attributes.ContentBasedDeduplication === 'true';
    if (fifo && given === undefined && !byContent) {
      throw invalid(
        'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly'
      );
    }
    const deduplicationId = fifo ? (given ?? createHash('sha256').update(message).digest('hex')) : undefined;
    return {
      messageId: randomUUID(),
      topicArn: topic.arn,
      subject: subjectOf(parameters),
      message,
      attributes: attributesOf(parameters),
      groupId,
      deduplicationId,
      publishedAt: new Date().toISOString(),
    };
  };

  const accept = async (message: StoredMessage): Promise<Accepted> => {
    const { topicArn, deduplicationId, messageId } = message;
    const now = Date.now();
    const key = `${topicArn} ${deduplicationId}`;
    for (const [old, { at }] of seen) if (now - at >= deduplicationWindow) seen.delete(old);
    const first = deduplicationId === undefined ? undefined : seen.get(key);
    if (first !== undefined) return { MessageId: first.MessageId, SequenceNumber: first.SequenceNumber };
    let sequenceNumber: string | undefined;
    if (deduplicationId !== undefined) {
      const topic = state.topic(topicArn);
      sequenceNumber = String(10_000_000_000_000_000_000n + BigInt(topic.sequence));
      seen.set(key, { MessageId: messageId, SequenceNumber: sequenceNumber, at: now });
      await state.topics.put(topicArn, { ...topic, sequence: topic.sequence + 1 });
    }
    const line = `${JSON.stringify({ ...message, sequenceNumber })}\n`;
    await (written = written.catch(() => undefined).then(() => appendFile(messagesFile, line)));
    for (const subscription of state.of(topicArn)) {
      if (!subscription.confirmed || !subscription.protocol.startsWith('http')) continue;
      const raw = subscription.attributes.RawMessageDelivery === 'true';
      const document = {
        Type: 'Notification',
        MessageId: messageId,
        TopicArn: topicArn,
        Subject: message.subject,
        Message: message.message,
        Timestamp: message.publishedAt,
        SignatureVersion: '1',
        Signature: '',
        SigningCertURL: '',
        MessageAttributes: Object.keys(message.attributes).length > 0 ? message.attributes : undefined,
      };
      delivery.send(subscription, {
        type: 'Notification',
        messageId,
        body: raw ? message.message : JSON.stringify(document),
        raw,
      });
    }
    return { MessageId: messageId, SequenceNumber: sequenceNumber };
  };

  return {
    async Publish(parameters) {
      const arn = parameters.text('TopicArn') ?? parameters.text('TargetArn');
      if (arn === undefined) throw invalid('PhoneNumber', 'the local SNS publishes to topics only');
      const message = compose(state.topic(arn), parameters);
      if (sizeOf(message) > maximumBytes) throw invalid('Message', 'Message too long');
      return { ...(await accept(message)) };
    },

    async PublishBatch(parameters) {
      const topic = state.topic(parameters.require('TopicArn'));
      const requests = parameters.members('PublishBatchRequestEntries');
      const ids = requests.map((entry) => entry.require('Id'));
      const refuse = (code: string, message: string): AwsError => new AwsError(code, message);
      if (ids.length === 0) throw refuse('EmptyBatchRequest', "The batch request doesn't contain any entries.");
      if (ids.length > 10)
        throw refuse(
          'TooManyEntriesInBatchRequest',
          'The batch request contains more entries than permissible (more than 10).'
        );
      if (new Set(ids).size < ids.length)
        throw refuse('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
      if (!ids.every((id) => /^[A-Za-z0-9_-]{1,80}$/.test(id)))
        throw refuse(
          'InvalidBatchEntryId',
          "The Id of a batch entry in a batch request doesn't abide by the specification."
        );
      const Successful = [];
      const Failed = [];
      const composed = requests.map((entry, index) => {
        try {
          return { Id: ids[index] ?? '', message: compose(topic, entry) };
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          return { Id: ids[index] ?? '', error };
        }
      });
      const size = composed.reduce((sum, { message }) => sum + (message === undefined ? 0 : sizeOf(message)), 0);
      if (size > maximumBytes)
        throw refuse('BatchRequestTooLong', 'The length of all the messages put together is more than the limit.');
      for (const { Id, message, error } of composed) {
        if (message === undefined) Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
        else Successful.push({ Id, ...(await accept(message)) });
      }
      return { Successful: { member: Successful }, Failed: { member: Failed } };
    },
  };
}
