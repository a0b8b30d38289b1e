import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import { HiddenJobs } from '../../gateway/job-fault.js';
import type { JobFault } from '../../gateway/job-fault.js';
import type { JsonOperation } from '../../gateway/service.js';
import { compoundKey } from '../../state/entity-store.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds, nameString, operation, pageOf, paging, stringMap } from '../../gateway/check-request.js';
import { checkCapacity, runCapacity } from './job-definitions.js';
import type { JobEntity } from './job-definitions.js';
import { activeStates, dpuOf } from './job-run.js';
import type { JobRunEntity } from './job-run.js';
import { interruptedMessage } from './run-engine.js';
import type { RunEngine } from './run-engine.js';

const startJobRun = z.object({
  JobName: nameString,
  JobRunQueuingEnabled: z.boolean().optional(),
  JobRunId: nameString.optional(),
  Arguments: stringMap.optional(),
  SecurityConfiguration: z.string().optional(),
  ...runCapacity,
});
type StartJobRun = z.infer<typeof startJobRun>;

const latest = 1e15;

/** Runs are keyed newest first, so that a listing in key order is the order in which Glue gives them. */
function runKey(job: string, sequence: number): string {
  return `${compoundKey(job)}${String(latest - sequence).padStart(16, '0')}`;
}

/** The runs of all jobs: which may start, which have to wait, which exist. */
export class JobRuns {
  #sequence = 0;
  readonly #keys = new Map<string, string>();
  readonly #hidden = new HiddenJobs();
  readonly #faults = new Map<string, JobFault>();

  constructor(
    private readonly jobs: EntityStore<JobEntity>,
    private readonly runs: EntityStore<JobRunEntity>,
    private readonly engine: RunEngine
  ) {}

  /** Ends what a crash of an earlier process has left active, and starts what was waiting. */
  async recover(): Promise<void> {
    for (const { key, value } of this.runs.list()) {
      this.#keys.set(value.Id, key);
      this.#sequence = Math.max(this.#sequence, latest - Number(key.slice(-16)));
      if (!activeStates.has(value.JobRunState)) continue;
      const now = epochSeconds();
      const end = {
        JobRunState: 'FAILED',
        ErrorMessage: interruptedMessage,
        CompletedOn: now,
        LastModifiedOn: now,
      } as const;
      await this.runs.put(key, { ...value, ...end });
    }
    for (const { key } of this.jobs.list()) await this.#startWaiting(key);
  }

  /** Keeps a changed run. */
  async save(run: JobRunEntity): Promise<void> {
    const key = this.#keys.get(run.Id);
    if (key !== undefined) await this.runs.put(key, run);
  }

  operations(): Record<string, JsonOperation> {
    const oneRun = z.object({ JobName: nameString, RunId: nameString });
    const stop = z.object({ JobName: nameString, JobRunIds: z.array(nameString).min(1).max(25) });
    return {
      StartJobRun: operation(startJobRun, async (request, { job }) => ({
        JobRunId: (await this.#start(request, job)).Id,
      })),
      GetJobRun: operation(oneRun, async ({ JobName, RunId }) => ({ JobRun: withRunTime(this.#run(JobName, RunId)) })),
      GetJobRuns: operation(z.object({ JobName: nameString, ...paging(200) }), async (request) => {
        this.#job(request.JobName, `Job ${request.JobName} not found.`);
        const listed = this.runs.list(compoundKey(request.JobName)).filter(({ value }) => !this.#hidden.has(value.Id));
        const { items, NextToken } = pageOf(listed, request);
        return { JobRuns: items.map(withRunTime), NextToken };
      }),
      BatchStopJobRun: operation(stop, async ({ JobName, JobRunIds }) => {
        const SuccessfulSubmissions: object[] = [];
        const Errors: object[] = [];
        for (const JobRunId of JobRunIds) {
          const ErrorDetail = await this.#stop(JobName, JobRunId);
          if (ErrorDetail === undefined) SuccessfulSubmissions.push({ JobName, JobRunId });
          else Errors.push({ JobName, JobRunId, ErrorDetail });
        }
        return { SuccessfulSubmissions, Errors };
      }),
    };
  }

  #job(name: string, message: string): JobEntity {
    const job = this.jobs.get(name);
    if (job === undefined) throw new AwsError('EntityNotFoundException', message);
    return job;
  }

  #run(job: string, id: string): JobRunEntity {
    const run = this.runs.get(this.#keys.get(id) ?? '');
    if (run?.JobName !== job) throw new AwsError('EntityNotFoundException', `Job run ${id} of job ${job} not found.`);
    return run;
  }

  #inState(job: string, states: ReadonlySet<string>): JobRunEntity[] {
    const runs = this.runs.list(compoundKey(job)).map(({ value }) => value);
    return runs.filter((run) => states.has(run.JobRunState));
  }

  async #start(request: StartJobRun, fault?: JobFault): Promise<JobRunEntity> {
    const job = this.#job(request.JobName, 'Failed to start job run due to missing metadata');
    if (
      request.MaxCapacity !== undefined ||
      request.WorkerType !== undefined ||
      request.NumberOfWorkers !== undefined
    ) {
      checkCapacity(request);
    }
    if (this.engine.closing) throw new AwsError('InternalServiceException', 'The local Glue is shutting down', 500);
    const previous = request.JobRunId === undefined ? undefined : this.#run(job.Name, request.JobRunId);
    const queued = request.JobRunQueuingEnabled ?? job.JobRunQueuingEnabled ?? false;
    const free = this.#inState(job.Name, activeStates).length < (job.ExecutionProperty?.MaxConcurrentRuns ?? 1);
    if (!free && !queued) {
      throw new AwsError('ConcurrentRunsExceededException', `Concurrent runs exceeded for ${job.Name}`);
    }
    const sized = request.WorkerType === undefined && request.MaxCapacity === undefined ? job : request;
    const now = epochSeconds();
    const run: JobRunEntity = {
      Id: `jr_${randomBytes(32).toString('hex')}`,
      Attempt: previous === undefined ? 0 : previous.Attempt + 1,
      ...(previous === undefined ? {} : { PreviousRunId: previous.Id }),
      JobName: job.Name,
      JobMode: job.JobMode ?? 'SCRIPT',
      JobRunQueuingEnabled: queued,
      StartedOn: now,
      LastModifiedOn: now,
      JobRunState: free ? 'STARTING' : 'WAITING',
      Arguments: {
        ...job.DefaultArguments,
        ...(request.Arguments ?? previous?.Arguments),
        ...job.NonOverridableArguments,
      },
      PredecessorRuns: [],
      AllocatedCapacity: Math.round(dpuOf(sized)),
      MaxCapacity: dpuOf(sized),
      ExecutionTime: 0,
      Timeout: request.Timeout ?? job.Timeout ?? 480,
      WorkerType: sized.WorkerType,
      NumberOfWorkers: sized.NumberOfWorkers,
      LogGroupName: '/aws-glue/jobs',
      GlueVersion: job.GlueVersion ?? '5.0',
      ExecutionClass: request.ExecutionClass ?? job.ExecutionClass ?? 'STANDARD',
    };
    const key = runKey(job.Name, ++this.#sequence);
    this.#keys.set(run.Id, key);
    this.#hidden.add(run.Id, fault);
    if (fault !== undefined) this.#faults.set(run.Id, fault);
    await this.runs.put(key, run); // held in memory before it is awaited: the next StartJobRun counts it
    if (free) this.#launch(run, job);
    return run;
  }

  #launch(run: JobRunEntity, job: JobEntity): void {
    const fault = this.#faults.get(run.Id);
    void this.engine.start(run, job.Command?.ScriptLocation ?? '', fault).then(async (ended) => {
      this.#faults.delete(run.Id);
      const current = this.jobs.get(job.Name);
      const retry = ['FAILED', 'TIMEOUT'].includes(ended.JobRunState) && ended.ErrorMessage !== interruptedMessage;
      if (current !== undefined && retry && ended.Attempt < (current.MaxRetries ?? 0)) {
        // As on AWS the retry is a run of its own. A place that was taken meanwhile ends the series.
        await this.#start({ JobName: job.Name, JobRunId: ended.Id }).catch(() => undefined);
      }
      await this.#startWaiting(job.Name);
    });
  }

  async #startWaiting(jobName: string): Promise<void> {
    const job = this.jobs.get(jobName);
    if (job === undefined || this.engine.closing) return;
    const waiting = this.#inState(jobName, new Set(['WAITING'])).reverse();
    for (const run of waiting) {
      if (this.engine.isActive(run.Id)) continue;
      const active = this.#inState(jobName, activeStates).length;
      if (active >= (job.ExecutionProperty?.MaxConcurrentRuns ?? 1)) return;
      const starting: JobRunEntity = { ...run, JobRunState: 'STARTING', LastModifiedOn: epochSeconds() };
      await this.save(starting);
      this.#launch(starting, job);
    }
  }

  async #stop(job: string, id: string): Promise<{ ErrorCode: string; ErrorMessage: string } | undefined> {
    const run = this.runs.get(this.#keys.get(id) ?? '');
    if (run?.JobName !== job) return { ErrorCode: 'EntityNotFoundException', ErrorMessage: `Job run ${id} not found.` };
    if (run.JobRunState === 'WAITING' && !this.engine.isActive(id)) {
      await this.save({ ...run, JobRunState: 'STOPPED', CompletedOn: epochSeconds(), LastModifiedOn: epochSeconds() });
      return undefined;
    }
    if (await this.engine.stop(id)) return undefined;
    return { ErrorCode: 'JobRunCannotBeStoppedException', ErrorMessage: 'Job Run cannot be stopped in current state.' };
  }
}

/** A running run's `ExecutionTime` grows while one looks. */
function withRunTime(run: JobRunEntity): JobRunEntity {
  if (!activeStates.has(run.JobRunState)) return run;
  return { ...run, ExecutionTime: Math.max(0, Math.round(epochSeconds() - run.StartedOn)) };
}
