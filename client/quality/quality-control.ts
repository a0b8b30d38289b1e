import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { Configuration } from '../../model/configuration.js';
import { freshRunKey } from '../../model/elt-run.js';
import { s3Settings } from '../../workers/aws-settings.js';
import type {
  EditInput,
  EvaluateInput,
  EvaluateResult,
  RecommendInput,
  RecommendProgress,
  RecommendResult,
} from '../../workflows/index.js';
import { RunFailedError, UsageError } from '../errors.js';
import { rootCause } from '../root-cause.js';
import type { TemporalConnection } from '../temporal-connection.js';
import { resultOf, startOnce, watchIntervalMs } from '../workflow-run.js';
import { evaluationSetting } from './evaluation-setting.js';

/** An evaluation in Glue: which ruleset over which table, and what its result must reach. */
export type GlueEvaluation = Pick<EvaluateInput, 'request' | 'demand'>;

/** A recommendation by Glue. */
export type GlueRecommendation = Pick<RecommendInput, 'database' | 'table' | 'rulesetName' | 'approvalSeconds'>;

/** A workflow on data quality that was started. */
export interface StartedQualityRun {
  readonly runKey: string;
  readonly workflowId: string;
}

/** Starts the workflows `evaluate`, `reconcile` and `recommend`, and waits for them. */
export class QualityControl {
  constructor(
    private readonly temporal: TemporalConnection,
    private readonly configuration: Configuration,
    private readonly env: NodeJS.ProcessEnv
  ) {}

  /** Evaluates a ruleset in Glue and waits. `type` only names the workflow. @throws RunFailedError when it cannot be. */
  async evaluate(
    type: 'evaluate' | 'reconcile',
    { request, demand }: GlueEvaluation,
    signal?: AbortSignal
  ): Promise<StartedQualityRun & EvaluateResult> {
    const summary = `${type} ${request.database}.${request.table} by ${request.rulesetName}`;
    const started = await this.start<EvaluateInput>(type, summary, {
      ...this.common(),
      request,
      ...(demand && { demand }),
    });
    return { ...started, ...(await this.result<EvaluateResult>(started.workflowId, signal)) };
  }

  /** Has Glue recommend rules. The draft waits for a person's decision. */
  async recommend(recommendation: GlueRecommendation): Promise<StartedQualityRun> {
    const { database, table, rulesetName } = recommendation;
    const summary = `recommend ${rulesetName} for ${database}.${table}`;
    return await this.start<RecommendInput>('recommend', summary, { ...this.common(), ...recommendation });
  }

  /**
   * Waits until a recommendation has a draft that a person may decide on, or has been decided on.
   * @throws RunFailedError when it fails, or no worker answers.
   */
  async draft(workflowId: string, signal?: AbortSignal): Promise<RecommendProgress> {
    const handle = this.temporal.client.workflow.getHandle(workflowId);
    for (;;) {
      const { status } = await this.temporal.read(() => handle.describe(), signal);
      if (status.name !== 'RUNNING' && status.name !== 'COMPLETED') await this.result(workflowId, signal);
      const progress = await this.temporal
        .call(() => handle.query<RecommendProgress>('recommendation'), signal)
        .catch(() => undefined);
      if (progress?.uri !== undefined) return progress;
      await new Promise((resolve) => setTimeout(resolve, watchIntervalMs));
    }
  }

  /**
   * Puts a ruleset in the place of a recommended one that waits for a decision.
   * @throws UsageError when the recommendation does not take it.
   */
  async edit(workflowId: string, text: string, by: string): Promise<void> {
    const Bucket = this.configuration.deployment.buckets.quality;
    const Key = `recommendations/${workflowId}-${freshRunKey()}.dqdl`;
    const s3 = new S3Client(s3Settings(this.env));
    try {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: text }));
      const handle = this.temporal.client.workflow.getHandle(workflowId);
      await handle.executeUpdate<unknown, [EditInput]>('edit', { args: [{ by, uri: `s3://${Bucket}/${Key}` }] });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof ApplicationFailure ? error.cause : error;
      throw cause instanceof Error ? new UsageError(cause.message, undefined, { cause: error }) : error;
    } finally {
      s3.destroy();
    }
  }

  /** Waits for a recommendation to be decided on. */
  async recommended(workflowId: string, signal?: AbortSignal): Promise<RecommendResult> {
    return await this.result<RecommendResult>(workflowId, signal);
  }

  private common() {
    return { runKey: freshRunKey(), ...evaluationSetting(this.configuration.deployment) };
  }

  private async start<Input extends { readonly runKey: string }>(
    type: string,
    staticSummary: string,
    input: Input
  ): Promise<StartedQualityRun> {
    const { runKey } = input;
    const workflowId = `${type}-${runKey}`;
    const { taskQueue } = this.configuration;
    await startOnce(this.temporal, { type, workflowId, taskQueue, staticSummary, input });
    return { runKey, workflowId };
  }

  private async result<Result>(workflowId: string, signal?: AbortSignal): Promise<Result> {
    try {
      return await resultOf<Result>(this.temporal, workflowId, signal);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      throw new RunFailedError(rootCause(error).message, { cause: error });
    }
  }
}
