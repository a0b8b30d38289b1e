import type { ClassicLevel } from 'classic-level';
import { EntityStore, serviceLevel } from '../state/entity-store.js';
import { invalid, notFound } from './errors.js';

/** A topic. */
export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Of subscriptions that were deleted. */
  readonly deleted: number;
  /** Messages published to a FIFO topic, for its sequence numbers. */
  readonly sequence: number;
}

/** A subscription; it gets messages once it is confirmed. */
export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'http' | 'https' | 'email' | 'email-json';
  readonly endpoint: string;
  readonly confirmed: boolean;
  readonly token: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What the local SNS keeps over a restart. */
export class SnsState {
  private constructor(
    readonly topics: EntityStore<Topic>,
    readonly subscriptions: EntityStore<Subscription>
  ) {}

  /** Loads what an earlier process has left. */
  static async open(db: ClassicLevel<string, string>): Promise<SnsState> {
    const level = serviceLevel(db, 'sns');
    return new SnsState(await EntityStore.open<Topic>(level, 'topic'), await EntityStore.open(level, 'subscription'));
  }

  /** @throws AwsError `InvalidParameter` for text that is no ARN of a topic, `NotFound`. */
  topic(arn: string): Topic {
    if (!/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$/.test(arn)) throw invalid('TopicArn');
    const topic = this.topics.get(arn);
    if (topic === undefined) throw notFound('Topic');
    return topic;
  }

  /** @throws AwsError `InvalidParameter` for text that is no ARN of a subscription, `NotFound`. */
  subscription(arn: string): Subscription {
    if (!/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+:[0-9a-f-]+$/.test(arn))
      throw invalid('SubscriptionArn');
    const subscription = this.subscriptions.get(arn);
    if (subscription === undefined) throw notFound('Subscription');
    return subscription;
  }

  /** Subscriptions of a topic. */
  of(topicArn: string): Subscription[] {
    return this.subscriptions.list(`${topicArn}:`).map(({ value }) => value);
  }
}
