import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Workbench } from '../check.js';
import { columnOf } from '../check.js';
import { castableSql } from '../castable.js';
import { complianceCheck } from '../compliance.js';
import { RuleError } from '../errors.js';

/** ColumnDataType: the share of rows that Spark could cast to the type. */
async function columnDataType(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const column = columnOf(bench, name, `Column ${name} does not exist in the dataset`);
  if (rule.condition?.kind !== 'string')
    throw new RuleError('ColumnDataType needs a condition on a type, such as = "Integer"');
  const { operator, operands } = rule.condition;
  if (operator === 'matches' || operator === 'not matches') throw new RuleError('ColumnDataType supports no pattern');
  const format = rule.tags.find((tag) => tag.name === 'format')?.value;
  const types = operands.map((operand) => (operand.kind === 'text' ? operand.value : operand.keyword));
  if (format === undefined && rule.tags.length > 0 && types.some((type) => type.toUpperCase() === 'DATE')) {
    throw new RuleError('Unsupported rule format: of tags, ColumnDataType = "Date" knows format');
  }
  const castable = types.map((type) => `coalesce(${castableSql(column, type, format)}, false)`).join(' OR ');
  return complianceCheck(bench, rule, {
    metric: `Column.${name}.ColumnDataType.Compliance`,
    predicate: operator === '=' || operator === 'in' ? `(${castable})` : `(NOT (${castable}))`,
    analyzer: `ColumnDataType(${name})`,
    end: '.',
    emptyMessage: 'No rows matched the filter',
  });
}

/** ColumnDataType. */
export const dataTypeRules: Record<string, Compile> = { ColumnDataType: columnDataType };
