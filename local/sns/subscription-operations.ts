import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError } from '../gateway/aws-error.js';
import type { XmlContent } from '../gateway/xml.js';
import type { Parameters } from '../gateway/query-protocol.js';
import type { HttpDelivery } from './delivery.js';
import { invalid } from './errors.js';
import type { SnsState, Subscription } from './state.js';
import { entries, page } from './topic-operations.js';
import type { SnsOperation } from './topic-operations.js';

const protocols = ['http', 'https', 'email', 'email-json'] as const;

function checkEndpoint(protocol: Subscription['protocol'], endpoint: string): void {
  const fits = protocol.startsWith('email')
    ? /^[^@\s]+@[^@\s]+$/.test(endpoint)
    : endpoint.startsWith(`${protocol}://`) && URL.canParse(endpoint);
  if (!fits) throw invalid('Endpoint', `Endpoint must match the specified protocol`);
}

function checkAttribute(name: string, value: string): void {
  if (name !== 'RawMessageDelivery') throw invalid('Attributes', `the local SNS has no subscription attribute ${name}`);
  if (!['true', 'false'].includes(value)) throw invalid('Attributes', 'RawMessageDelivery must be true or false');
}

/** Operations on subscriptions. `origin` is the URL under which the caller reached the local AWS. */
export function subscriptionOperations(
  state: SnsState,
  delivery: HttpDelivery,
  account: string,
  origin: () => string
): Readonly<Record<string, SnsOperation>> {
  const askToConfirm = (subscription: Subscription): void => {
    const { topicArn, token } = subscription;
    const messageId = randomUUID();
    const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: token });
    const SubscribeURL = `${origin()}/?${query}`;
    const document = {
      Type: 'SubscriptionConfirmation',
      MessageId: messageId,
      Token: token,
      TopicArn: topicArn,
      Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
      SubscribeURL,
      Timestamp: new Date().toISOString(),
      // Nothing is signed here: there is no certificate that a subscriber could check.
      SignatureVersion: '1',
      Signature: '',
      SigningCertURL: '',
    };
    delivery.send(subscription, { type: 'SubscriptionConfirmation', messageId, body: JSON.stringify(document) });
  };

  const shown = ({ arn, confirmed, protocol, endpoint, topicArn }: Subscription): XmlContent => ({
    TopicArn: topicArn,
    Protocol: protocol,
    SubscriptionArn: confirmed ? arn : 'PendingConfirmation',
    Owner: account,
    Endpoint: endpoint,
  });
  const listed = (subscriptions: readonly Subscription[], parameters: Parameters) => {
    const { part, next } = page(subscriptions, parameters.text('NextToken'));
    return Promise.resolve({ Subscriptions: { member: part.map(shown) }, NextToken: next });
  };

  return {
    async Subscribe(parameters) {
      const topic = state.topic(parameters.require('TopicArn'));
      const named = parameters.require('Protocol');
      const protocol = protocols.find((one) => one === named);
      if (protocol === undefined) throw invalid('Protocol', `the local SNS delivers to ${protocols.join(', ')}`);
      if (topic.attributes.FifoTopic === 'true') {
        throw invalid('Protocol', 'FIFO topics deliver to Amazon SQS queues only, which are not here');
      }
      const endpoint = parameters.require('Endpoint');
      checkEndpoint(protocol, endpoint);
      const attributes = Object.fromEntries(parameters.map('Attributes'));
      for (const [name, value] of Object.entries(attributes)) checkAttribute(name, value);
      let subscription = state.of(topic.arn).find((one) => one.protocol === protocol && one.endpoint === endpoint);
      if (subscription === undefined) {
        const arn = `${topic.arn}:${randomUUID()}`;
        const token = randomBytes(64).toString('hex');
        subscription = { arn, topicArn: topic.arn, protocol, endpoint, confirmed: false, token, attributes };
        await state.subscriptions.put(arn, subscription);
      }
      const { arn, confirmed } = subscription;
      if (!confirmed && protocol.startsWith('http')) askToConfirm(subscription);
      const told = confirmed || parameters.text('ReturnSubscriptionArn') === 'true';
      return { SubscriptionArn: told ? arn : 'pending confirmation' };
    },

    async ConfirmSubscription(parameters) {
      const topic = state.topic(parameters.require('TopicArn'));
      const token = parameters.require('Token');
      const subscription = state.of(topic.arn).find((one) => one.token === token);
      if (subscription === undefined) throw invalid('Token');
      await state.subscriptions.put(subscription.arn, { ...subscription, confirmed: true });
      return { SubscriptionArn: subscription.arn };
    },

    async Unsubscribe(parameters) {
      const subscription = state.subscriptions.get(parameters.require('SubscriptionArn'));
      if (subscription === undefined) return undefined;
      if (!subscription.confirmed)
        throw new AwsError('InvalidParameter', 'Invalid parameter: SubscriptionArn Reason: it is pending confirmation');
      await state.subscriptions.delete(subscription.arn);
      const topic = state.topics.get(subscription.topicArn);
      if (topic !== undefined) await state.topics.put(topic.arn, { ...topic, deleted: topic.deleted + 1 });
      return undefined;
    },

    ListSubscriptions: (parameters) =>
      listed(
        state.subscriptions.list().map(({ value }) => value),
        parameters
      ),

    ListSubscriptionsByTopic: (parameters) =>
      listed(state.of(state.topic(parameters.require('TopicArn')).arn), parameters),

    GetSubscriptionAttributes(parameters) {
      const subscription = state.subscription(parameters.require('SubscriptionArn'));
      const { arn, topicArn, protocol, endpoint, confirmed, attributes } = subscription;
      const own = { SubscriptionArn: arn, TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint, Owner: account };
      const pending = { PendingConfirmation: String(!confirmed), RawMessageDelivery: 'false' };
      return Promise.resolve({ Attributes: entries({ ...own, ...pending, ...attributes }) });
    },

    async SetSubscriptionAttributes(parameters) {
      const subscription = state.subscription(parameters.require('SubscriptionArn'));
      const [name, value] = [parameters.require('AttributeName'), parameters.text('AttributeValue') ?? ''];
      checkAttribute(name, value);
      const attributes = { ...subscription.attributes, [name]: value };
      await state.subscriptions.put(subscription.arn, { ...subscription, attributes });
      return undefined;
    },
  };
}
