import type { Condition } from './ast.js';
import { buildCondition } from './build-condition.js';
import type { Draft, Kind, Operator, Variables } from './build-condition.js';
import type { TokenKind } from './lexer.js';
import { parseOperand, withoutQuotes } from './parse-operand.js';
import type { Operand } from './parse-operand.js';
import type { TokenReader } from './token-reader.js';

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
  return buildCondition(reader, draft, kind, place.variables);
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
  if (operand.type === 'number' && reader.at(':'))
    reader.fail(operand, 'expected a time between quotes, as in "19:30"');
  draft.kinds = kinds;
  draft.operands.push(operand);
}

function kindsOf(operand: Operand): Kind[] {
  if (operand.type === 'keyword') return operand.keyword === 'NULL' ? ['number', 'string', 'date'] : ['string'];
  return [operand.type === 'text' || operand.type === 'variable' ? 'string' : operand.type];
}
