import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Workbench } from '../check.js';
import { RuleError } from '../errors.js';
import { aggregateMatchRules } from './aggregate-match.js';
import { detectAnomalies } from './anomalies.js';
import { columnLengthRules } from './column-length.js';
import { columnValuesRules } from './column-values.js';
import { customSqlRules } from './custom-sql.js';
import { dataTypeRules } from './data-type.js';
import { datasetRules } from './datasets.js';
import { freshnessRules } from './freshness.js';
import { groupRules } from './groups.js';
import { statisticsRules } from './statistics.js';
import { tableRules } from './table.js';

const measured: Record<string, Compile> = {
  ...tableRules,
  ...statisticsRules,
  ...groupRules,
  ...columnValuesRules,
  ...columnLengthRules,
  ...dataTypeRules,
  ...freshnessRules,
  ...customSqlRules,
  ...datasetRules,
  ...aggregateMatchRules,
};

/** Makes a rule ready by its type. @throws RuleError when it cannot be evaluated. */
export async function compileRule(bench: Workbench, rule: SimpleRule): Promise<Check> {
  if (rule.type === 'DetectAnomalies') return detectAnomalies(bench, rule, compileRule);
  const compile = Object.hasOwn(measured, rule.type) ? measured[rule.type] : undefined;
  if (compile === undefined) throw new RuleError(`${rule.type} cannot be evaluated on a table`);
  return compile(bench, rule);
}
