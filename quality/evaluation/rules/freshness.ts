import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Workbench } from '../check.js';
import { columnOf } from '../check.js';
import { comparison, settled } from '../comparison-sql.js';
import { complianceCheck } from '../compliance.js';
import { RuleError } from '../errors.js';
import { double, literal } from '../identifiers.js';
import { timestampSql } from '../moment-sql.js';
import { minutes } from './column-dates.js';

/** DataFreshness: the share of rows whose age in hours, rounded to two decimals, satisfies the condition. */
async function dataFreshness(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const column = columnOf(bench, name, `Column ${name} does not exist in the dataset`);
  if (rule.condition?.kind !== 'duration')
    throw new RuleError('DataFreshness needs a condition on an age, such as <= 24 hours');
  const now = `TIMESTAMP ${literal(bench.now.toISOString().slice(0, 19).replace('T', ' '))}`;
  const seconds = `floor(epoch(${now}) - floor(epoch(${timestampSql(column)})))`;
  const hours = rule.condition.operands.map((duration) => Math.round((minutes(duration) / 60) * 10_000) / 10_000);
  const predicate = comparison(`round(${seconds} / 3600, 2)`, rule.condition.operator, hours.map(double));
  return complianceCheck(bench, rule, {
    metric: `Column.${name}.DataFreshness.Compliance`,
    predicate: settled(predicate),
    analyzer: `DataFreshness(${name})`,
    message: (share) => `${(share * 100).toFixed(2)}% of rows passed`,
    emptyMessage: 'No rows matched the filter',
  });
}

/** DataFreshness. */
export const freshnessRules: Record<string, Compile> = { DataFreshness: dataFreshness };
