import { AwsError } from '../gateway/aws-error.js';
import type { XmlContent } from '../gateway/xml.js';
import type { Parameters } from '../gateway/query-protocol.js';
import { invalid } from './errors.js';
import type { SnsState, Topic } from './state.js';

/** One operation: its parameters in, the content of its result out. */
export type SnsOperation = (parameters: Parameters) => Promise<Readonly<Record<string, XmlContent>> | undefined>;

const settable = new Set([
  'DisplayName',
  'Policy',
  'DeliveryPolicy',
  'KmsMasterKeyId',
  'TracingConfig',
  'SignatureVersion',
]);
const fifoOnly = new Set(['ContentBasedDeduplication', 'FifoThroughputScope']);

/** The part of a list that a token stands for, 100 at a time, and the token of the next. */
export function page<T>(
  list: readonly T[],
  token: string | undefined
): { readonly part: readonly T[]; readonly next?: string } {
  const from = token === undefined || token === '' ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isSafeInteger(from) || from < 0) throw invalid('NextToken');
  const next = from + 100 < list.length ? Buffer.from(String(from + 100)).toString('base64url') : undefined;
  return { part: list.slice(from, from + 100), next };
}

/** A map as SNS answers it. */
export const entries = (map: Readonly<Record<string, string>>): XmlContent => ({
  entry: Object.entries(map).map(([key, value]) => ({ key, value })),
});

function checkAttribute(name: string, value: string, fifo: boolean): void {
  if (fifoOnly.has(name) && fifo) {
    if (name === 'ContentBasedDeduplication' && !['true', 'false'].includes(value))
      throw invalid('Attributes', `${name} must be true or false`);
    return;
  }
  if (!settable.has(name)) throw invalid('AttributeName');
  if (name === 'DisplayName' && value.length > 100) throw invalid('DisplayName', 'must be at most 100 characters long');
}

function tagsOf(parameters: Parameters): Record<string, string> {
  const tags = parameters.members('Tags').map((tag) => [tag.require('Key'), tag.text('Value') ?? ''] as const);
  return Object.fromEntries(tags);
}

/** Operations on topics and their tags. */
export function topicOperations(
  state: SnsState,
  { account, region }: { readonly account: string; readonly region: string }
): Readonly<Record<string, SnsOperation>> {
  const tagged = (parameters: Parameters): Topic => {
    const topic = state.topics.get(parameters.require('ResourceArn'));
    if (topic === undefined) throw new AwsError('ResourceNotFound', 'Resource does not exist', 404);
    return topic;
  };
  return {
    async CreateTopic(parameters) {
      const name = parameters.text('Name') ?? '';
      const { FifoTopic: asked = 'false', ...given } = Object.fromEntries(parameters.map('Attributes'));
      const fifo = asked === 'true';
      if (!/^[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(name) || name.length > 256) throw invalid('Topic Name');
      if (fifo !== name.endsWith('.fifo')) {
        throw invalid('Topic Name', fifo ? 'FIFO topic names must end with .fifo' : undefined);
      }
      for (const [attribute, value] of Object.entries(given)) checkAttribute(attribute, value, fifo);
      const arn = `arn:aws:sns:${region}:${account}:${name}`;
      const attributes = { ...(fifo && { FifoTopic: 'true', ContentBasedDeduplication: 'false' }), ...given };
      const present = state.topics.get(arn);
      if (present !== undefined) {
        const differs = Object.entries(given).some(([attribute, value]) => present.attributes[attribute] !== value);
        if (differs) throw invalid('Attributes', 'Topic already exists with different attributes');
        return { TopicArn: arn };
      }
      await state.topics.put(arn, { arn, name, attributes, tags: tagsOf(parameters), deleted: 0, sequence: 0 });
      return { TopicArn: arn };
    },

    async DeleteTopic(parameters) {
      const arn = parameters.require('TopicArn');
      for (const { arn: subscription } of state.of(arn)) await state.subscriptions.delete(subscription);
      await state.topics.delete(arn);
      return undefined;
    },

    ListTopics(parameters) {
      const { part, next } = page(state.topics.list(), parameters.text('NextToken'));
      return Promise.resolve({ Topics: { member: part.map(({ key }) => ({ TopicArn: key })) }, NextToken: next });
    },

    GetTopicAttributes(parameters) {
      const topic = state.topic(parameters.require('TopicArn'));
      const subscriptions = state.of(topic.arn);
      const confirmed = subscriptions.filter((subscription) => subscription.confirmed).length;
      const attributes = {
        TopicArn: topic.arn,
        Owner: account,
        DisplayName: '',
        Policy: JSON.stringify({ Version: '2008-10-17', Id: '__default_policy_ID', Statement: [] }),
        SubscriptionsPending: String(subscriptions.length - confirmed),
        SubscriptionsConfirmed: String(confirmed),
        SubscriptionsDeleted: String(topic.deleted),
        ...topic.attributes,
      };
      return Promise.resolve({ Attributes: entries(attributes) });
    },

    async SetTopicAttributes(parameters) {
      const topic = state.topic(parameters.require('TopicArn'));
      const [name, value] = [parameters.require('AttributeName'), parameters.text('AttributeValue') ?? ''];
      checkAttribute(name, value, topic.attributes.FifoTopic === 'true');
      await state.topics.put(topic.arn, { ...topic, attributes: { ...topic.attributes, [name]: value } });
      return undefined;
    },

    async TagResource(parameters) {
      const topic = tagged(parameters);
      const tags = { ...topic.tags, ...tagsOf(parameters) };
      if (Object.keys(tags).length > 50)
        throw new AwsError('TagLimitExceeded', 'Could not complete request: tag quota of per resource exceeded');
      await state.topics.put(topic.arn, { ...topic, tags });
      return {};
    },

    async UntagResource(parameters) {
      const topic = tagged(parameters);
      const gone = new Set(parameters.texts('TagKeys'));
      const tags = Object.fromEntries(Object.entries(topic.tags).filter(([key]) => !gone.has(key)));
      await state.topics.put(topic.arn, { ...topic, tags });
      return {};
    },

    ListTagsForResource(parameters) {
      const tags = Object.entries(tagged(parameters).tags).map(([Key, Value]) => ({ Key, Value }));
      return Promise.resolve({ Tags: { member: tags } });
    },
  };
}
