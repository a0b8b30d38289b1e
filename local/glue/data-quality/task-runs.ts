import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskStatusType } from '@aws-sdk/client-glue';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import { HiddenJobs, pause } from '../../gateway/job-fault.js';
import type { JobFault } from '../../gateway/job-fault.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds } from '../../gateway/check-request.js';
import { describeFailure } from '../jobs/job-script.js';
import { dataSource } from './data-source.js';
import type { DataSource } from './data-source.js';

/** Input that every kind of data quality run has. */
export const runInput = {
  DataSource: dataSource,
  Role: z.string().min(1),
  NumberOfWorkers: z.number().int().min(1).optional(),
  Timeout: z.number().int().min(1).optional(),
  ClientToken: z.string().min(1).max(255).optional(),
};

/** What is kept of a run of any kind. Times are seconds since the epoch. */
export interface TaskRun {
  readonly RunId: string;
  readonly Sequence: number;
  readonly DataSource: DataSource;
  readonly Role: string;
  readonly NumberOfWorkers: number;
  /** Minutes. */
  readonly Timeout: number;
  readonly ClientToken?: string | undefined;
  readonly Status: TaskStatusType;
  readonly ErrorString?: string;
  readonly StartedOn: number;
  readonly LastModifiedOn: number;
  readonly CompletedOn?: number;
  /** Seconds. */
  readonly ExecutionTime?: number;
}

/** States in which a run has not ended. */
export const activeTaskStates: ReadonlySet<string> = new Set(['STARTING', 'RUNNING', 'STOPPING']);

/** Message of runs that the local Glue's own end has cut short. */
const interruptedMessage = 'The local Glue ended while this run was active. Start it again.';

interface Active {
  readonly controller: AbortController;
  reason?: 'stopped' | 'timeout' | 'shutdown';
  ended: boolean;
  done: Promise<void>;
}

/** What a run's work is given. */
export interface TaskContext {
  /** Aborted when the run is cancelled, has timed out, or the local Glue closes. */
  readonly signal: AbortSignal;
  /** A folder of the run's own that is removed when it ends. */
  readonly folder: string;
}

/** How the runs of one kind are kept and executed. */
export interface TaskRunsOptions<T extends TaskRun> {
  readonly runs: EntityStore<T>;
  readonly workFolder: string;
  /** Length of a minute of `Timeout`, in milliseconds. */
  readonly minuteMs: number;
  /** Executes the run and resolves with what it adds to it. Throws what makes the run FAILED. */
  execute(run: T, context: TaskContext): Promise<Partial<T>>;
}

/**
 * Runs of one kind (evaluations, recommendations) from STARTING to a terminal state. A run that has the client token of
 * an earlier one is that one.
 */
export class TaskRuns<T extends TaskRun> {
  readonly #active = new Map<string, Active>();
  readonly #hidden = new HiddenJobs();
  #closing = false;
  #sequence = 0;

  constructor(private readonly options: TaskRunsOptions<T>) {}

  /** Ends what an earlier process has left active. */
  async recover(): Promise<void> {
    for (const { value } of this.options.runs.list()) {
      this.#sequence = Math.max(this.#sequence, value.Sequence);
      if (!activeTaskStates.has(value.Status)) continue;
      const now = epochSeconds();
      await this.#save(value, { Status: 'FAILED', ErrorString: interruptedMessage, CompletedOn: now } as Partial<T>);
    }
  }

  /** Newest first. */
  list(): T[] {
    const all = this.options.runs.list().map(({ value }) => value);
    return all.sort((left, right) => right.Sequence - left.Sequence);
  }

  /** Those that a listing shows, newest first. */
  listed(): T[] {
    return this.list().filter(({ RunId }) => !this.#hidden.has(RunId));
  }

  /** @throws AwsError `EntityNotFoundException`. */
  get(runId: string): T {
    const run = this.options.runs.get(runId);
    if (run === undefined) throw new AwsError('EntityNotFoundException', `The run ${runId} was not found.`);
    return activeTaskStates.has(run.Status)
      ? { ...run, ExecutionTime: Math.max(0, Math.round(epochSeconds() - run.StartedOn)) }
      : run;
  }

  /**
   * Starts a run, or finds the one that was started with the same token. `fault` makes a new run misbehave.
   * @throws AwsError `ConflictException` when that one has other parameters.
   */
  async start(prefix: string, fields: Omit<T, keyof TaskRun>, input: TaskInput, fault?: JobFault): Promise<T> {
    if (this.#closing) throw new AwsError('InternalServiceException', 'The local Glue is shutting down', 500);
    const same =
      input.ClientToken === undefined ? undefined : this.list().find((run) => run.ClientToken === input.ClientToken);
    const asked = { ...fields, ...withDefaults(input) };
    if (same !== undefined) {
      const equal = Object.entries(asked).every(
        ([name, value]) => JSON.stringify(value) === JSON.stringify(same[name as keyof T])
      );
      if (!equal) throw new AwsError('ConflictException', 'The client token was used with other parameters.');
      return same;
    }
    const now = epochSeconds();
    const run = {
      ...asked,
      RunId: `${prefix}-${randomBytes(20).toString('hex')}`,
      Sequence: ++this.#sequence,
      Status: 'STARTING',
      StartedOn: now,
      LastModifiedOn: now,
    } as unknown as T;
    await this.options.runs.put(run.RunId, run);
    this.#hidden.add(run.RunId, fault);
    const active: Active = { controller: new AbortController(), ended: false, done: Promise.resolve() };
    this.#active.set(run.RunId, active);
    active.done = this.#execute(run, active, fault);
    return run;
  }

  /** @throws AwsError `EntityNotFoundException`, `InvalidInputException` for a run that has ended. */
  async cancel(runId: string): Promise<void> {
    const run = this.get(runId);
    const active = this.#active.get(runId);
    if (active === undefined || active.ended) {
      throw new AwsError('InvalidInputException', `The run ${runId} is ${run.Status} and cannot be cancelled.`);
    }
    this.#abort(active, 'stopped');
    await this.#save(run, { Status: 'STOPPING' } as Partial<T>);
  }

  /** Ends all runs, as a crash would, and waits until they have. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const active of this.#active.values()) this.#abort(active, 'shutdown');
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  #abort(active: Active, reason: NonNullable<Active['reason']>): void {
    active.reason ??= reason;
    active.controller.abort(new Error('The run was ended'));
  }

  async #save(run: T, change: Partial<T>): Promise<T> {
    const next = { ...run, ...change, LastModifiedOn: epochSeconds() };
    await this.options.runs.put(run.RunId, next);
    return next;
  }

  async #execute(run: T, active: Active, fault?: JobFault): Promise<void> {
    const folder = join(this.options.workFolder, run.RunId);
    const timer = setTimeout(() => this.#abort(active, 'timeout'), run.Timeout * this.options.minuteMs);
    const { signal } = active.controller;
    let end: Partial<TaskRun>;
    try {
      await Promise.resolve();
      if (!signal.aborted) run = await this.#save(run, { Status: 'RUNNING' } as Partial<T>);
      signal.throwIfAborted();
      await pause(fault?.slowMs, signal, fault?.sleep);
      if (fault?.end === undefined) {
        await mkdir(folder, { recursive: true });
        const added = await this.options.execute(run, { signal, folder });
        signal.throwIfAborted();
        end = { ...added, Status: 'SUCCEEDED' };
      } else {
        end = { Status: fault.end.state as TaskStatusType, ErrorString: fault.end.message };
      }
    } catch (error) {
      end = endOf(run, active.reason, error);
    } finally {
      clearTimeout(timer);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
    active.ended = true;
    const CompletedOn = epochSeconds();
    const times = { CompletedOn, ExecutionTime: Math.max(0, Math.round(CompletedOn - run.StartedOn)) };
    // A state that cannot be saved (the database is closing) is found and ended at the next start.
    await this.#save(run, { ...end, ...times } as Partial<T>).catch(() => undefined);
    this.#active.delete(run.RunId);
  }
}

type TaskInput = Pick<TaskRun, 'DataSource' | 'Role' | 'ClientToken'> & {
  readonly NumberOfWorkers?: number | undefined;
  readonly Timeout?: number | undefined;
};

/** Defaults as the Glue console and API have them: 5 workers, 2,880 minutes. */
function withDefaults(input: TaskInput) {
  return {
    DataSource: input.DataSource,
    Role: input.Role,
    NumberOfWorkers: input.NumberOfWorkers ?? 5,
    Timeout: input.Timeout ?? 2880,
    ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
  };
}

function endOf(run: TaskRun, reason: Active['reason'], error: unknown): Partial<TaskRun> {
  switch (reason) {
    case 'stopped':
      return { Status: 'STOPPED' };
    case 'timeout':
      return { Status: 'TIMEOUT', ErrorString: `The run exceeded its timeout of ${run.Timeout} minutes` };
    case 'shutdown':
      return { Status: 'FAILED', ErrorString: interruptedMessage };
    case undefined:
      return { Status: 'FAILED', ErrorString: describeFailure(error) };
  }
}
