import { setImmediate } from 'node:timers/promises';
import { ThrottlingException } from '@aws-sdk/client-glue';
import { CancelledFailure } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { startWhenCapacity } from '../../activities/at-capacity.js';
import { StepError } from '../../activities/failures.js';
import type { PollClock } from '../../activities/poll-clock.js';
import { Polling, pollInterval } from '../../activities/poll-clock.js';
import type { Outcome, RemoteJob } from '../../activities/remote-job.js';
import { waitForRemoteJob } from '../../activities/remote-job.js';
import { activityEnvironment } from './activity-environment.js';

/** Time that passes only by sleeping. */
function fastClock(): PollClock & { slept: number[] } {
  let time = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => time,
    async sleep(milliseconds, signal) {
      await setImmediate();
      signal?.throwIfAborted();
      time += milliseconds;
      slept.push(milliseconds);
    },
  };
}

/** A remote job that goes through the given states, or fails to tell, one at each look; the last one stays. */
function remoteJob(states: (string | Error)[]) {
  const seen = { looks: 0, cancels: 0 };
  const job: RemoteJob<{ id: string }, string> = {
    async describe() {
      seen.looks += 1;
      const state = (states.length > 1 ? states.shift() : states[0]) ?? 'RUNNING';
      if (state instanceof Error) throw state;
      return state;
    },
    state: (description) => description,
    outcomes: { RUNNING: 'running', STOPPING: 'stopping', STOPPED: 'failed', DONE: 'succeeded' } satisfies Record<
      string,
      Outcome
    >,
    longPoll: false,
    absent: ['NotYetThere'],
    async cancel() {
      seen.cancels += 1;
      states.splice(0, states.length, 'STOPPING', 'STOPPING', 'STOPPED');
    },
    failure: (_ref, state) => new StepError('Permanent', 'job', `ended ${state}`),
  };
  return { job, seen };
}

const throttled = (): Error => new ThrottlingException({ message: 'Rate exceeded', $metadata: {} });
const ref = { id: 'r-1' };

describe('waitForRemoteJob', () => {
  it('looks again until the job has succeeded, also past states it does not know', async () => {
    const { job, seen } = remoteJob(['RUNNING', 'SOMETHING_NEW', 'RUNNING', 'DONE']);
    expect(await activityEnvironment().run(() => waitForRemoteJob(job, ref, fastClock()))).toBe('DONE');
    expect(seen).toEqual({ looks: 4, cancels: 0 });
  });

  it('never takes STOPPED for a success', async () => {
    const { job } = remoteJob(['RUNNING', 'STOPPED']);
    const waiting = activityEnvironment().run(() => waitForRemoteJob(job, ref, fastClock()));
    await expect(waiting).rejects.toThrow('ended STOPPED');
  });

  it('keeps waiting when looks are throttled, or the job is not visible yet', async () => {
    const notYet = Object.assign(new Error('no such job'), { name: 'NotYetThere' });
    const { job } = remoteJob([notYet, throttled(), throttled(), throttled(), throttled(), 'RUNNING', 'DONE']);
    expect(await activityEnvironment().run(() => waitForRemoteJob(job, ref, fastClock()))).toBe('DONE');
  });

  it('gives up when the job cannot be looked at for long, or stays invisible', async () => {
    const neverThere = remoteJob([Object.assign(new Error('no such job'), { name: 'NotYetThere' })]);
    const waiting = activityEnvironment().run(() => waitForRemoteJob(neverThere.job, ref, fastClock()));
    await expect(waiting).rejects.toThrow('no such job');
    const dark = remoteJob([throttled()]);
    await expect(activityEnvironment().run(() => waitForRemoteJob(dark.job, ref, fastClock()))).rejects.toThrow(
      'Rate exceeded'
    );
  });

  it('stops the job once when a person cancels, and ends when the job has', async () => {
    const { job, seen } = remoteJob(['RUNNING']);
    const environment = activityEnvironment();
    const waiting = environment.run(() => waitForRemoteJob(job, ref, fastClock()));
    await setImmediate();
    environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    await expect(waiting).rejects.toThrow(CancelledFailure);
    expect(seen.cancels).toBe(1);
    expect(await job.describe(ref, { wait: false })).toBe('STOPPED');
  });

  it.each([
    ['WORKER_SHUTDOWN', { workerShutdown: true }],
    ['TIMED_OUT', { timedOut: true }],
    ['PAUSED', { paused: true }],
    ['NOT_FOUND', { notFound: true }],
  ] as const)('leaves the job running on %s', async (reason, details) => {
    const { job, seen } = remoteJob(['RUNNING']);
    const environment = activityEnvironment();
    const waiting = environment.run(() => waitForRemoteJob(job, ref, fastClock()));
    await setImmediate();
    environment.cancel(reason, new ActivityCancellationDetails(details));
    await expect(waiting).rejects.toThrow(CancelledFailure);
    expect(seen.cancels).toBe(0);
    expect(await job.describe(ref, { wait: false })).toBe('RUNNING');
  });

  it('heartbeats the ids and the state', async () => {
    const { job } = remoteJob(['RUNNING', 'DONE']);
    const environment = activityEnvironment();
    const heartbeats: unknown[] = [];
    environment.on('heartbeat', (details) => heartbeats.push(details));
    const untilHeartbeat = async (): Promise<void> => {
      await expect.poll(() => heartbeats.length, { timeout: 10_000 }).toBeGreaterThan(0);
    };
    await environment.run(() => waitForRemoteJob(job, ref, { ...fastClock(), sleep: untilHeartbeat }));
    expect(heartbeats[0]).toMatchObject({ id: 'r-1' });
  });
});

describe('startWhenCapacity', () => {
  const full = (): Error => Object.assign(new Error('full'), { name: 'ConcurrentRunsExceededException' });

  it('waits out a full quota within one attempt', async () => {
    let calls = 0;
    const start = async (): Promise<string> => {
      calls += 1;
      if (calls < 50) throw full();
      return 'started';
    };
    expect(await activityEnvironment().run(() => startWhenCapacity(fastClock(), start))).toBe('started');
  });

  it('stops waiting, with nothing started, when a person cancels', async () => {
    const environment = activityEnvironment();
    const starting = environment.run(() => startWhenCapacity(fastClock(), () => Promise.reject(full())));
    await setImmediate();
    environment.cancel();
    await expect(starting).rejects.toThrow(CancelledFailure);
  });

  it('lets a start that is on its way finish, so that its id is known', async () => {
    const environment = activityEnvironment();
    const starting = environment.run(() =>
      startWhenCapacity(fastClock(), async () => {
        environment.cancel();
        await setImmediate();
        return 'started';
      })
    );
    expect(await starting).toBe('started');
  });
});

describe('pollInterval', () => {
  it('is at most 0.8 s, or half a percent of the time waited, and grows to half a minute', () => {
    expect(pollInterval(0)).toBe(100);
    for (const elapsed of [100, 5_000, 60_000, 1_800_000]) {
      expect(pollInterval(elapsed)).toBeLessThanOrEqual(Math.max(800, elapsed / 200));
    }
    expect(pollInterval(3_600_000 * 5)).toBe(30_000);
  });

  it('leaves the API room when many wait at once', () => {
    const waits = Array.from({ length: 50 }, () => new Polling());
    expect(waits[0]?.interval(0)).toBe(5_000);
    expect(waits[0]?.interval(1_800_000)).toBe(9_000);
    for (const wait of waits) wait.end();
    expect(new Polling().interval(0)).toBe(100);
  });
});
