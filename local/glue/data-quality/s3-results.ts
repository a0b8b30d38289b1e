import type { ObjectStore } from '../../s3/object-store.js';
import { parseS3Uri } from '../jobs/s3-uri.js';
import type { SourceTable } from './data-source.js';
import type { ResultEntity } from './results.js';

/**
 * Writes a result under `ResultsS3Prefix` as Glue does: JSON lines, one per rule, by day, with the columns of the
 * `CREATE TABLE` in Glue's guide (`outcome` is `Passed` or `Failed` there, unlike in the API).
 */
export async function writeResultLines(
  store: ObjectStore,
  prefix: string,
  account: string,
  source: SourceTable,
  result: ResultEntity
): Promise<void> {
  const { bucket, key } = parseS3Uri(prefix.endsWith('/') ? prefix : `${prefix}/`, 'ResultsS3Prefix');
  const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const [year, month, day] = at(result.CompletedOn).slice(0, 10).split('-');
  const lines = result.RuleResults.map((rule) =>
    JSON.stringify({
      catalogId: account,
      databaseName: source.database,
      tableName: source.table,
      dqRunId: result.RulesetEvaluationRunId,
      evaluationStartedOn: at(result.StartedOn),
      evaluationCompletedOn: at(result.CompletedOn),
      rule: rule.Description,
      outcome: rule.Result === 'PASS' ? 'Passed' : 'Failed',
      failureReason: rule.EvaluationMessage,
      evaluatedMetrics: JSON.stringify(rule.EvaluatedMetrics ?? {}),
    })
  );
  const name = `${key}year=${year}/month=${month}/day=${day}/${result.ResultId}.jsonl`;
  await store.putObject(bucket, name, `${lines.join('\n')}\n`, { contentType: 'application/x-ndjson' });
}
