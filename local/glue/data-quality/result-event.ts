import type { SourceTable } from './data-source.js';
import type { ResultEntity } from './results.js';

/** What a service gives to EventBridge: an event without its envelope. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
}

/**
 * The event of a result. `state` is the verdict on the data, not on the run.
 * @see https://docs.aws.amazon.com/glue/latest/dg/data-quality-alerts.html
 */
export function resultEvent(account: string, { database, table }: SourceTable, result: ResultEntity): ServiceEvent {
  const count = (status: string): number => result.RuleResults.filter(({ Result }) => Result === status).length;
  const failed = count('FAIL') + count('ERROR');
  return {
    source: 'aws.glue-dataquality',
    detailType: 'Data Quality Evaluation Results Available',
    detail: {
      context: {
        contextType: 'GLUE_DATA_CATALOG',
        runId: result.RulesetEvaluationRunId,
        databaseName: database,
        tableName: table,
        catalogId: account,
      },
      resultID: result.ResultId,
      rulesetNames: [result.RulesetName],
      state: failed === 0 ? 'SUCCEEDED' : 'FAILED',
      score: result.Score,
      rulesSucceeded: count('PASS'),
      rulesFailed: failed,
      rulesSkipped: 0,
    },
  };
}
