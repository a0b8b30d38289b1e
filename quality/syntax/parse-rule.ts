import { suggestion } from '../near-name.js';
import { formsOf, ruleTypeNames, ruleTypeOf } from '../rule-types.js';
import type { RuleType } from '../rule-types.js';
import type { Analyzer, CompositeRule, Condition, Label, Parameter, Position, Rule, SimpleRule } from './ast.js';
import { parseLabels } from './labels.js';
import { variableNamed } from './build-condition.js';
import type { Variables } from './build-condition.js';
import { atCondition, conditionWords, parseCondition } from './parse-condition.js';
import { withoutQuotes } from './parse-operand.js';
import { unescapeQuotes } from './strings.js';
import type { TokenKind } from './lexer.js';
import { parseTags } from './parse-tags.js';
import type { TokenReader } from './token-reader.js';

/** What the sections before the rules declared. */
export interface Declarations {
  variables: Variables;
  defaultLabels: Label[];
}

const parameterStarts: TokenKind[] = ['string', 'identifier', '$'];

/** Reads a rule, simple or composite: `or` binds less than `and`. */
export function parseRule(reader: TokenReader, declared: Declarations): Rule {
  return chain(reader, declared, 'or', () => chain(reader, declared, 'and', () => operandOf(reader, declared)));
}

function chain(reader: TokenReader, declared: Declarations, word: 'and' | 'or', next: () => Rule): Rule {
  const first = next();
  const operands = [first];
  while (reader.accept(word)) operands.push(next());
  if (operands.length === 1) return first;
  const operator: CompositeRule['operator'] = word === 'and' ? 'AND' : 'OR';
  return { kind: 'composite', operator, operands, ...labelling(declared.defaultLabels), at: first.at };
}

function operandOf(reader: TokenReader, declared: Declarations): Rule {
  if (!reader.at('(')) return parseSimpleRule(reader, declared);
  const rule = reader.nested(() => {
    const { line, column } = reader.take();
    const inner = parseRule(reader, declared);
    if (!reader.at(')')) reader.unexpected('")", "and" or "or"');
    reader.take();
    return { ...inner, at: { line, column } };
  });
  if (!reader.accept('labels')) return rule;
  const labels = parseLabels(reader, declared.defaultLabels.length);
  return { ...rule, ...labelling(declared.defaultLabels, labels, true) };
}

function labelling(
  defaults: Label[],
  own: Label[] = [],
  onGroup = false
): Pick<Rule, 'labels' | 'ownLabels' | 'labelsOnGroup'> {
  const labels = Object.fromEntries([...defaults, ...own].map(({ key, value }) => [key, value]));
  return { labels, ownLabels: own, labelsOnGroup: onGroup };
}

function parseSimpleRule(reader: TokenReader, declared: Declarations): SimpleRule {
  const { text: name, line, column } = reader.expect('identifier', 'a rule');
  const at = { line, column };
  const parameters = parseParameters(reader, declared.variables, true);
  const type = typeOf(reader, name, parameters, at);
  if (type.usedAs === 'analyzer') reader.fail(at, `expected a rule, found ${name}, which only stands in Analyzers`);
  const rule: SimpleRule = { kind: 'rule', type: name, parameters, tags: [], ...labelling([]), at };
  rule.condition = parseRuleCondition(reader, type, rule, declared.variables);
  if (reader.at('where')) rule.where = parseWhere(reader, type);
  const own = reader.accept('labels') ? parseLabels(reader, declared.defaultLabels.length) : [];
  Object.assign(rule, labelling(declared.defaultLabels, own));
  parseTags(reader, type, rule);
  expectEndOfRule(reader, rule, type);
  return rule;
}

/** Reads an entry of `Analyzers`. Variables in it are not checked, as the official parser does not look at them. */
export function parseAnalyzer(reader: TokenReader, declared: Declarations): Analyzer {
  const { text: name, line, column } = reader.expect('identifier', 'an analyzer');
  const at = { line, column };
  const parameters = parseParameters(reader, declared.variables, false);
  const type = typeOf(reader, name, parameters, at);
  if (type.usedAs === 'rule') reader.fail(at, `expected an analyzer, found ${name}, which only stands in Rules`);
  if (!reader.at(',', ']')) reader.unexpected('"," or "]": an analyzer takes parameters and nothing else');
  return { type: name, parameters, at };
}

function typeOf(reader: TokenReader, name: string, parameters: Parameter[], at: Position): RuleType {
  const type = ruleTypeOf(name, parameters.length);
  if (type !== undefined) return type;
  const forms = formsOf(name);
  if (forms.length === 0)
    reader.fail(at, `expected a rule type, found "${name.slice(0, 100)}"${suggestion(name, ruleTypeNames)}`);
  const expected = forms.map(({ parameters: kinds, repeatsLast }) => `${kinds.length}${repeatsLast ? ' or more' : ''}`);
  const kinds = forms.at(-1)!.parameters.join(', ');
  const noun = expected.join() === '1' ? 'parameter' : 'parameters';
  const words = `${expected.join(' or ')} ${noun}${kinds === '' ? '' : ` (${kinds})`}`;
  return reader.fail(at, `expected ${words} for ${name}, found ${parameters.length}${joinHint(parameters)}`);
}

/** Without parentheses, `and` joins parameters before it joins rules. */
function joinHint(parameters: Parameter[]): string {
  const joined = parameters.some(({ connector, raw }) => connector?.toLowerCase() === 'and' && formsOf(raw).length > 0);
  return joined ? ': to combine rules by "and", put each in parentheses' : '';
}

function parseParameters(reader: TokenReader, variables: Variables, resolve: boolean): Parameter[] {
  const parameters: Parameter[] = [];
  for (;;) {
    const connects = reader.at('of') || (reader.at('and') && parameterStarts.includes(reader.peek(1).kind));
    if (reader.at("'")) reader.unexpected('a name or a text');
    if (!connects && !reader.at(...parameterStarts)) return parameters;
    const connector = connects ? (reader.take().text as Parameter['connector']) : undefined;
    parameters.push({ ...parseParameter(reader, variables, resolve), ...(connector !== undefined && { connector }) });
  }
}

function parseParameter(reader: TokenReader, variables: Variables, resolve: boolean): Parameter {
  if (!reader.at(...parameterStarts)) reader.unexpected('a parameter: a name, a quoted text or a variable');
  const { kind, text, line, column } = reader.take();
  const at = { line, column };
  if (kind === 'identifier') return { value: text, raw: text, form: 'identifier', at };
  if (kind === 'string') {
    const raw = withoutQuotes(text);
    return { value: unescapeQuotes(raw), raw, form: 'quoted', at };
  }
  const name = reader.expect('identifier', 'the name of a variable').text;
  const value = resolve ? variableNamed(reader, name, variables, at).value : variables.get(name)?.value;
  if (resolve && Array.isArray(value)) {
    reader.fail(at, `expected a variable with one text, found $${name}, which is a list`);
  }
  return { value: value === undefined || Array.isArray(value) ? name : value.value, raw: name, form: 'variable', at };
}

function parseRuleCondition(
  reader: TokenReader,
  type: RuleType,
  { parameters }: SimpleRule,
  variables: Variables
): Condition | undefined {
  const kinds = type.conditions.filter((kind) => kind !== 'none');
  if (!atCondition(reader)) {
    if (type.conditions.includes('none')) return undefined;
    return reader.unexpected(`a condition: ${type.name} is compared with ${conditionWords(kinds)}`);
  }
  const { line, column } = reader.peek();
  if (kinds.length === 0)
    reader.fail({ line, column }, `expected no condition, as ${type.name} takes none${joinHint(parameters)}`);
  return parseCondition(reader, { variables, kinds, taker: type.name });
}

function parseWhere(reader: TokenReader, type: RuleType): SimpleRule['where'] {
  const where = reader.take();
  if (!type.where) reader.fail(where, `expected no "where": ${type.name} takes none`);
  const token = reader.expect('string', 'an SQL predicate between quotes');
  const raw = withoutQuotes(token.text);
  if (raw === '') reader.fail(token, 'expected an SQL predicate between the quotes, found none');
  return { raw, value: unescapeQuotes(raw) };
}

/** What may follow a rule is told by what the rule has; words that stand in a wrong place get a hint. */
function expectEndOfRule(reader: TokenReader, rule: SimpleRule, type: RuleType): void {
  if (reader.at(',', ']', ')', 'and', 'or')) return;
  if (reader.at('labels', 'where', 'with')) {
    reader.unexpected('"," or "]": the order is condition, where, labels, with');
  }
  if (atCondition(reader) || (rule.condition !== undefined && reader.at('+', '-', '*', '/'))) {
    reader.unexpected('"," or "]" behind the condition');
  }
  const also = [
    ...(type.where && rule.where === undefined ? ['"where"'] : []),
    ...(rule.tags.length === 0 && rule.threshold === undefined ? ['"labels"'] : []),
    '"with"',
  ];
  reader.unexpected(`",", "]", "and", "or", ${also.join(', ')}`);
}
