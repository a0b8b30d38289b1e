import type { ResultDocument } from '../../quality/results/result-document.js';
import { count, table } from '../output/table.js';

/** A result for people: its rules, failing rows and sample keys as tables, and a line of sums. */
export function drawResult(result: ResultDocument): string {
  const rows = result.resultrun.map(({ Name, Result, FailedRows, Description, EvaluationMessage }) => [
    Name,
    Result,
    FailedRows === undefined ? '' : count(FailedRows),
    Description,
    EvaluationMessage,
  ]);
  const keys = result.resultrun.flatMap(({ Name, SampleKeys = [] }) =>
    SampleKeys.map((key) => [
      Name,
      Object.entries(key)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ])
  );
  const { numRulesSucceeded, numRulesFailed, score, totalRows, passedRows } = result;
  const failed = (word: string): number => result.resultrun.filter(({ Result }) => Result === word).length;
  const figures = [
    `${numRulesSucceeded} of ${result.resultrun.length} rules passed`,
    ...(Number(numRulesFailed) > 0 ? [`${failed('FAIL')} failed, ${failed('ERROR')} with an error`] : []),
    `score ${score}`,
    ...(totalRows === undefined || passedRows === undefined
      ? []
      : [`${count(Number(passedRows))} of ${count(Number(totalRows))} rows pass every rule on rows`]),
  ];
  return [
    table(['rule', 'result', 'failing rows', 'text', 'message'], rows),
    ...(keys.length > 0 ? ['', 'Failing rows, by key', table(['rule', 'key'], keys)] : []),
    '',
    `${result.ruleset_name} on ${result.databaseName}.${result.tableName}: ${figures.join(' · ')}`,
  ].join('\n');
}
