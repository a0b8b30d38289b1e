import type { SimpleRule, StringCondition } from '../../syntax/ast.js';
import type { Check, Workbench } from '../check.js';
import { wrongType } from '../check.js';
import { complianceCheck } from '../compliance.js';
import type { Column } from '../dataset.js';
import { literal } from '../identifiers.js';

/** ColumnValues with a condition on text: values and keywords, or a pattern. */
export async function columnTexts(
  bench: Workbench,
  rule: SimpleRule,
  column: Column,
  condition: StringCondition
): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const ignoreCase = rule.tags.some((tag) => tag.name === 'ignoreCase' && tag.value.toLowerCase() === 'true');
  if (condition.operator === 'matches' || condition.operator === 'not matches') {
    if (column.kind !== 'string') return { judge: () => wrongType(name, 'StringType', column) };
    const [operand] = condition.operands;
    const pattern = operand!.kind === 'text' ? operand!.value : operand!.keyword;
    return complianceCheck(bench, rule, {
      metric: `Column.${name}.PatternMatch`,
      predicate: matches(textOf(column), pattern, condition.operator === 'not matches', ignoreCase),
      analyzer: `PatternMatch(${name})`,
    });
  }
  return complianceCheck(bench, rule, {
    metric: `Column.${name}.ColumnValues.Compliance`,
    predicate: membership(column, condition, ignoreCase),
    analyzer: `Compliance(${name})`,
    nullIsNothing: true,
  });
}

function textOf({ type, sql }: Column): string {
  return type === 'VARCHAR' ? sql : `CAST(${sql} AS VARCHAR)`;
}

/**
 * The official engine adds `^` and `$` to the pattern without grouping it, and counts a row when what it finds is not
 * empty. It negates by a lookahead, which RE2 lacks: its meaning is spelled out here.
 */
function matches(text: string, pattern: string, negated: boolean, ignoreCase: boolean): string {
  const flags = ignoreCase ? '(?i)' : '';
  if (!negated) return `(regexp_extract(${text}, ${literal(`${flags}^${pattern}$`)}, 0) != '')`;
  const starts = literal(`${flags}^(?:\\b${pattern}\\b)`);
  return `(NOT regexp_matches(${text}, ${starts}) AND regexp_extract(${text}, '^.*$', 0) != '')`;
}

function membership(column: Column, condition: StringCondition, ignoreCase: boolean): string {
  const { sql } = column;
  const text = textOf(column);
  const keywords = new Set(condition.operands.map((operand) => (operand.kind === 'keyword' ? operand.keyword : '')));
  const values = condition.operands.flatMap((operand) => (operand.kind === 'text' ? [operand.value] : []));
  const compared = ignoreCase ? `lower(${text})` : text;
  const list = values.map((value) => literal(ignoreCase ? value.toLowerCase() : value)).join(', ');
  if (condition.operator === '!=' || condition.operator === 'not in') {
    const parts = [
      ...(keywords.has('NULL') ? [`${sql} IS NOT NULL`] : []),
      ...(keywords.has('EMPTY') ? [`${text} != ''`] : []),
      ...(keywords.has('WHITESPACES_ONLY') ? [`(length(trim(${text}, ' ')) > 0 OR length(${text}) = 0)`] : []),
      ...(values.length > 0 ? [`(${sql} IS NULL OR ${compared} NOT IN (${list}))`] : []),
    ];
    return `(${parts.join(' AND ')})`;
  }
  const parts = [
    ...(keywords.has('NULL') ? [`${sql} IS NULL`] : []),
    ...(keywords.has('EMPTY') ? [`${text} = ''`] : []),
    ...(keywords.has('WHITESPACES_ONLY') ? [`(length(trim(${text}, ' ')) = 0 AND length(${text}) > 0)`] : []),
    ...(values.length > 0 ? [`(${sql} IS NOT NULL AND ${compared} IN (${list}))`] : []),
  ];
  return `(${parts.join(' OR ')})`;
}
