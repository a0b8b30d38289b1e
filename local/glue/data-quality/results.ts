import type { DataQualityAggregatedMetrics, DataQualityObservation, DataQualityRuleResult } from '@aws-sdk/client-glue';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { EntityStore } from '../../state/entity-store.js';
import { nameString, operation, pageOf, paging } from '../../gateway/check-request.js';
import { dataSource, sameTable } from './data-source.js';
import type { DataSource } from './data-source.js';

/** A result as it is kept and answered. Times are seconds since the epoch. */
export interface ResultEntity {
  readonly ResultId: string;
  readonly ProfileId: string;
  readonly EvaluationRunMode: 'ON_DEMAND';
  /** 0 to 1. */
  readonly Score: number;
  readonly DataSource: DataSource;
  readonly RulesetName: string;
  readonly RulesetEvaluationRunId: string;
  readonly StartedOn: number;
  readonly CompletedOn: number;
  readonly RuleResults: readonly DataQualityRuleResult[];
  readonly AnalyzerResults: readonly object[];
  readonly Observations: readonly DataQualityObservation[];
  readonly AggregatedMetrics: DataQualityAggregatedMetrics;
  readonly Sequence: number;
}

const filter = z.object({
  DataSource: dataSource.optional(),
  JobName: nameString.optional(),
  JobRunId: nameString.optional(),
  StartedAfter: z.number().optional(),
  StartedBefore: z.number().optional(),
  EvaluationRunMode: z.enum(['ON_DEMAND', 'EVALUATION_CONFIG']).optional(),
  DataQualityEvaluationConfig: z.string().optional(),
});

function answer({ Sequence: _sequence, ...result }: ResultEntity): object {
  return result;
}

/** The operations on results. */
export function resultOperations(results: EntityStore<ResultEntity>): Record<string, JsonOperation> {
  return {
    GetDataQualityResult: operation(z.object({ ResultId: nameString }), async ({ ResultId }) => {
      const result = results.get(ResultId);
      if (result === undefined) throw new AwsError('EntityNotFoundException', `The result ${ResultId} was not found.`);
      return answer(result);
    }),
    BatchGetDataQualityResult: operation(
      z.object({ ResultIds: z.array(nameString).min(1).max(10) }),
      async ({ ResultIds }) => {
        const found = ResultIds.flatMap((id) => results.get(id) ?? []);
        const ResultsNotFound = ResultIds.filter((id) => results.get(id) === undefined);
        return { Results: found.map(answer), ...(ResultsNotFound.length === 0 ? {} : { ResultsNotFound }) };
      }
    ),
    ListDataQualityResults: operation(z.object({ Filter: filter.optional(), ...paging(1000) }), async (request) => {
      const wanted = request.Filter ?? {};
      const newestFirst = results
        .list()
        .map(({ value }) => ({ key: String(1e12 - value.Sequence).padStart(13, '0'), value }))
        .sort((left, right) => (left.key < right.key ? -1 : 1))
        .filter(
          ({ value }) =>
            (wanted.DataSource === undefined || sameTable(wanted.DataSource, value.DataSource)) &&
            value.StartedOn > (wanted.StartedAfter ?? -Infinity) &&
            value.StartedOn < (wanted.StartedBefore ?? Infinity) &&
            (wanted.EvaluationRunMode ?? value.EvaluationRunMode) === value.EvaluationRunMode &&
            // Results of jobs and of evaluation configurations are kept nowhere: the local Glue makes none.
            wanted.JobName === undefined &&
            wanted.JobRunId === undefined &&
            wanted.DataQualityEvaluationConfig === undefined
        );
      const { items, NextToken } = pageOf(newestFirst, request);
      const Results = items.map(({ ResultId, EvaluationRunMode, DataSource, StartedOn }) => ({
        ResultId,
        EvaluationRunMode,
        DataSource,
        StartedOn,
      }));
      return { Results, NextToken };
    }),
  };
}
