import { suggestion } from '../near-name.js';
import type {
  Condition,
  DateOperand,
  NumericCondition,
  NumericOperand,
  Position,
  Size,
  StringCondition,
  StringOperand,
  Variable,
} from './ast.js';
import type { TokenKind } from './lexer.js';
import { parseOperand, withoutQuotes } from './parse-operand.js';
import type { Operand } from './parse-operand.js';
import { unescapeAll } from './strings.js';
import type { TokenReader } from './token-reader.js';

/** Declared variables by name. */
export type Variables = ReadonlyMap<string, Variable>;

type Kind = Condition['kind'];
type Operator = Condition['operator'];

/** A condition as it stands. */
interface Draft {
  operator: Operator;
  operands: Operand[];
  /** What it can be by its operands, in the order in which the official grammar prefers. */
  kinds: Kind[];
  at: Position;
}

/** Where a condition stands and what it may be there. */
interface Place {
  variables: Variables;
  kinds: readonly Kind[];
  /** Whether what may be text or a number is text: in tags; elsewhere it is a number. */
  preferText?: boolean;
  /** Words for what takes the condition, for example `Completeness`. */
  taker: string;
}

const words: Record<Kind, string> = {
  number: 'a number',
  string: 'text',
  date: 'a date',
  duration: 'a duration such as 3 days',
  size: 'a size such as 2 MB',
};

const startsOfCondition: TokenKind[] = ['=', '!', '>', '>=', '<', '<=', 'between', 'in', 'not', 'matches'];

/** Whether a condition begins at the next token. */
export function atCondition(reader: TokenReader): boolean {
  return reader.at(...startsOfCondition);
}

/** Words for the kinds of condition. */
export function conditionWords(kinds: readonly Kind[]): string {
  return kinds.map((kind) => words[kind]).join(' or ');
}

/** Reads a condition of one of the kinds that its place allows. */
export function parseCondition(reader: TokenReader, place: Place): Condition {
  const draft = readDraft(reader, place);
  const preferred = place.preferText && draft.kinds.includes('string') ? 'string' : draft.kinds[0]!;
  const kind = preferred === 'number' && place.kinds.includes('size') ? 'size' : preferred;
  if (!place.kinds.includes(kind)) {
    const numeral = draft.operands.some((operand) => operand.type === 'text' && /^-?\d+(\.\d+)?$/.test(operand.raw));
    const hint = numeral ? ': write the number without quotes' : '';
    const expected = `${place.taker} compared with ${conditionWords(place.kinds)}`;
    reader.fail(
      draft.at,
      `expected ${expected}, found ${draft.operands.every(({ type }) => type === 'keyword') ? 'a keyword' : words[kind]}${hint}`
    );
  }
  return build(reader, draft, kind, place.variables);
}

function readDraft(reader: TokenReader, place: Place): Draft {
  const { line, column } = reader.peek();
  const draft: Draft = {
    operator: '=',
    operands: [],
    kinds: ['number', 'string', 'date', 'duration', 'size'],
    at: { line, column },
  };
  const negated = reader.accept('not') !== undefined;
  if (negated && !reader.at('between', 'in', 'matches')) reader.unexpected('"between", "in" or "matches" behind "not"');
  const { kind } = reader.take();
  switch (kind) {
    case '!':
      reader.expect('=', '"=" behind "!"');
      draft.operator = '!=';
      break;
    case 'between':
    case 'in':
    case 'matches':
      draft.operator = negated ? `not ${kind}` : kind;
      break;
    default:
      draft.operator = kind as Operator;
  }
  readOperands(reader, draft, place);
  return draft;
}

function readOperands(reader: TokenReader, draft: Draft, place: Place): void {
  const { operator } = draft;
  if (operator.endsWith('matches')) {
    const { text, line, column } = reader.expect('string', 'a pattern between quotes');
    draft.operands.push({ type: 'text', raw: withoutQuotes(text), line, column });
    draft.kinds = ['string'];
  } else if (operator.endsWith('in')) {
    if (reader.at('$')) {
      draft.operands.push(parseOperand(reader, 'a variable'));
      draft.kinds = ['string'];
      return;
    }
    if (!reader.at('[')) reader.unexpected(`a list in brackets or a variable behind "${operator}"`);
    reader.take();
    reader.list(']', '"," or "]"', () => addOperand(reader, draft, place));
  } else {
    if (!['=', '!='].includes(operator)) draft.kinds = draft.kinds.filter((kind) => kind !== 'string');
    addOperand(reader, draft, place);
    if (!operator.endsWith('between')) return;
    reader.expect('and', `"and" between the bounds of "${operator}"`);
    addOperand(reader, draft, place);
  }
}

function addOperand(reader: TokenReader, draft: Draft, place: Place): void {
  const wanted = draft.operands.length === 0 ? place.kinds : draft.kinds;
  const operand = parseOperand(reader, conditionWords(wanted));
  if (operand.type === 'variable') {
    reader.fail(
      operand,
      `expected a value, found the variable $${operand.name}: it may be a parameter or stand as in $${operand.name}`
    );
  }
  const possible = kindsOf(operand);
  const kinds = draft.kinds.filter((kind) => possible.includes(kind));
  if (kinds.length === 0) {
    const expected =
      draft.operands.length === 0
        ? `${conditionWords(draft.kinds)} behind "${draft.operator}"`
        : `${conditionWords(draft.kinds.slice(0, 1))} like the one before`;
    reader.fail(operand, `expected ${expected}, found ${conditionWords(possible.slice(0, 1))}`);
  }
  draft.kinds = kinds;
  draft.operands.push(operand);
}

function kindsOf(operand: Operand): Kind[] {
  if (operand.type === 'keyword') return operand.keyword === 'NULL' ? ['number', 'string', 'date'] : ['string'];
  return [operand.type === 'text' || operand.type === 'variable' ? 'string' : operand.type];
}

/** The condition of a draft. The operands' types fit the kind, and the operator does, as `kinds` was narrowed by both. */
function build(reader: TokenReader, { operator, operands }: Draft, kind: Kind, variables: Variables): Condition {
  switch (kind) {
    case 'number':
      return { kind, operator: operator as NumericCondition['operator'], operands: operands.map(numberOf) };
    case 'string':
      return stringCondition(reader, operator as StringCondition['operator'], operands, variables);
    case 'date':
      return {
        kind,
        operator: operator as NumericCondition['operator'],
        operands: operands.map((one) => dateOf(reader, one)),
      };
    case 'duration':
      return {
        kind,
        operator: operator as NumericCondition['operator'],
        operands: operands.flatMap((operand) => (operand.type === 'duration' ? [operand.duration] : [])),
      };
    case 'size':
      return {
        kind,
        operator: operator as NumericCondition['operator'],
        operands: operands.map((one) => sizeOf(reader, one)),
      };
  }
}

function numberOf(operand: Operand): NumericOperand {
  return operand.type === 'number' ? operand.number : { kind: 'null' };
}

function dateOf(reader: TokenReader, operand: Operand): DateOperand {
  if (operand.type !== 'date') return { kind: 'null' };
  if (operand.date.kind === 'time' && Number.isNaN(operand.date.hour)) {
    reader.fail(operand, `expected a time of the day, from "00:00" to "23:59" or "1:00 AM" to "12:59 PM"`);
  }
  return operand.date;
}

function sizeOf(reader: TokenReader, operand: Operand): Size {
  if (operand.type === 'size') return operand.size;
  if (operand.type === 'number' && operand.number.kind === 'literal') {
    const { text, value } = operand.number;
    if (/^-?\d+$/.test(text) && value < 2 ** 31 && value >= -(2 ** 31)) return { amount: value, unit: 'B' };
  }
  return reader.fail(
    operand,
    'expected a size: a whole number of bytes below 2147483648, or one with a unit, such as 2 MB'
  );
}

function stringCondition(
  reader: TokenReader,
  operator: StringCondition['operator'],
  operands: Operand[],
  variables: Variables
): StringCondition {
  const [first] = operands;
  if (first?.type !== 'variable') {
    return { kind: 'string', operator, operands: operands.map((operand) => textOf(operand, operator)) };
  }
  const { value } = variableNamed(reader, first.name, variables, first);
  const texts = Array.isArray(value) ? value : [value];
  return {
    kind: 'string',
    operator,
    operands: texts.map(({ raw, keyword }) =>
      keyword === undefined ? { kind: 'text', raw, value: unescapeAll(raw) } : { kind: 'keyword', keyword }
    ),
    variable: first.name,
  };
}

function textOf(operand: Operand, operator: StringCondition['operator']): StringOperand {
  if (operand.type === 'keyword') return { kind: 'keyword', keyword: operand.keyword };
  const raw = operand.type === 'text' ? operand.raw : '';
  return { kind: 'text', raw, value: operator.endsWith('matches') ? raw : unescapeAll(raw) };
}

/** The variable of this name. @throws DqdlSyntaxError where there is none, at the place given. */
export function variableNamed(reader: TokenReader, name: string, variables: Variables, at: Position): Variable {
  return (
    variables.get(name) ??
    reader.fail(at, `expected a declared variable, found $${name}${suggestion(name, variables.keys())}`)
  );
}
