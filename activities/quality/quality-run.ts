import type { TaskStatusType } from '@aws-sdk/client-glue';
import { StepError, onResource } from '../failures.js';
import type { Outcome, RemoteJob } from '../remote-job.js';
import { withoutValues } from '../without-values.js';

/** What the states of evaluation and recommendation runs mean. */
const outcomes: Readonly<Record<TaskStatusType, Outcome>> = {
  STARTING: 'running',
  RUNNING: 'running',
  STOPPING: 'stopping',
  STOPPED: 'failed',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMEOUT: 'failed',
};

/** What evaluation and recommendation runs differ in. */
export interface QualityRun<Ref, Description> {
  /** The run in messages. */
  readonly named: (ref: Ref) => string;
  readonly get: (runId: string, abortSignal?: AbortSignal) => Promise<Description>;
  readonly cancel: (runId: string) => Promise<unknown>;
  /** What to do about one that did not succeed. */
  readonly advice: string;
}

/** A data quality run as a remote job. FAILED, TIMEOUT and STOPPED are permanent failures. */
export function qualityRun<
  Ref extends { readonly runId: string },
  Description extends { readonly Status?: TaskStatusType | undefined; readonly ErrorString?: string | undefined },
>({ named, get, cancel, advice }: QualityRun<Ref, Description>): RemoteJob<Ref, Description> {
  return {
    describe: (ref, { signal }) => onResource(named(ref), () => get(ref.runId, signal)),
    state: ({ Status }) => Status ?? 'STARTING',
    outcomes,
    longPoll: false,
    absent: ['EntityNotFoundException'],
    async cancel(ref) {
      await onResource(named(ref), () => cancel(ref.runId));
    },
    failure(ref, { Status: state = '', ErrorString: message }) {
      const what = `ended ${state}${message ? `: ${withoutValues(message)}` : ''}`;
      return new StepError('Permanent', named(ref), what, advice, { runId: ref.runId, state });
    },
  };
}
