import { Context } from '@temporalio/activity';
import type { GlueClient, JobRun } from '@aws-sdk/client-glue';
import { BatchStopJobRunCommand, GetJobRunCommand, StartJobRunCommand, paginateGetJobRuns } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { splitS3Uri } from '../model/s3-uri.js';
import { startWhenCapacity } from './at-capacity.js';
import { StepError, errorClassOf, onResource } from './failures.js';
import type { JobReportSummary } from './job-report.js';
import { readJobReport } from './job-report.js';
import { findWhenListed } from './late-listing.js';
import type { PollClock } from './poll-clock.js';
import { systemClock } from './poll-clock.js';
import type { Outcome, RemoteJob } from './remote-job.js';
import { stopRemoteJob, waitForRemoteJob } from './remote-job.js';
import type { StepInput } from './run-scope.js';
import { earlierTokens, jobReportUri, stepToken } from './run-scope.js';
import { withoutValues } from './without-values.js';

/** Input of `startGlueJob`. */
export interface StartGlueJobInput extends StepInput {
  readonly jobName: string;
  /** The job's own arguments; the marker, the run key and the report's URI are added. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Bucket of the report, and the table whose prefix it stands under. */
  readonly reports: { readonly bucket: string; readonly table: string };
}

/** A started run of a Glue job. */
export interface GlueRunRef {
  readonly jobName: string;
  readonly runId: string;
  readonly reportUri: string;
}

/** A run that has succeeded. */
export interface GlueRunResult extends GlueRunRef {
  /** As Glue measured it, without the time to start. */
  readonly executionSeconds: number;
  /** What Glue bills by; undefined where Glue does not say. */
  readonly dpuSeconds?: number;
  readonly report: JobReportSummary;
}

/** Activities on Glue jobs. */
export interface GlueActivities {
  /**
   * Starts a job run marked with the step's token, or finds the run that has the marker, whatever its state: a step is
   * started once. When the run was resumed, a job run of an earlier execution that goes on or went well is used. Glue
   * takes no client token, so the runs are looked through first; for about ten seconds when a start may have gone
   * unanswered, since a new run is not always listed at once. Waits while the job or the account has its maximum of
   * concurrent runs.
   */
  startGlueJob(input: StartGlueJobInput): Promise<GlueRunRef>;
  /** Waits for a run and reads its report. Only SUCCEEDED is a success. */
  waitGlueJob(input: StepInput & { readonly job: GlueRunRef }): Promise<GlueRunResult>;
  /** Stops a run that nobody waits for any more, and returns the state it ended in. */
  stopGlueJob(input: StepInput & { readonly job: GlueRunRef }): Promise<string>;
}

/** https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html */
const outcomes: Readonly<Record<string, Outcome>> = {
  STARTING: 'running',
  RUNNING: 'running',
  WAITING: 'running',
  STOPPING: 'stopping',
  STOPPED: 'failed',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  ERROR: 'failed',
  TIMEOUT: 'failed',
  EXPIRED: 'failed',
};

const advice: Readonly<Record<string, string>> = {
  STOPPED: 'Someone stopped it outside Sluice. Go on with `sluice resume`.',
  TIMEOUT: 'Raise the timeout or the workers of the job, and go on with `sluice resume`.',
  EXPIRED: 'It waited too long for capacity. Raise the quota, and go on with `sluice resume`.',
};

/**
 * Longest specifications, in bytes, that are passed as an argument. StartJobRun refuses requests of about 180 KB, and
 * Linux takes 128 KiB in one argument: https://github.com/awsdocs/aws-glue-developer-guide/issues/55
 */
const longestArgument = 100_000;

/** Which of several runs under one marker counts, as when Glue itself retries a run. */
function preference({ JobRunState: state = 'RUNNING' }: JobRun): number {
  const outcome = outcomes[state] ?? 'running';
  return outcome === 'succeeded' ? 0 : outcome === 'failed' ? 2 : 1;
}

function glueRun(glue: GlueClient): RemoteJob<GlueRunRef, JobRun & { readonly requestId?: string }> {
  const named = ({ jobName, runId }: GlueRunRef): string => `Glue job ${jobName}, run ${runId}`;
  return {
    async describe(ref, { signal }) {
      const { JobRun: run, $metadata: metadata } = await onResource(named(ref), () =>
        glue.send(new GetJobRunCommand({ JobName: ref.jobName, RunId: ref.runId }), { abortSignal: signal })
      );
      return { ...run, requestId: metadata.requestId };
    },
    state: ({ JobRunState }) => JobRunState ?? 'STARTING',
    outcomes,
    longPoll: false,
    absent: ['EntityNotFoundException'],
    async cancel(ref) {
      const { Errors: errors = [] } = await onResource(named(ref), () =>
        glue.send(new BatchStopJobRunCommand({ JobName: ref.jobName, JobRunIds: [ref.runId] }))
      );
      const detail = errors[0]?.ErrorDetail;
      if (detail !== undefined) {
        throw new StepError('Transient', named(ref), `cannot be stopped: ${detail.ErrorCode}: ${detail.ErrorMessage}`);
      }
    },
    failure: (ref, { JobRunState: state = '', ErrorMessage: message, requestId = '' }) =>
      new StepError(
        'Permanent',
        named(ref),
        `ended ${state}${message ? `: ${withoutValues(message)}` : ''}`,
        advice[state] ?? 'Mend the cause, and go on with `sluice resume`.',
        { runId: ref.runId, state, reportUri: ref.reportUri, requestId }
      ),
  };
}

/**
 * Makes the activities over clients. The Glue client must not retry by itself (`maxAttempts: 1`): a repeated
 * StartJobRun whose answer was lost would start a second run.
 */
export function createGlueActivities({
  glue,
  s3,
  clock = systemClock,
}: {
  readonly glue: GlueClient;
  readonly s3: S3Client;
  readonly clock?: PollClock;
}): GlueActivities {
  /** The run of this step: one of this execution in whatever state, or one of an earlier that has not come to nothing. */
  const findRun = async (input: StartGlueJobInput): Promise<JobRun | undefined> => {
    const token = stepToken(input);
    const earlier = earlierTokens(input);
    const best = new Map<string, JobRun>();
    for await (const page of paginateGetJobRuns({ client: glue, pageSize: 200 }, { JobName: input.jobName })) {
      for (const run of page.JobRuns ?? []) {
        const mark = run.Arguments?.['--sluice_token'];
        if (mark === undefined || (mark !== token && !earlier.includes(mark))) continue;
        const found = best.get(mark);
        if (found === undefined || preference(run) < preference(found)) best.set(mark, run);
      }
    }
    const usable = earlier.flatMap((mark) => best.get(mark) ?? []).filter((run) => preference(run) < 2);
    const run = best.get(token) ?? usable[0];
    if (run?.JobRunState === 'STOPPING' && !best.has(token)) {
      throw new StepError('AtCapacity', `Glue job ${input.jobName}`, `its run ${run.Id} is yet to stop`);
    }
    return run;
  };
  /** The arguments, with specifications that are too long in an object beside the report. */
  const shortened = async (args: StartGlueJobInput['arguments'], reportUri: string): Promise<typeof args> => {
    const { '--specs': specs } = args;
    if (specs === undefined || Buffer.byteLength(specs) <= longestArgument) return args;
    const uri = reportUri.replace(/\.json$/, '.specs.json');
    const at = splitS3Uri(uri) ?? { Bucket: '', Key: '' };
    await onResource(uri, () => s3.send(new PutObjectCommand({ ...at, Body: specs, ContentType: 'application/json' })));
    return { ...args, '--specs': uri };
  };
  return {
    async startGlueJob(input) {
      const { jobName, reports, scope } = input;
      const token = stepToken(input);
      const reportUri = jobReportUri(reports.bucket, reports.table, scope.runKey, jobName);
      const resource = `Glue job ${jobName}`;
      const request = new StartJobRunCommand({
        JobName: jobName,
        Arguments: {
          ...(await shortened(input.arguments, reportUri)),
          '--sluice_token': token,
          '--run_key': scope.runKey,
          '--report_uri': reportUri,
        },
      });
      const { cancellationSignal, cancelled, info } = Context.current();
      let mayHaveStarted = info.attempt > 1;
      return await startWhenCapacity(clock, async () => {
        const look = async (): Promise<JobRun | undefined> => onResource(resource, () => findRun(input));
        const earlier = await (mayHaveStarted ? findWhenListed(clock, look) : look());
        if (earlier?.Id !== undefined) return { jobName, runId: earlier.Id, reportUri };
        mayHaveStarted = false;
        if (cancellationSignal.aborted) await cancelled;
        try {
          const { JobRunId: runId = '' } = await onResource(resource, () => glue.send(request));
          return { jobName, runId, reportUri };
        } catch (error) {
          mayHaveStarted = errorClassOf(error) === 'Transient';
          throw error;
        }
      });
    },

    async waitGlueJob({ scope, job }) {
      const run = await waitForRemoteJob(glueRun(glue), job, clock);
      return {
        ...job,
        executionSeconds: run.ExecutionTime ?? 0,
        dpuSeconds: run.DPUSeconds,
        report: await readJobReport(s3, job.reportUri, scope.runKey),
      };
    },

    async stopGlueJob({ job }) {
      return (await stopRemoteJob(glueRun(glue), job, clock)) ?? 'unknown';
    },
  };
}
