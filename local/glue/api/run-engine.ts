import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobRunState } from '@aws-sdk/client-glue';
import { pause } from '../../gateway/job-fault.js';
import type { JobFault } from '../../gateway/job-fault.js';
import type { ObjectStore } from '../../s3/object-store.js';
import type { DuckDbLimits } from '../duckdb/instances.js';
import { describeFailure, JobFailure } from '../jobs/job-script.js';
import type { JobScript } from '../jobs/job-script.js';
import { epochSeconds } from '../../gateway/check-request.js';
import type { ServiceEvent } from '../data-quality/result-event.js';
import type { Catalog } from './catalog.js';
import { jobStateEvent } from './job-state-event.js';
import { dpuOf } from './job-run.js';
import type { JobRunEntity } from './job-run.js';

/** What the engine needs to run scripts. */
export interface RunEngineOptions {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly connections: Readonly<Record<string, string>>;
  /** Job scripts by the base name of their `ScriptLocation`. */
  readonly scripts: Readonly<Record<string, JobScript>>;
  readonly workFolder: string;
  readonly limits: Partial<DuckDbLimits>;
  /** DQDL of a data quality ruleset. */
  ruleset(name: string): string | undefined;
  /** Length of a minute of `Timeout`, in milliseconds. */
  readonly minuteMs: number;
  /** Keeps a changed run. */
  save(run: JobRunEntity): Promise<void>;
  /** Puts an event on the event bus. */
  publish(event: ServiceEvent): Promise<void>;
}

type StopReason = 'stopped' | 'timeout' | 'shutdown';

interface ActiveRun {
  run: JobRunEntity;
  readonly controller: AbortController;
  readonly fault: JobFault | undefined;
  reason?: StopReason;
  /** True once the terminal state is decided. */
  ended: boolean;
  readonly done: Promise<JobRunEntity>;
}

/** Message of runs that the local Glue's own end has cut short. */
export const interruptedMessage =
  'The local Glue ended while this run was active; nothing was committed after that. Start it again.';

/** Runs job scripts in this process and moves their runs from STARTING to a terminal state. */
export class RunEngine {
  readonly #active = new Map<string, ActiveRun>();
  #closing = false;

  constructor(private readonly options: RunEngineOptions) {}

  /** Starts the script and returns at once; the promise resolves with the run in its terminal state, never rejects. */
  start(run: JobRunEntity, scriptLocation: string, fault?: JobFault): Promise<JobRunEntity> {
    const controller = new AbortController();
    const done = Promise.resolve().then(() => this.#execute(active, scriptLocation));
    const active: ActiveRun = { run, controller, fault, ended: false, done };
    this.#active.set(run.Id, active);
    return done;
  }

  /** True from the start of a run until its terminal state is decided. */
  isActive(runId: string): boolean {
    return this.#active.get(runId)?.ended === false;
  }

  /** Asks a run to stop. Its state is STOPPING until the script has rolled back. False when the run is not active. */
  async stop(runId: string): Promise<boolean> {
    const active = this.#active.get(runId);
    if (active === undefined || active.ended) return false;
    this.#abort(active, 'stopped');
    await this.#change(active, { JobRunState: 'STOPPING' });
    return true;
  }

  /** True once {@link close} was called: no run may start any more. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Ends all runs, as a crash would, and waits until they have rolled back. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const active of this.#active.values()) this.#abort(active, 'shutdown');
    await Promise.all([...this.#active.values()].map((active) => active.done));
  }

  #abort(active: ActiveRun, reason: StopReason): void {
    active.reason ??= reason;
    active.controller.abort(new JobFailure('The run was ended'));
  }

  async #change(active: ActiveRun, change: Partial<JobRunEntity>): Promise<void> {
    active.run = { ...active.run, ...change, LastModifiedOn: epochSeconds() };
    await this.options.save(active.run);
  }

  async #execute(active: ActiveRun, scriptLocation: string): Promise<JobRunEntity> {
    const startedAt = Date.now();
    const folder = join(this.options.workFolder, active.run.Id);
    const timer = setTimeout(() => this.#abort(active, 'timeout'), active.run.Timeout * this.options.minuteMs);
    const { fault, controller } = active;
    let end: { readonly JobRunState: JobRunState; readonly ErrorMessage?: string };
    try {
      if (fault?.waitingMs) await this.#change(active, { JobRunState: 'WAITING' });
      await pause(fault?.waitingMs, controller.signal, fault?.sleep);
      if (active.reason === undefined) await this.#change(active, { JobRunState: 'RUNNING' });
      controller.signal.throwIfAborted();
      await pause(fault?.slowMs, controller.signal, fault?.sleep);
      if (fault?.end === undefined) {
        await mkdir(folder, { recursive: true });
        await this.#runScript(active, scriptLocation, folder);
        end = { JobRunState: 'SUCCEEDED' };
      } else {
        end = { JobRunState: fault.end.state as JobRunState, ErrorMessage: fault.end.message };
      }
    } catch (error) {
      end = this.#endOf(active, error);
    } finally {
      clearTimeout(timer);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
    active.ended = true;
    const ExecutionTime = Math.round((Date.now() - startedAt) / 1000);
    const CompletedOn = epochSeconds();
    // A state that cannot be saved (the database is closing or its disk is full) is found and ended at the next start.
    await this.#change(active, {
      ...end,
      CompletedOn,
      ExecutionTime,
      DPUSeconds: ExecutionTime * dpuOf(active.run),
    }).catch(() => undefined);
    this.#active.delete(active.run.Id);
    void this.options.publish(jobStateEvent(active.run)).catch(() => undefined);
    return active.run;
  }

  async #runScript({ run, controller }: ActiveRun, scriptLocation: string, folder: string): Promise<void> {
    const { store, catalog, connections, limits } = this.options;
    await this.#script(scriptLocation)({
      runId: run.Id,
      arguments: run.Arguments,
      signal: controller.signal,
      folder,
      store,
      catalog,
      connections,
      limits,
      ruleset: (name) => this.options.ruleset(name),
    });
  }

  #endOf(active: ActiveRun, error: unknown): { readonly JobRunState: JobRunState; readonly ErrorMessage?: string } {
    switch (active.reason) {
      case 'stopped':
        return { JobRunState: 'STOPPED' };
      case 'timeout':
        return {
          JobRunState: 'TIMEOUT',
          ErrorMessage: `Job run exceeded its timeout of ${active.run.Timeout} minutes`,
        };
      case 'shutdown':
        return { JobRunState: 'FAILED', ErrorMessage: interruptedMessage };
      case undefined:
        return { JobRunState: 'FAILED', ErrorMessage: describeFailure(error) };
    }
  }

  #script(location: string): JobScript {
    const name = location.slice(location.lastIndexOf('/') + 1);
    const script = Object.hasOwn(this.options.scripts, name) ? this.options.scripts[name] : undefined;
    if (script !== undefined) return script;
    const known = Object.keys(this.options.scripts).join(', ');
    throw new JobFailure(`Unknown script ${location}: the local Glue runs ${known}`);
  }
}
