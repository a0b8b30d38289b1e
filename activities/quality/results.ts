import type { DataQualityResult, GlueClient } from '@aws-sdk/client-glue';
import { BatchGetDataQualityResultCommand } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { log } from '@temporalio/activity';
import type { Deployment } from '../../model/configuration.js';
import { qualityAlert } from '../../quality/results/alert.js';
import { resultDocument, resultKey } from '../../quality/results/result-document.js';
import type { ResultDocument } from '../../quality/results/result-document.js';
import { judge } from '../../quality/results/verdict.js';
import type { GateDemand } from '../../quality/results/verdict.js';
import { StepError, onResource } from '../failures.js';
import type { Notifier } from '../notifier.js';
import { countGate } from '../run-metrics.js';
import type { StepInput } from '../run-scope.js';
import type { EvaluatedRun } from './evaluation.js';
import { catalogueResults, defaultResultsDatabase } from './result-catalog.js';

/** Input of `keepResults`. */
export interface KeepResultsInput extends StepInput {
  readonly runs: readonly EvaluatedRun[];
  /** Its quality bucket keeps the results; its topic is told of those that do not pass. */
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications'> & Partial<Pick<Deployment, 'glue'>>;
  /** What each run's result must reach, by ruleset name; every rule must pass where nothing is said. */
  readonly demands: Readonly<Record<string, GateDemand>>;
}

/** What came of one evaluation, without metrics: small enough for history. */
export interface EvaluationSummary {
  readonly rulesetName: string;
  readonly database: string;
  readonly table: string;
  readonly runId: string;
  readonly resultId: string;
  readonly resultUri: string;
  readonly passed: boolean;
  readonly reasons: readonly string[];
  /** 0 to 1. */
  readonly score: number;
  readonly rulesSucceeded: number;
  readonly rulesFailed: number;
}

/** Activities on results. */
export interface ResultActivities {
  /**
   * Fetches the results of evaluation runs, writes each as a {@link ResultDocument} into the quality bucket (the same
   * object however often it is repeated), judges it, and alerts people once to each that does not pass. A worker's
   * first one sees that the catalog knows the table over the results; the verdict does not depend on that.
   */
  keepResults(input: KeepResultsInput): Promise<EvaluationSummary[]>;
}

function documentOf(run: EvaluatedRun, result: DataQualityResult): ResultDocument {
  const metrics = result.AggregatedMetrics;
  return resultDocument({
    rulesetName: result.RulesetName ?? run.rulesetName,
    database: run.database,
    table: run.table,
    runId: run.runId,
    resultId: result.ResultId ?? '',
    score: result.Score ?? 0,
    startedOn: result.StartedOn ?? new Date(0),
    completedOn: result.CompletedOn ?? result.StartedOn ?? new Date(0),
    totalRows: metrics?.TotalRowsProcessed,
    passedRows: metrics?.TotalRowsPassed,
    engine: 'glue',
    rules: (result.RuleResults ?? []).map((rule, index) => ({
      Name: rule.Name ?? `Rule_${index + 1}`,
      Result: rule.Result ?? 'ERROR',
      Description: rule.Description ?? '',
      EvaluationMessage: rule.EvaluationMessage ?? '',
      EvaluatedMetrics: rule.EvaluatedMetrics ?? {},
      ...(rule.Labels === undefined ? {} : { Labels: rule.Labels }),
    })),
  });
}

/** Makes the activities over clients. */
export function createResultActivities({
  glue,
  s3,
  notifier,
}: {
  readonly glue: GlueClient;
  readonly s3: S3Client;
  readonly notifier: Notifier;
}): ResultActivities {
  const fetch = async (run: EvaluatedRun): Promise<DataQualityResult[]> => {
    const resource = `Results of data quality run ${run.runId}`;
    const found: DataQualityResult[] = [];
    // The API takes ten ids at a time.
    for (let from = 0; from < run.resultIds.length; from += 10) {
      const ids = run.resultIds.slice(from, from + 10);
      const { Results = [], ResultsNotFound = [] } = await onResource(resource, () =>
        glue.send(new BatchGetDataQualityResultCommand({ ResultIds: ids }))
      );
      // A result may be visible a moment after its run has ended: the next attempt finds it.
      if (ResultsNotFound.length > 0) {
        throw new StepError('Transient', resource, `the result ${ResultsNotFound.join(', ')} is not there yet`);
      }
      found.push(...Results);
    }
    if (found.length === 0) {
      throw new StepError('Permanent', resource, 'the run ended without a result', 'See the run in the Glue console.');
    }
    return found;
  };
  const catalogued = new Set<string>();
  const catalogue = async (bucket: string, database: string): Promise<void> => {
    const place = `${bucket} ${database}`;
    if (catalogued.has(place)) return;
    try {
      await catalogueResults(glue, bucket, database);
      catalogued.add(place);
    } catch (error) {
      log.warn('The catalog does not know the table of data quality results', { database, error });
    }
  };
  return {
    async keepResults({ scope, runs, deployment, demands }) {
      const bucket = deployment.buckets.quality;
      const summaries: EvaluationSummary[] = [];
      for (const run of runs) {
        for (const result of await fetch(run)) {
          const document = documentOf(run, result);
          const key = resultKey(document);
          const resultUri = `s3://${bucket}/${key}`;
          await onResource(resultUri, () =>
            s3.send(
              new PutObjectCommand({
                Bucket: bucket,
                Key: key,
                Body: JSON.stringify(document),
                ContentType: 'application/json',
              })
            )
          );
          const demand = demands[run.rulesetName] ?? {};
          const { passed, reasons } = judge(document, demand);
          countGate(scope.pipeline, run.rulesetName, passed);
          if (!passed) {
            const { resultrun: _rules, ...data } = document;
            await notifier.publish(
              {
                group: scope.pipeline,
                kind: 'quality-not-passed',
                dedupId: `quality ${document.resultId}`,
                data: { ...data, resultUri, reasons },
                ...qualityAlert(document, demand),
              },
              { topicArn: deployment.notifications?.topicArn, bucket }
            );
          }
          summaries.push({
            rulesetName: document.ruleset_name,
            database: run.database,
            table: run.table,
            runId: run.runId,
            resultId: document.resultId,
            resultUri,
            passed,
            reasons,
            score: Number(document.score),
            rulesSucceeded: Number(document.numRulesSucceeded),
            rulesFailed: Number(document.numRulesFailed),
          });
        }
      }
      await catalogue(bucket, deployment.glue?.resultsDatabase ?? defaultResultsDatabase);
      return summaries;
    },
  };
}
