import type { Analyzer, CompositeRule, DataSources, Label, Parameter, Rule, Ruleset, SimpleRule } from './ast.js';
import { formatCondition, quoted } from './format-condition.js';
import type { Quoting } from './format-condition.js';
import { HashOrder } from './hash-order.js';
import { isBlank } from './strings.js';

/**
 * The canonical text of the official parser (`DQRuleset.toString` of awslabs/dqdl). That text leaves out variables, default
 * labels and labels of composites, prints labels behind `with`, and drops escapes in lists: see {@link formatSource}.
 */
export function format(ruleset: Ruleset): string {
  const { rules, analyzers } = ruleset;
  const sections = [
    ...head(ruleset),
    ...section(
      'Rules',
      rules.map((rule) => formatRule(rule, ruleset.defaultLabels))
    ),
    ...section('Analyzers', analyzers.map(formatAnalyzer)),
  ];
  return sections.join('\n\n');
}

/** A text in the canonical layout that keeps everything: `parse` reads the same ruleset from it, positions aside. */
export function formatSource(ruleset: Ruleset): string {
  const { variables, defaultLabels, rules, analyzers } = ruleset;
  const declarations = variables.map(({ name, value }) => {
    const text = (one: { raw: string; keyword?: string }) => one.keyword ?? quoted(one.raw, 'source');
    return `${name} = ${Array.isArray(value) ? `[${value.map(text).join(', ')}]` : text(value)}`;
  });
  const sections = [
    ...head(ruleset),
    ...(declarations.length === 0 ? [] : [declarations.join('\n')]),
    ...(defaultLabels.length === 0 ? [] : [`DefaultLabels=${labelList(defaultLabels, 'source')}`]),
    ...section('Rules', rules.map(sourceOfRule)),
    ...section(
      'Analyzers',
      analyzers.map((analyzer) => nameAndParameters(analyzer, 'source').join(' '))
    ),
  ];
  return sections.join('\n\n');
}

/**
 * Canonical text of one rule, as the Data Quality API reports it.
 * @param defaultLabels - those of the ruleset: a rule in parentheses that has labels behind them is printed with these, too.
 */
export function formatRule(rule: Rule, defaultLabels: Label[] = []): string {
  if (rule.kind === 'rule') return formatSimpleRule(rule, defaultLabels);
  return joinOperands(rule, (operand) => formatRule(operand, defaultLabels));
}

/** Canonical text of one analyzer. */
export function formatAnalyzer(analyzer: Analyzer): string {
  return nameAndParameters(analyzer, 'canonical').join(' ');
}

function nameAndParameters({ type, parameters }: SimpleRule | Analyzer, quoting: Quoting): string[] {
  return [type, ...parameters.map((parameter) => formatParameter(parameter, quoting))];
}

function head({ metadata, dataSources }: Ruleset): string[] {
  return [
    ...(metadata === undefined ? [] : [`Metadata = {\n    "Version": "${metadata.version}"\n}`]),
    ...(dataSources === undefined ? [] : formatDataSources(dataSources)),
  ];
}

function formatDataSources({ primary, additional }: DataSources): string[] {
  const names = additional.map((name) => `"${name}"`).join(', ');
  const lines = [
    ...(primary === undefined || isBlank(primary) ? [] : [`    "Primary": "${primary}"`]),
    ...(additional.length === 0 ? [] : [`    "AdditionalDataSources": [ ${names} ]`]),
  ];
  return lines.length === 0 ? [] : [`DataSources = {\n${lines.join(',\n')}\n}`];
}

function section(name: string, entries: string[]): string[] {
  return entries.length === 0 ? [] : [`${name} = [\n${entries.map((entry) => `    ${entry}`).join(',\n')}\n]`];
}

function formatParameter({ form, raw, connector }: Parameter, quoting: Quoting): string {
  const text = form === 'quoted' ? quoted(raw, quoting) : form === 'variable' ? `$${raw}` : raw;
  return connector === undefined ? text : `${connector} ${text}`;
}

function formatSimpleRule(rule: SimpleRule, defaultLabels: Label[]): string {
  const tags = new Map(rule.tags.map((tag) => [tag.name, tag.text]));
  return [
    ...upToWhere(rule, 'canonical'),
    ...(rule.threshold === undefined ? [] : [`with threshold ${formatCondition(rule.threshold, 'canonical')}`]),
    ...[...new HashOrder(tags.keys())].map((name) => `with ${name} = ${tags.get(name)}`),
    ...printedLabels(rule, defaultLabels),
  ]
    .join(' ')
    .trim();
}

function sourceOfRule(rule: Rule): string {
  const labels = rule.ownLabels.length === 0 ? [] : [`labels=${labelList(rule.ownLabels, 'source')}`];
  if (rule.kind === 'composite') {
    const text = rule.operands.map((operand) => `(${sourceOfRule(operand)})`).join(` ${rule.operator} `);
    return labels.length === 0 ? text : `(${text}) ${labels.join('')}`;
  }
  const text = [
    ...upToWhere(rule, 'source'),
    ...(rule.labelsOnGroup ? [] : labels),
    ...(rule.threshold === undefined ? [] : [`with threshold ${formatCondition(rule.threshold, 'source')}`]),
    ...rule.tags.map((tag) => `with ${tag.name} = ${tag.text}`),
  ].join(' ');
  return rule.labelsOnGroup ? `(${text}) ${labels.join('')}` : text;
}

function upToWhere(rule: SimpleRule, quoting: Quoting): string[] {
  const { condition, where } = rule;
  return [
    ...nameAndParameters(rule, quoting),
    ...(condition === undefined ? [] : [formatCondition(condition, quoting)]),
    ...(where === undefined || (quoting === 'canonical' && isBlank(where.raw))
      ? []
      : [`where ${quoted(where.raw, quoting)}`]),
  ];
}

/** Labels of a rule in the order in which the official parser's maps, copied from one another, end up. */
function printedLabels({ ownLabels, labelsOnGroup }: SimpleRule, defaultLabels: Label[]): string[] {
  if (ownLabels.length === 0) return [];
  const values = new Map([...(labelsOnGroup ? defaultLabels : []), ...ownLabels].map(({ key, value }) => [key, value]));
  let order = HashOrder.copyOf(new HashOrder(ownLabels.map(({ key }) => key)));
  if (labelsOnGroup) {
    const combined = new HashOrder();
    combined.addAll(HashOrder.copyOf(new HashOrder(defaultLabels.map(({ key }) => key))));
    combined.addAll(order);
    order = HashOrder.copyOf(combined);
  }
  const labels = [...order].map((key) => ({ key, value: values.get(key)! }));
  return [`labels=${labelList(labels, 'canonical')}`];
}

function labelList(labels: Label[], quoting: Quoting): string {
  return `[${labels.map(({ key, value }) => `${quoted(key, quoting)}=${quoted(value, quoting)}`).join(', ')}]`;
}

/**
 * A composite's operands, each in parentheses. Where one operator holds throughout, inner parentheses fall away; otherwise
 * the official tree has two branches at each node, and a chain of more is printed as nested to the left.
 */
function joinOperands({ operator, operands }: CompositeRule, text: (rule: Rule) => string): string {
  const others = operands.findIndex((operand) => leavesOf(operand, operator) === undefined);
  const uniform = others === -1 ? operands : operands.slice(0, others);
  const flat = uniform.flatMap((operand) => leavesOf(operand, operator)!.map((leaf) => `(${text(leaf)})`));
  if (uniform.length === operands.length) return flat.join(` ${operator} `);
  let left = uniform.length > 1 ? flat.join(` ${operator} `) : text(operands[0]!);
  for (const operand of operands.slice(Math.max(1, uniform.length))) {
    left = `(${left}) ${operator} (${text(operand)})`;
  }
  return left;
}

/** The simple rules in a rule that uses no other operator; undefined where one does. */
function leavesOf(rule: Rule, operator: CompositeRule['operator']): Rule[] | undefined {
  if (rule.kind === 'rule') return [rule];
  if (rule.operator !== operator) return undefined;
  const leaves = rule.operands.map((operand) => leavesOf(operand, operator));
  return leaves.every((some) => some !== undefined) ? leaves.flat() : undefined;
}
