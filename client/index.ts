import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { WorkflowExecutionDescription, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import type { Configuration } from '../model/configuration.js';
import { eltWorkflowOptions } from '../model/elt-run.js';
import type { WarehousePlan } from '../model/plan.js';
import type {
  ArchiveResult,
  ApprovalDecision,
  DecisionInput,
  EltInput,
  EltProgress,
  EltResult,
  PauseInput,
  PauseState,
  RestoreResult,
} from '../workflows/index.js';
import { PayloadKeyError } from '../workers/payload-keys.js';
import { ArchiveControl } from './archive-control.js';
import type { RestoreOptions } from './archive-control.js';
import { BatchControl } from './batch-control.js';
import { GateNotPassedError, RunFailedError, UsageError } from './errors.js';
import { readRejections } from './rejections.js';
import { rootCause } from './root-cause.js';
import { RunControl } from './run-control.js';
import type { Rejection } from './rejections.js';
import { QualityControl } from './quality/quality-control.js';
import { chosenRunKey } from './run-key.js';
import type { RunDetails, RunFilter, RunSummary, RunUpdate, StartedRun } from './run-types.js';
import { TemporalConnection } from './temporal-connection.js';
import { openWarehouse } from './warehouse.js';
import type { QueryResult, WarehouseQuery } from './warehouse-query.js';

export { CommandError, ExitCode, GateNotPassedError, RunFailedError, UsageError } from './errors.js';
export type { RestoreOptions } from './archive-control.js';
export { BatchControl } from './batch-control.js';
export type { BatchOptions, StartedBatch } from './batch-control.js';
export type { Rejection, RejectionReason } from './rejections.js';
export { QualityControl } from './quality/quality-control.js';
export type { GlueEvaluation, GlueRecommendation, StartedQualityRun } from './quality/quality-control.js';
export { bucketStore } from './quality/bucket-store.js';
export { folderStore } from './quality/result-store.js';
export type { KeptResult, ResultFilter, ResultStore } from './quality/result-store.js';
export { Schedules } from './schedules/schedules.js';
export { RunHistory } from './run-history.js';
export type { RunDetails, RunFilter, RunSummary, RunUpdate, StartedRun } from './run-types.js';
export type { QueryResult, ResultValue } from './warehouse-query.js';

/** How a client is connected. */
export interface SluiceClientOptions {
  /** What `loadConfiguration()` of `sluice/model` gives. */
  readonly configuration: Configuration;
  /** Temporal's and AWS's variables. Default: the process's own environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The elt workflow as the client sees it. */
type Elt = (input: EltInput) => Promise<EltResult>;

/** Milliseconds between two looks at a run that is watched. */
const watchIntervalMs = 250;

/** Starts, watches and lists runs, and queries the warehouse they load. */
export class SluiceClient {
  private warehouse: WarehouseQuery | undefined;

  private readonly control: RunControl;

  private readonly archives: ArchiveControl;

  private constructor(
    private readonly configuration: Configuration,
    private readonly env: NodeJS.ProcessEnv,
    private readonly temporal: TemporalConnection
  ) {
    this.control = new RunControl(temporal, configuration);
    this.archives = new ArchiveControl(temporal, configuration);
  }

  /**
   * Connects to the Temporal server that the environment names; the warehouse is connected to when first queried.
   * @throws UsageError naming the address when no server answers.
   */
  static async connect({ configuration, env = process.env }: SluiceClientOptions): Promise<SluiceClient> {
    return new SluiceClient(configuration, env, await TemporalConnection.connect(env));
  }

  /**
   * Starts the elt workflow. A run key that already ran, whatever came of it, is reported and not run again.
   * @param options - `runKey` (default: today's date in UTC), or `fresh` for a key that no run has; `incremental` to
   * export only what has changed since the last load.
   * @throws UsageError when the run key cannot be one.
   */
  async startElt(
    plan: WarehousePlan,
    options: { readonly runKey?: string; readonly fresh?: boolean; readonly incremental?: boolean } = {}
  ): Promise<StartedRun> {
    const runKey = chosenRunKey(options);
    const { deployment, taskQueue } = this.configuration;
    const start = eltWorkflowOptions(plan, deployment, runKey, taskQueue, options);
    try {
      await this.temporal.read(() => this.temporal.client.workflow.start<Elt>('elt', start));
      return { runKey, workflowId: start.workflowId, alreadyRan: false, status: 'RUNNING' };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const { status } = await this.describe(start.workflowId);
      return { runKey, workflowId: start.workflowId, alreadyRan: true, status: status.name };
    }
  }

  /**
   * A run with its stages and, when it has ended, its result or failure.
   * @param run - run key or workflow id.
   * @throws UsageError when there is no such run, or several models have one of this key.
   */
  async describeRun(run: string, signal?: AbortSignal): Promise<RunDetails> {
    const workflowId = await this.findRun(run, signal);
    const info = await this.describe(workflowId, signal);
    const summary = summaryOf(info);
    const progress = await this.progress(workflowId, signal).catch(unlessUnreadable);
    if (summary.status === 'RUNNING') return { ...summary, progress };
    try {
      return { ...summary, progress, result: await this.result(workflowId, signal) };
    } catch (error) {
      if (!(error instanceof RunFailedError)) throw error;
      return { ...summary, progress, failure: error.message };
    }
  }

  /**
   * A run as the server lists it, without its stages.
   * @param run - run key or workflow id.
   * @throws UsageError as {@link describeRun} does.
   */
  async findRunSummary(run: string): Promise<RunSummary> {
    return summaryOf(await this.describe(await this.findRun(run)));
  }

  /**
   * Asks a run to stop its remote jobs and to end CANCELLED when they have; returns at once.
   * @throws UsageError when it has ended otherwise.
   */
  async cancel(run: string): Promise<RunSummary> {
    const found = await this.findRunSummary(run);
    await this.control.cancel(found);
    return found;
  }

  /**
   * Lets a run stand still when its present stage has ended; pausing twice does no harm.
   * @throws UsageError when it is in its last stage or has ended.
   */
  async pause(run: string, input: PauseInput): Promise<PauseState> {
    return this.control.pause(await this.findRunSummary(run), input);
  }

  /**
   * Lets a paused run go on, or goes on with one that has ended before it was done, from the stage that it ended in.
   * @param plan - called for a run that has ended: the plan it must have had.
   * @throws UsageError when the run is neither, or cannot be gone on with.
   */
  async resume(
    run: string,
    input: PauseInput,
    plan: () => WarehousePlan
  ): Promise<StartedRun & { readonly paused?: PauseState }> {
    const found = await this.findRunSummary(run);
    const { runKey, workflowId, status, table } = found;
    if (status === 'RUNNING') {
      return { runKey, workflowId, status, alreadyRan: true, paused: await this.control.unpause(found, input) };
    }
    const others = await this.list(`WorkflowType = 'elt' AND SluiceTable = ${quoted(table)}`, 100);
    const since = found.endedAt ?? found.startedAt;
    const later = others.filter(
      (other) =>
        other.workflowId !== workflowId &&
        (other.status === 'RUNNING' || (other.endedAt !== undefined && other.endedAt > since)) &&
        (other.status === 'RUNNING' || other.stage !== 'prepare')
    );
    return await this.control.resumeEnded(found, plan(), later);
  }

  /**
   * Answers the question that a run asks; the same answer twice does no harm.
   * @throws UsageError when it asks nothing, was answered otherwise, or has ended.
   */
  async decide(run: string, approved: boolean, input: DecisionInput): Promise<ApprovalDecision> {
    return this.control.decide(await this.findRunSummary(run), approved, input);
  }

  /** Stages and steps of a run, asked of its workflow; fails while no worker answers. */
  progress(workflowId: string, signal?: AbortSignal): Promise<EltProgress> {
    return this.temporal.call(() => this.handle(workflowId).query<EltProgress>('progress'), signal);
  }

  /**
   * Looks at a run until it ends; the last update has the final status.
   * @throws RunFailedError when the server does not answer for half a minute; the signal's reason when aborted.
   */
  async *watch(workflowId: string, signal?: AbortSignal): AsyncGenerator<RunUpdate> {
    for (;;) {
      const { status } = await this.describe(workflowId, signal);
      const progress = await this.progress(workflowId, signal).catch(unlessUnreadable);
      yield { status: status.name, progress };
      if (status.name !== 'RUNNING') return;
      await new Promise((resolve) => setTimeout(resolve, watchIntervalMs));
    }
  }

  /**
   * Waits for a run to end and gives its result.
   * @throws RunFailedError with the message of the innermost cause when it failed or was cancelled.
   */
  async result(workflowId: string, signal?: AbortSignal): Promise<EltResult> {
    for (;;) {
      const { status } = await this.describe(workflowId, signal);
      if (status.name !== 'RUNNING') break;
      await new Promise((resolve) => setTimeout(resolve, watchIntervalMs));
    }
    try {
      return await this.temporal.read(() => this.handle(workflowId).result(), signal);
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw runFailure(error);
      throw error;
    }
  }

  /**
   * Moves what raw and lake hold of the plan's table to the archive buckets, and waits for it. Aborting leaves it going.
   * @throws RunFailedError with the message of the innermost cause.
   */
  archive(plan: WarehousePlan, signal?: AbortSignal): Promise<ArchiveResult> {
    return this.archives.archive(plan, signal);
  }

  /**
   * Brings a generation of the plan's table back, and waits for it. Aborting leaves it going.
   * @throws UsageError when it would overwrite something unasked, RunFailedError when it fails.
   */
  restore(plan: WarehousePlan, options: RestoreOptions, signal?: AbortSignal): Promise<RestoreResult> {
    return this.archives.restore(plan, options, signal);
  }

  /** The latest runs that Temporal keeps, the newest first; the warehouse keeps older ones (`RunHistory`). */
  async listRuns({ table, pipeline, failed, limit = 20 }: RunFilter = {}): Promise<RunSummary[]> {
    const conditions = [
      `WorkflowType = 'elt'`,
      ...(table === undefined ? [] : [`SluiceTable = ${quoted(table)}`]),
      ...(pipeline === undefined ? [] : [`WorkflowId STARTS_WITH ${quoted(`elt-${pipeline}-`)}`]),
      ...(failed ? [`ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`] : []),
    ];
    // The id of another model's run may begin alike: `a` and `a-b`.
    return this.list(conditions.join(' AND '), limit, (model) => pipeline === undefined || model === pipeline);
  }

  /**
   * Runs one SQL statement on the warehouse through the Redshift Data API.
   * @throws RunFailedError with the database's message when it fails.
   */
  query(sql: string, signal?: AbortSignal): Promise<QueryResult> {
    this.warehouse ??= openWarehouse(this.configuration.deployment.redshift, this.env);
    return this.warehouse.query(sql, signal);
  }

  /** Why the jobs of a run rejected items, read from their reports in S3; by job name. */
  rejections(result: EltResult): Promise<Record<string, Rejection>> {
    return readRejections(result.rejected, this.env);
  }

  /** Runs of several models at once. */
  get batches(): BatchControl {
    return new BatchControl(this.temporal, this.configuration, this.env);
  }

  /** Data quality in Glue: evaluations and recommendations. */
  get quality(): QualityControl {
    return new QualityControl(this.temporal, this.configuration, this.env);
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    this.warehouse?.close();
    await this.temporal.close();
  }

  private handle(workflowId: string): WorkflowHandle<Elt> {
    return this.temporal.client.workflow.getHandle<Elt>(workflowId);
  }

  private describe(workflowId: string, signal?: AbortSignal): Promise<WorkflowExecutionDescription> {
    return this.temporal.read(() => this.handle(workflowId).describe(), signal);
  }

  private async findRun(run: string, signal?: AbortSignal): Promise<string> {
    try {
      await this.describe(run, signal);
      return run;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    const found = await this.list(`WorkflowType = 'elt' AND SluiceRunKey = ${quoted(run)}`, 10);
    const [first, ...others] = new Set(found.map(({ workflowId }) => workflowId));
    if (first === undefined) throw new UsageError(`There is no run ${run}; \`sluice runs\` lists them.`);
    if (others.length > 0) {
      throw new UsageError(`Several models have a run ${run}: give its workflow id.`, [first, ...others]);
    }
    return first;
  }

  private async list(
    query: string,
    limit: number,
    keeps: (model: unknown) => boolean = () => true
  ): Promise<RunSummary[]> {
    return this.temporal.read(async () => {
      const runs: RunSummary[] = [];
      for await (const info of this.temporal.client.workflow.list({ query, pageSize: Math.min(limit, 100) })) {
        if (keeps(info.memo?.model)) runs.push(summaryOf(info));
        if (runs.length === limit) break;
      }
      return runs;
    });
  }
}

type ListedInfo = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'typedSearchAttributes' | 'status' | 'startTime' | 'closeTime' | 'historyLength'
>;

function summaryOf(info: ListedInfo): RunSummary {
  const attributes = new Map(info.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, String(value)]));
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    runKey: attributes.get('SluiceRunKey') ?? '',
    table: attributes.get('SluiceTable') ?? '',
    status: info.status.name,
    stage: attributes.get('SluiceStage') ?? '',
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString(),
    historyEvents: info.historyLength,
  };
}

function runFailure(error: Error): RunFailedError {
  const root = rootCause(error);
  const refused = root instanceof ApplicationFailure && root.type === 'GateNotPassed';
  return new (refused ? GateNotPassedError : RunFailedError)(root.message, { cause: error });
}

/** A string literal of Temporal's list filter. */
function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** No answer is none; one that cannot be decrypted is for the user to mend. */
function unlessUnreadable(error: unknown): undefined {
  if (error instanceof PayloadKeyError) throw error;
}
