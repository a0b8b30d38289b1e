import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { Configuration } from '../model/configuration.js';
import { freshRunKey } from '../model/elt-run.js';
import type { WarehousePlan } from '../model/plan.js';
import type { ArchiveInput, ArchiveResult, RestoreInput, RestoreResult } from '../workflows/index.js';
import { RunFailedError, UsageError } from './errors.js';
import { rootCause } from './root-cause.js';
import type { TemporalConnection } from './temporal-connection.js';
import { resultOf, startOnce } from './workflow-run.js';

/** What is restored, and how. */
export interface RestoreOptions {
  /** The latest generation at or before this time; without it, the latest of all. */
  readonly at?: Date;
  /** Archive what stands in raw and lake first, instead of refusing. */
  readonly overwrite?: boolean;
  /** Load the warehouse from the restored lake. */
  readonly reload?: boolean;
}

/** Starts the workflows `archive` and `restore`, and waits for them. */
export class ArchiveControl {
  constructor(
    private readonly temporal: TemporalConnection,
    private readonly configuration: Configuration
  ) {}

  /** As `SluiceClient.archive`. */
  async archive(plan: WarehousePlan, signal?: AbortSignal): Promise<ArchiveResult> {
    const { name, hash, source, archive: retention } = plan;
    const input = {
      plan: { name, hash, source, ...(retention && { archive: retention }) },
      deployment: this.configuration.deployment,
      runKey: `archive-${freshRunKey()}`,
    };
    return await this.execute<ArchiveInput, ArchiveResult>('archive', input, `archive ${source.table}`, signal);
  }

  /** As `SluiceClient.restore`. */
  async restore(plan: WarehousePlan, options: RestoreOptions, signal?: AbortSignal): Promise<RestoreResult> {
    const { at, overwrite, reload } = options;
    const input = {
      plan,
      deployment: this.configuration.deployment,
      runKey: `restore-${freshRunKey()}`,
      ...(at && { at: at.toISOString() }),
      ...(overwrite && { overwrite }),
      ...(reload && { reload }),
    };
    const summary = `restore ${plan.source.table}${at === undefined ? '' : ` as of ${at.toISOString()}`}`;
    return await this.execute<RestoreInput, RestoreResult>('restore', input, summary, signal);
  }

  private async execute<Input extends { readonly plan: Pick<WarehousePlan, 'name'>; readonly runKey: string }, Result>(
    type: string,
    input: Input,
    staticSummary: string,
    signal?: AbortSignal
  ): Promise<Result> {
    const { plan, runKey } = input;
    const workflowId = `${type}-${plan.name}-${runKey.slice(type.length + 1)}`;
    const { taskQueue } = this.configuration;
    await startOnce(this.temporal, { type, workflowId, taskQueue, staticSummary, input });
    try {
      return await resultOf<Result>(this.temporal, workflowId, signal);
    } catch (error) {
      throw error instanceof WorkflowFailedError ? failureOf(error) : error;
    }
  }
}

function failureOf(error: WorkflowFailedError): Error {
  const root = rootCause(error);
  const [details] = root instanceof ApplicationFailure ? ((root.details ?? []) as { missing?: string }[]) : [];
  const refused = root instanceof ApplicationFailure && root.type === 'RestoreRefused';
  return refused || details?.missing === 'generation'
    ? new UsageError(root.message)
    : new RunFailedError(root.message, { cause: error });
}
