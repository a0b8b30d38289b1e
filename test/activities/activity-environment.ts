import { setTimeout } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { FailureInterceptor } from '../../activities/failures.js';
import type { PollClock } from '../../activities/poll-clock.js';

/** An environment for one activity, as a worker of Sluice would run it. A cancelled one cannot be used again. */
export function activityEnvironment(info: { readonly attempt?: number } = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(info, {
    logger: new DefaultLogger('ERROR'),
    interceptors: [() => ({ inbound: new FailureInterceptor() })],
  });
}

/** Runs one activity in an environment of its own, or in one that the test cancels. */
export async function runActivity<Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
  environment: MockActivityEnvironment = activityEnvironment()
): Promise<Result> {
  return (await environment.run(activity, input)) as Result;
}

/** The time of day for activities that never pause for long. */
export const hastyClock: PollClock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => setTimeout(Math.min(milliseconds, 100), undefined, { signal }),
};

/** For activities that make no call to Temporal; connects only when one is made. */
export const unusedTemporal = new Client({ connection: Connection.lazy() });
