import type { RuleType } from '../rule-types.js';
import type { Condition, NumericCondition, SimpleRule, Tag } from './ast.js';
import { atCondition, parseCondition } from './parse-condition.js';
import { isTimeZone } from './time-zone.js';
import type { TokenReader } from './token-reader.js';

/** Reads `with name = value` as often as it stands there, and gives the rule its threshold, tags and time zone. */
export function parseTags(reader: TokenReader, type: RuleType, rule: SimpleRule): void {
  const tags = new Map<string, Tag>();
  while (reader.at('with')) parseTag(reader, type, rule, tags);
  rule.tags = [...tags.values()];
  applyTimeZone(reader, rule);
}

function parseTag(reader: TokenReader, type: RuleType, rule: SimpleRule, tags: Map<string, Tag>): void {
  reader.take();
  const { text: name, line, column } = reader.expect('identifier', '"threshold" or the name of a tag');
  const at = { line, column };
  if (!atCondition(reader)) reader.unexpected(`a condition on the tag ${name}`);
  const { result: condition, text } = reader.textOf(() =>
    parseCondition(reader, { variables: new Map(), kinds: ['string', 'number'], preferText: true, taker: name })
  );
  if (condition.kind === 'number' && name.toLowerCase() === 'threshold') {
    if (!type.threshold) reader.fail(at, `expected no threshold: ${type.name} takes none`);
    if (rule.threshold !== undefined) reader.fail(at, 'expected one threshold, found a second');
    rule.threshold = condition;
    return;
  }
  if (condition.operator !== '=') reader.fail(at, `expected "${name} =": a tag is set by "="`);
  tags.set(name, tagOf(name, condition as TagCondition, text.slice(1)));
}

type TagCondition = NumericCondition | Extract<Condition, { kind: 'string' }>;

function tagOf(name: string, condition: TagCondition, text: string): Tag {
  if (condition.kind === 'number') return { name, value: text, text };
  const [operand] = condition.operands;
  if (operand?.kind === 'keyword') return { name, value: operand.keyword, text: operand.keyword };
  return { name, value: operand?.value ?? '', text };
}

function applyTimeZone(reader: TokenReader, rule: SimpleRule): void {
  const tag = rule.tags.find(({ name }) => name === 'timeZone');
  if (tag === undefined || rule.condition?.kind !== 'date') return;
  for (const operand of rule.condition.operands) {
    if (operand.kind !== 'time') continue;
    if (!isTimeZone(tag.value))
      reader.fail(rule.at, 'expected as timeZone a zone such as "Europe/Berlin", "UTC" or "+02:00"');
    operand.timeZone = tag.value;
  }
}
