import { Context } from '@temporalio/activity';
import { heartbeatInterval } from '../model/cost/heartbeats.js';

/** Seconds; of an activity without a heartbeat timeout, as tests run them. */
const defaultTimeout = 30;

/**
 * Sends heartbeats until the returned function is called, at the pace of {@link heartbeatInterval}. Independent of what
 * the activity is doing, so that a cancellation also arrives during a long poll. The details let the next attempt and the
 * Temporal UI see how far it was.
 */
export function keepHeartbeating(details: () => unknown): () => void {
  const context = Context.current();
  const { heartbeatTimeoutMs } = context.info;
  const timeout = heartbeatTimeoutMs ? heartbeatTimeoutMs / 1000 : defaultTimeout;
  const began = Date.now();
  let timer: NodeJS.Timeout;
  const plan = (): void => {
    timer = setTimeout(beat, 1000 * heartbeatInterval((Date.now() - began) / 1000, timeout));
    timer.unref();
  };
  const beat = (): void => {
    context.heartbeat(details());
    plan();
  };
  plan();
  return () => clearTimeout(timer);
}
