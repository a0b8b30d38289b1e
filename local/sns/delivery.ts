import { setTimeout } from 'node:timers/promises';
import type { Subscription } from './state.js';

/** What an endpoint is sent. */
export interface Delivery {
  readonly type: 'Notification' | 'SubscriptionConfirmation';
  readonly messageId: string;
  /** The whole JSON document, or the bare message of a subscription with raw delivery. */
  readonly body: string;
  readonly raw?: boolean;
}

/** Milliseconds between attempts; AWS makes 3 retries in its first phase, too. */
const pauses = [200, 1_000, 3_000];

/** Delivers to HTTP endpoints, in the background, each endpoint's messages in order. */
export class HttpDelivery {
  readonly #closing = new AbortController();
  readonly #queues = new Map<string, Promise<void>>();

  /** Sends something to a subscription's endpoint; gives up after four attempts. */
  send({ arn, topicArn, endpoint }: Subscription, delivery: Delivery): void {
    const headers: Record<string, string> = {
      'Content-Type': 'text/plain; charset=UTF-8',
      'User-Agent': 'Amazon Simple Notification Service Agent',
      'x-amz-sns-message-type': delivery.type,
      'x-amz-sns-message-id': delivery.messageId,
      'x-amz-sns-topic-arn': topicArn,
      ...(delivery.type === 'Notification' && { 'x-amz-sns-subscription-arn': arn }),
      ...(delivery.raw && { 'x-amz-sns-rawdelivery': 'true' }),
    };
    const before = this.#queues.get(arn) ?? Promise.resolve();
    const sent = before.then(() => this.#attempts(endpoint, headers, delivery.body));
    this.#queues.set(arn, sent);
    void sent.then(() => this.#queues.get(arn) === sent && this.#queues.delete(arn));
  }

  /** Gives up what has not been delivered. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#queues.values());
  }

  async #attempts(endpoint: string, headers: Record<string, string>, body: string): Promise<void> {
    const { signal } = this.#closing;
    for (const pause of [0, ...pauses]) {
      try {
        await setTimeout(pause, undefined, { signal });
        const limit = AbortSignal.any([signal, AbortSignal.timeout(15_000)]);
        const answer = await fetch(endpoint, { method: 'POST', headers, body, redirect: 'manual', signal: limit });
        if (answer.ok) return;
      } catch {
        if (signal.aborted) return;
      }
    }
  }
}
