import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { batchPageKey, batchPages } from '../model/batch-pages.js';
import type { BatchPages } from '../model/batch-pages.js';
import type { Configuration } from '../model/configuration.js';
import { eltWorkflowOptions } from '../model/elt-run.js';
import type { WarehousePlan } from '../model/plan.js';
import type { BatchInput, BatchProgress } from '../workflows/index.js';
import { s3Settings } from '../workers/aws-settings.js';
import { RunFailedError, UsageError, messageOf } from './errors.js';
import { rootCause } from './root-cause.js';
import { chosenRunKey } from './run-key.js';
import type { TemporalConnection } from './temporal-connection.js';
import { watchIntervalMs } from './workflow-run.js';

/** How a batch is started. */
export interface BatchOptions {
  /** Key of every run of the batch. Default: today's date in UTC. */
  readonly runKey?: string;
  /** A key that no run has. */
  readonly fresh?: boolean;
  readonly incremental?: boolean;
  /** Runs at the same time; default 20. */
  readonly concurrency?: number;
}

/** What {@link BatchControl.start} did. */
export interface StartedBatch {
  readonly runKey: string;
  /** Of the `batch` workflow. */
  readonly workflowId: string;
  /** True when a batch of these models and this key was there already; nothing has been started then. */
  readonly alreadyRan: boolean;
  readonly status: WorkflowExecutionStatusName;
  /** The runs that it consists of. */
  readonly runs: readonly { readonly model: string; readonly workflowId: string }[];
}

/** Starts the runs of several models as one `batch` workflow, and watches it. */
export class BatchControl {
  constructor(
    private readonly temporal: TemporalConnection,
    private readonly configuration: Configuration,
    private readonly env: NodeJS.ProcessEnv
  ) {}

  /**
   * Starts a run of each plan under one key, so many at a time. A batch of the same models and key that is there
   * already, whatever came of it, is reported and not started again.
   * @throws UsageError for a run key that cannot be one, no plan, two of one name, or a quality bucket that takes no
   * object; nothing has been started then.
   */
  async start(plans: readonly WarehousePlan[], options: BatchOptions = {}): Promise<StartedBatch> {
    const { incremental, concurrency } = options;
    const { deployment, taskQueue } = this.configuration;
    const runKey = chosenRunKey(options);
    const names = plans.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new UsageError(`Two of the models have the name ${twice}.`);
    if (names.length === 0) throw new UsageError('A batch needs a model.');

    const hash = createHash('sha256')
      .update([...names].sort().join('\n'))
      .digest('hex');
    const workflowId = `batch-${runKey}-${hash.slice(0, 8)}`;
    const started = plans.map((plan) => eltWorkflowOptions(plan, deployment, runKey, taskQueue, { incremental }));
    const runs = started.map(({ workflowId: id }, index) => ({ model: names[index] ?? '', workflowId: id }));
    const base = { runKey, workflowId, runs };
    const there = await this.statusOf(workflowId);
    if (there !== undefined) return { ...base, alreadyRan: true, status: there };
    const batch = await this.write(batchPages(started), workflowId);
    try {
      await this.temporal.read(() =>
        this.temporal.client.workflow.start<(input: BatchInput) => Promise<BatchProgress>>('batch', {
          workflowId,
          taskQueue,
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `${plans.length} runs of key ${runKey}`,
          args: [{ batch, ...(concurrency !== undefined && { concurrency }) }],
        })
      );
      return { ...base, alreadyRan: false, status: 'RUNNING' };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return { ...base, alreadyRan: true, status: (await this.statusOf(workflowId)) ?? 'RUNNING' };
    }
  }

  /**
   * Looks at a batch until it has ended. Absent progress means that no worker answers.
   * @throws RunFailedError when the server does not answer for half a minute; the signal's reason when aborted.
   */
  async *watch(workflowId: string, signal?: AbortSignal): AsyncGenerator<BatchProgress | undefined> {
    const handle = this.temporal.client.workflow.getHandle(workflowId);
    for (;;) {
      const { status } = await this.temporal.read(() => handle.describe(), signal);
      yield await this.temporal.call(() => handle.query<BatchProgress>('batchProgress'), signal).catch(() => undefined);
      if (status.name !== 'RUNNING') return;
      await new Promise((resolve) => setTimeout(resolve, watchIntervalMs));
    }
  }

  /**
   * What came of a batch that has ended; runs that failed are in it.
   * @throws RunFailedError when the batch itself failed or was cancelled.
   */
  async result(workflowId: string, signal?: AbortSignal): Promise<BatchProgress> {
    const handle = this.temporal.client.workflow.getHandle<(input: BatchInput) => Promise<BatchProgress>>(workflowId);
    try {
      return await this.temporal.read(() => handle.result(), signal);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      throw new RunFailedError(rootCause(error).message, { cause: error });
    }
  }

  private async statusOf(workflowId: string): Promise<WorkflowExecutionStatusName | undefined> {
    try {
      const handle = this.temporal.client.workflow.getHandle(workflowId);
      return (await this.temporal.read(() => handle.describe())).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** Pages stand under a prefix of their own, so that two calls at the same time do not change each other's. */
  private async write(pages: readonly string[], workflowId: string): Promise<BatchPages> {
    const bucket = this.configuration.deployment.buckets.quality;
    const prefix = `_sluice/batch/${workflowId}/${randomUUID()}`;
    const s3 = new S3Client(s3Settings(this.env));
    try {
      for (const [index, Body] of pages.entries()) {
        const Key = batchPageKey(prefix, index + 1);
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: 'application/json' }));
      }
    } catch (error) {
      throw new UsageError(`The quality bucket ${bucket} cannot be written: ${messageOf(error)}`, undefined, {
        cause: error,
      });
    } finally {
      s3.destroy();
    }
    return { bucket, prefix, pages: pages.length };
  }
}
