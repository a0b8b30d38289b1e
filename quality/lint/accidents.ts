import { nearName, suggestion } from '../near-name.js';
import { ruleTypeOf } from '../rule-types.js';
import type { Analyzer, Condition, NumericOperand, Parameter, Position, Ruleset, SimpleRule } from '../syntax/ast.js';
import { formatRule } from '../syntax/format.js';
import { isBlank } from '../syntax/strings.js';
import { numericParts, simpleRules } from '../syntax/walk.js';
import type { Finding } from './finding.js';
import { warning } from './finding.js';

/** Longest ruleset the Data Quality API takes, in characters. */
export const longestRuleset = 65_536;

const functions = ['last', 'avg', 'median', 'max', 'min', 'sum', 'std', 'abs', 'index'];
const ratios = [
  'Completeness',
  'Uniqueness',
  'UniqueValueRatio',
  'ReferentialIntegrity',
  'DatasetMatch',
  'SchemaMatch',
];
const metrics = [
  'RowCount',
  'Completeness',
  'Uniqueness',
  'Mean',
  'Sum',
  'StandardDeviation',
  'Entropy',
  'DistinctValuesCount',
  'UniqueValueRatio',
  'ColumnLength',
  'ColumnValues',
  'ColumnCorrelation',
  'CustomSQL',
  'ColumnCount',
];

/** What the official parser accepts and hardly anybody can have meant. */
export function accidents(ruleset: Ruleset, text: string): Finding[] {
  const rules = ruleset.rules.flatMap(simpleRules);
  const declared = new Set(ruleset.variables.filter(({ value }) => !Array.isArray(value)).map(({ name }) => name));
  const sources = ruleset.dataSources && new Set(ruleset.dataSources.additional);
  return [
    ...ofDocument(ruleset, text),
    ...repeatedRules(ruleset),
    ...ofVariables(ruleset, rules),
    ...[...rules, ...ruleset.analyzers].flatMap((check) => ofParameters(check, declared, sources)),
    ...rules.flatMap(ofRule),
  ];
}

function ofDocument({ ignoredFrom }: Ruleset, text: string): Finding[] {
  const first = { line: 1, column: 1 };
  return [
    ...(text.length <= longestRuleset
      ? []
      : [warning(first, `AWS Glue takes rulesets of up to ${longestRuleset} characters, this one has ${text.length}`)]),
    ...(ignoredFrom === undefined
      ? []
      : [warning(ignoredFrom, 'everything from here on is ignored: the ruleset ended before')]),
  ];
}

function repeatedRules({ rules, defaultLabels }: Ruleset): Finding[] {
  const lines = new Map<string, number>();
  return rules.flatMap((rule) => {
    const text = formatRule(rule, defaultLabels);
    const line = lines.get(text);
    if (line === undefined) lines.set(text, rule.at.line);
    return line === undefined ? [] : [warning(rule.at, `the same rule stands in line ${line} already`)];
  });
}

function ofVariables({ variables, analyzers }: Ruleset, rules: SimpleRule[]): Finding[] {
  const parameters = [...rules, ...analyzers].flatMap((check) => check.parameters);
  const used = new Set([
    ...parameters.filter(({ form }) => form === 'variable').map(({ raw }) => raw),
    ...rules.flatMap(({ condition }) => (condition?.kind === 'string' ? (condition.variable ?? []) : [])),
  ]);
  return variables.flatMap(({ name, value, at }) => {
    const keywords = [value].flat().flatMap(({ keyword }) => keyword ?? []);
    return [
      ...(used.has(name) ? [] : [warning(at, `the variable ${name} is not used`)]),
      ...keywords.map((word) =>
        warning(at, `in a variable, AWS Glue takes ${word} for text: write it in the rule's list`)
      ),
    ];
  });
}

function ofParameters(
  { type, parameters }: SimpleRule | Analyzer,
  declared: ReadonlySet<string>,
  sources: ReadonlySet<string> | undefined
): Finding[] {
  const kinds = ruleTypeOf(type, parameters.length)?.parameters ?? [];
  const findings: Finding[] = [];
  for (const [index, { form, raw, value, at }] of parameters.entries()) {
    if (form === 'variable' && !declared.has(raw)) {
      findings.push(warning(at, `there is no variable $${raw} with one text${suggestion(raw, declared)}`));
    }
    if (kinds[index] === 'alias' && sources?.has(value) === false) {
      findings.push(warning(at, `"${value}" is not among AdditionalDataSources${suggestion(value, sources)}`));
    }
    if (kinds[index] === 'metric' && index === 0) findings.push(...ofMetric(value, at));
  }
  return findings;
}

function ofMetric(name: string, at: Parameter['at']): Finding[] {
  if (metrics.some((metric) => metric.toLowerCase() === name.toLowerCase())) return [];
  return [warning(at, `anomalies are not detected in a metric "${name}"${suggestion(name, metrics)}`)];
}

function ofRule(rule: SimpleRule): Finding[] {
  const { at, type, where, condition, threshold } = rule;
  const blank =
    where !== undefined && isBlank(where.raw) ? [warning(at, `"where" of ${type} is blank and filters nothing`)] : [];
  const conditions = [condition, threshold].filter((one) => one !== undefined);
  return [...blank, ...outOfRatio(rule), ...conditions.flatMap((one) => ofCondition(one, at))];
}

function outOfRatio({ type, condition, at }: SimpleRule): Finding[] {
  if (condition?.kind !== 'number' || !ratios.includes(type)) return [];
  const above = condition.operands.some((operand) => operand.kind === 'literal' && operand.value > 1);
  return above ? [warning(at, `${type} is a ratio from 0 to 1: write 0.95 for 95 percent`)] : [];
}

function ofCondition(condition: Condition, at: Position): Finding[] {
  if (condition.kind === 'date') {
    return condition.operands.flatMap((operand) =>
      operand.kind === 'date' && !isCalendarDate(operand.date)
        ? [warning(at, `"${operand.date}" is not a day of the calendar`)]
        : []
    );
  }
  if (condition.kind !== 'number') return [];
  const [low, high] = condition.operands;
  const empty =
    condition.operator.endsWith('between') &&
    low?.kind === 'literal' &&
    high?.kind === 'literal' &&
    low.value >= high.value;
  return [
    ...(empty ? [warning(at, `no number lies between ${low.text} and ${high.text}, both left out`)] : []),
    ...condition.operands.flatMap(numericParts).flatMap((part) => ofNumber(part, at)),
  ];
}

function ofNumber(operand: NumericOperand, at: Position): Finding[] {
  if (operand.kind === 'call' && !functions.includes(operand.name)) {
    const near = nearName(operand.name, functions);
    const hint = near === undefined ? `; there is ${functions.join(', ')}` : `; did you mean "${near}"?`;
    return [warning(operand.at, `there is no function "${operand.name}"${hint}`)];
  }
  if (operand.kind !== 'arithmetic') return [];
  const operators = operand.rest.map(({ operator }) => operator);
  const firstSum = operators.findIndex((operator) => operator === '+' || operator === '-');
  const productAfterSum =
    firstSum !== -1 && operators.slice(firstSum).some((operator) => operator === '*' || operator === '/');
  return productAfterSum
    ? [warning(at, 'arithmetic goes from left to right, 2 + 1 * 2 is 6: put products and quotients in parentheses')]
    : [];
}

function isCalendarDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
