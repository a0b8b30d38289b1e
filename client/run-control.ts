import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { Configuration } from '../model/configuration.js';
import { eltWorkflowOptions } from '../model/elt-run.js';
import type { WarehousePlan } from '../model/plan.js';
import { PayloadKeyError } from '../workers/payload-keys.js';
import type {
  ApprovalDecision,
  DecisionInput,
  EltInput,
  EltResult,
  PauseInput,
  PauseState,
  RunCheckpoint,
} from '../workflows/index.js';
import { RunFailedError, UsageError } from './errors.js';
import type { RunSummary, StartedRun } from './run-types.js';
import type { TemporalConnection } from './temporal-connection.js';

/** Statuses of runs that have ended before they were done. */
const resumable = ['FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

/** What people do to a run. Every method takes the run as the server lists it. */
export class RunControl {
  constructor(
    private readonly temporal: TemporalConnection,
    private readonly configuration: Configuration
  ) {}

  /**
   * Asks a run to stop its remote jobs and to end; asking again does no harm.
   * @throws UsageError when it has ended otherwise.
   */
  async cancel(run: RunSummary): Promise<void> {
    if (run.status === 'CANCELLED') return;
    if (run.status !== 'RUNNING') throw new UsageError(`Run ${run.runKey} has ended ${run.status}: nothing to cancel.`);
    await this.temporal.read(() => this.handle(run).cancel()).catch((error: unknown) => throwEnded(run, error));
  }

  /** Lets a run stand still before its next stage. @throws UsageError when it is in its last one, or has ended. */
  async pause(run: RunSummary, input: PauseInput): Promise<PauseState> {
    return await this.update(run, 'pause', input);
  }

  /** Lets a paused run go on. @throws UsageError when it is not paused, or has ended. */
  async unpause(run: RunSummary, input: PauseInput): Promise<PauseState> {
    return await this.update(run, 'resume', input);
  }

  /** Answers what a run asks. @throws UsageError when it asks nothing, or was answered otherwise. */
  async decide(run: RunSummary, approved: boolean, input: DecisionInput): Promise<ApprovalDecision> {
    return await this.update(run, approved ? 'approve' : 'reject', input);
  }

  /**
   * Goes on with a run that has ended before it was done, from the stage that it ended in, under its run key. What
   * remote work is finished is taken over.
   * @throws UsageError when the run is not such a one, the plan or the places of its data have changed since, or another
   * run has replaced its data.
   */
  async resumeEnded(run: RunSummary, plan: WarehousePlan, later: readonly RunSummary[]): Promise<StartedRun> {
    if (!resumable.includes(run.status)) {
      throw new UsageError(`Run ${run.runKey} has ended ${run.status}: there is nothing to resume.`);
    }
    const { input, checkpoint } = await this.checkpoint(run);
    if (plan.name !== input.plan.name) {
      throw new UsageError(
        `Run ${run.runKey} is of model ${input.plan.name}, not of ${plan.name}: give its file by --model.`
      );
    }
    if (plan.hash !== input.plan.hash) {
      throw new UsageError(
        `The model has changed since run ${run.runKey} (its plan ${short(input.plan.hash)}, now ${short(plan.hash)}), ` +
          'so what it has done cannot be used. Put the model back, or start anew by `sluice run elt --fresh`.'
      );
    }
    const { deployment, taskQueue } = this.configuration;
    const { buckets, redshift } = deployment;
    const places = ({ buckets: b, redshift: r }: Pick<EltInput['deployment'], 'buckets' | 'redshift'>): string =>
      JSON.stringify([b.raw, b.lake, r.workgroup, r.cluster, r.database]);
    if (places({ buckets, redshift }) !== places(input.deployment)) {
      throw new UsageError(
        `The configuration names other buckets or another warehouse than run ${run.runKey} had. ` +
          'Put them back, or start anew by `sluice run elt --fresh`.'
      );
    }
    const [overtaking] = later;
    if (overtaking !== undefined) {
      throw new UsageError(
        `Run ${overtaking.runKey} (${overtaking.status}) has replaced the data of run ${run.runKey} since. ` +
          'Start anew by `sluice run elt --fresh`.'
      );
    }
    const options = eltWorkflowOptions(plan, deployment, run.runKey, taskQueue);
    try {
      // The server takes the id again only when its last execution has not completed, and only once.
      await this.temporal.read(() =>
        this.temporal.client.workflow.start<(input: EltInput) => Promise<EltResult>>('elt', {
          ...options,
          workflowId: run.workflowId,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          args: [{ ...input, deployment, resume: checkpoint }],
        })
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new UsageError(`Run ${run.runKey} was resumed by someone else just now.`);
    }
    return { runKey: run.runKey, workflowId: run.workflowId, alreadyRan: false, status: 'RUNNING' };
  }

  private async checkpoint(run: RunSummary): Promise<{ input: EltInput; checkpoint: RunCheckpoint }> {
    try {
      return await this.temporal.call(() =>
        this.handle(run).query<{ input: EltInput; checkpoint: RunCheckpoint }>('checkpoint')
      );
    } catch (error) {
      if (error instanceof PayloadKeyError) throw error;
      const command = `${await this.versionOf(run)}sluice worker`;
      throw new RunFailedError(
        `No worker tells how far run ${run.runKey} came (${error instanceof Error ? error.message : String(error)}): ` +
          `start one by \`${command}\`, then resume.`,
        { cause: error }
      );
    }
  }

  /** Of a run that is pinned to a version of the worker: the variables that make a worker of that version. */
  private async versionOf(run: RunSummary): Promise<string> {
    const described = await this.temporal.call(() => this.handle(run).describe()).catch(() => undefined);
    const version = described?.raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion;
    return version ? `SLUICE_DEPLOYMENT=${version.deploymentName} SLUICE_BUILD_ID=${version.buildId} ` : '';
  }

  private async update<Result, Input>(run: RunSummary, name: string, input: Input): Promise<Result> {
    if (run.status !== 'RUNNING') throw ended(run);
    try {
      return await this.temporal.call(() => this.handle(run).executeUpdate<Result, [Input]>(name, { args: [input] }));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        throw new UsageError(error.cause?.message ?? error.message, undefined, { cause: error });
      }
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new RunFailedError('No worker answers: whether it was taken is shown by `sluice show` when one runs.', {
          cause: error,
        });
      }
      return throwEnded(run, error);
    }
  }

  private handle({ workflowId }: RunSummary): WorkflowHandle {
    return this.temporal.client.workflow.getHandle(workflowId);
  }
}

const short = (hash: string): string => hash.slice(0, 12);

const ended = ({ runKey, status }: RunSummary): UsageError =>
  new UsageError(
    status === 'RUNNING'
      ? `Run ${runKey} has just ended.`
      : `Run ${runKey} has ended ${status}.${resumable.includes(status) ? ' `sluice resume` goes on with it.' : ''}`
  );

function throwEnded(run: RunSummary, error: unknown): never {
  throw error instanceof WorkflowNotFoundError ? ended(run) : error;
}
