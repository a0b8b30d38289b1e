import { Context, cancellationDetails, log } from '@temporalio/activity';
import { AwsCallError, errorClassOf } from './failures.js';
import { keepHeartbeating } from './heartbeat.js';
import type { PollClock } from './poll-clock.js';
import { Polling } from './poll-clock.js';

/** What a state of a remote job means. */
export type Outcome = 'running' | 'stopping' | 'succeeded' | 'failed';

/** What a service supplies to have its jobs waited for and stopped. `Ref` holds the ids that its start returned. */
export interface RemoteJob<Ref extends object, Description> {
  /** State and details of the job. With `wait`, the service may keep the call until the job has ended. */
  describe(ref: Ref, options: { readonly wait: boolean; readonly signal?: AbortSignal }): Promise<Description>;
  state(description: Description): string;
  /** Every documented state. One that AWS adds later counts as running. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** True when `describe` waits by itself, so that no pause is needed between two calls. */
  readonly longPoll: boolean;
  /** AWS error names for a job that is not there; forgiven for a minute, as new jobs may not be visible at once. */
  readonly absent: readonly string[];
  /** Asks the service to stop the job. Left out where the service cannot. */
  cancel?(ref: Ref): Promise<void>;
  /** The failure to report for a job that ended in a state of outcome `failed`. */
  failure(ref: Ref, description: Description): Error;
}

const maximumMisses = 20;

/** True when a look at a remote job says nothing about the job, so that the wait goes on. */
function isMiss(error: unknown, absent: readonly string[], elapsed: number): boolean {
  const cause = error instanceof AwsCallError ? error.cause : error;
  if (cause instanceof Error && absent.includes(cause.name)) return elapsed < 60_000;
  return ['Throttled', 'AtCapacity', 'Transient'].includes(errorClassOf(error));
}

async function untilTerminal<Ref extends object, Description>(
  job: RemoteJob<Ref, Description>,
  ref: Ref,
  clock: PollClock,
  onState: (state: string) => void,
  signal?: AbortSignal
): Promise<Description> {
  const began = clock.now();
  let misses = 0;
  const polling = job.longPoll ? undefined : new Polling();
  try {
    for (;;) {
      let pause = 0;
      try {
        const description = await job.describe(ref, { wait: true, signal });
        const state = job.state(description);
        onState(state);
        if (['succeeded', 'failed'].includes(job.outcomes[state] ?? 'running')) return description;
        misses = 0;
      } catch (error) {
        misses += 1;
        if (signal?.aborted || misses > maximumMisses || !isMiss(error, job.absent, clock.now() - began)) throw error;
        pause = Math.min(10_000, 250 * 2 ** misses);
      }
      if (polling !== undefined || misses > 0) {
        await clock.sleep(Math.max(pause, polling?.interval(clock.now() - began) ?? 0), signal);
      }
    }
  } finally {
    polling?.end();
  }
}

/**
 * Waits for a remote job and returns its description when it succeeded. Rejects with the job's own failure when it
 * ended otherwise. The job is stopped only when a person asked to cancel; the activity then ends, with
 * `CancelledFailure`, when the job has. A worker that shuts down, a timeout or a pause leaves the job running for the
 * next attempt.
 */
export async function waitForRemoteJob<Ref extends object, Description>(
  job: RemoteJob<Ref, Description>,
  ref: Ref,
  clock: PollClock
): Promise<Description> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  let state: string | undefined;
  const stopHeartbeats = keepHeartbeating(() => ({ ...ref, state }));
  try {
    const description = await untilTerminal(job, ref, clock, (seen) => (state = seen), signal);
    log.info('Remote job ended', { ...ref, state });
    if (job.outcomes[job.state(description)] === 'failed') throw job.failure(ref, description);
    return description;
  } catch (error) {
    if (!signal.aborted) throw error;
    if (cancellationDetails()?.cancelRequested) await stopRemoteJob(job, ref, clock);
    return await context.cancelled;
  } finally {
    stopHeartbeats();
  }
}

/**
 * Stops a remote job unless it has ended or is stopping, and returns the state it ended in. Returns undefined at once
 * for a service that cannot stop its jobs.
 */
export async function stopRemoteJob<Ref extends object, Description>(
  job: RemoteJob<Ref, Description>,
  ref: Ref,
  clock: PollClock
): Promise<string | undefined> {
  if (job.cancel === undefined) return undefined;
  let state = job.state(await job.describe(ref, { wait: false }));
  const stopHeartbeats = keepHeartbeating(() => ({ ...ref, state, phase: 'stopping' }));
  try {
    if ((job.outcomes[state] ?? 'running') === 'running') {
      // A job that ends meanwhile makes the service refuse; only a job that goes on makes that a failure.
      await job.cancel(ref).catch(async (error: unknown) => {
        state = job.state(await job.describe(ref, { wait: false }));
        if ((job.outcomes[state] ?? 'running') === 'running') throw error;
      });
    }
    return job.state(await untilTerminal(job, ref, clock, (seen) => (state = seen)));
  } finally {
    stopHeartbeats();
  }
}
