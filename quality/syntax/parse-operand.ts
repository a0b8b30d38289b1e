import type { Arithmetic, DateOperand, Duration, Keyword, NumericOperand, Position, Size } from './ast.js';
import type { TokenKind } from './lexer.js';
import type { TokenReader } from './token-reader.js';

/** An operand of a condition before the others have told what kind of condition it is. */
export type Operand = Position &
  (
    | { type: 'number'; number: NumericOperand }
    | { type: 'keyword'; keyword: Keyword }
    | { type: 'text'; raw: string }
    | { type: 'variable'; name: string }
    | { type: 'date'; date: DateOperand }
    | { type: 'duration'; duration: Duration }
    | { type: 'size'; size: Size }
  );

const keywords = new Map<TokenKind, Keyword>([
  ['null', 'NULL'],
  ['empty', 'EMPTY'],
  ['whitespaces_only', 'WHITESPACES_ONLY'],
]);
const durationUnits: TokenKind[] = ['days', 'hours', 'minutes'];
const sizeUnits: TokenKind[] = ['B', 'KB', 'MB', 'GB', 'TB'];
const arithmetic: TokenKind[] = ['+', '-', '*', '/'];
const startsOfNumber: TokenKind[] = ['integer', 'decimal', '-', '(', 'identifier', 'null'];

/** The keyword a token stands for. */
export function keywordOf(kind: TokenKind): Keyword | undefined {
  return keywords.get(kind);
}

/** Text of a quoted token, without the quotes. */
export function withoutQuotes(text: string): string {
  return text.slice(1, -1);
}

/** Reads one operand. @param expected - words for what may stand there, in an error's message. */
export function parseOperand(reader: TokenReader, expected: string): Operand {
  const { kind, text, line, column } = reader.peek();
  const at = { line, column };
  const keyword = keywords.get(kind);
  if (keyword !== undefined && !(keyword === 'NULL' && arithmetic.includes(reader.peek(1).kind))) {
    reader.take();
    return { type: 'keyword', keyword, ...at };
  }
  switch (kind) {
    case 'string':
      reader.take();
      return { type: 'text', raw: withoutQuotes(text), ...at };
    case '$':
      reader.take();
      return { type: 'variable', name: reader.expect('identifier', 'the name of a variable').text, ...at };
    case 'date':
    case 'time':
    case 'clock':
    case 'now()':
      return { type: 'date', date: parseDate(reader), ...at };
    case '(':
      if (reader.peek(1).kind === 'now()') return { type: 'date', date: parseDate(reader), ...at };
      break;
    case 'integer':
      if (durationUnits.includes(reader.peek(1).kind)) return { type: 'duration', duration: duration(reader), ...at };
      if (sizeUnits.includes(reader.peek(1).kind)) return { type: 'size', size: size(reader), ...at };
      break;
  }
  if (!startsOfNumber.includes(kind)) reader.unexpected(expected);
  return { type: 'number', number: parseNumber(reader, expected), ...at };
}

/** Reads a number or arithmetic on numbers. */
export function parseNumber(reader: TokenReader, expected = 'a number'): NumericOperand {
  const first = primary(reader, expected);
  const rest: Arithmetic['rest'] = [];
  while (reader.at(...arithmetic)) {
    if (reader.at('/') && reader.peek(1).kind === '/') reader.unexpected('"," or "]"');
    const operator = reader.take().text as Arithmetic['rest'][number]['operator'];
    rest.push({ operator, operand: primary(reader, `a number behind "${operator}"`) });
  }
  return rest.length === 0 ? first : { kind: 'arithmetic', first, rest, parenthesized: false };
}

function primary(reader: TokenReader, expected: string): NumericOperand {
  const { kind, text, line, column } = reader.peek();
  switch (kind) {
    case 'integer':
    case 'decimal':
      reader.take();
      return { kind: 'literal', text, value: Number(text) };
    case '-': {
      reader.take();
      const digits = reader.accept('integer') ?? reader.expect('decimal', 'digits behind "-"');
      return { kind: 'literal', text: `-${digits.text}`, value: -Number(digits.text) };
    }
    case 'null':
      reader.take();
      return { kind: 'null' };
    case '(':
      return reader.nested(() => {
        reader.take();
        const inner = parseNumber(reader);
        reader.expect(')', '")" or one of + - * /');
        return inner.kind === 'arithmetic' ? { ...inner, parenthesized: true } : inner;
      });
    case 'identifier':
      return reader.nested(() => {
        if (reader.peek(1).kind !== '(') reader.unexpected(expected);
        reader.take();
        reader.take();
        const values = reader.accept(')') ? [] : reader.list(')', '"," or ")"', () => parseNumber(reader));
        return { kind: 'call', name: text, arguments: values, at: { line, column } };
      });
    default:
      return reader.unexpected(expected);
  }
}

function parseDate(reader: TokenReader): DateOperand {
  const { kind, text } = reader.take();
  if (kind === 'date') return { kind: 'date', date: withoutQuotes(text) };
  if (kind === 'now()') return { kind: 'now' };
  if (kind === 'time' || kind === 'clock') return timeOfDay(withoutQuotes(text));
  reader.expect('now()');
  const sign = reader.accept('+') ?? reader.expect('-', '"+" or "-"');
  if (!reader.at('integer')) reader.unexpected('a whole number, as in (now() - 3 days)');
  const offset = { sign: sign.text as '+' | '-', duration: duration(reader) };
  reader.expect(')');
  return { kind: 'now', offset };
}

/** The time of the text, not yet checked: an hour or minute out of range is left for whoever knows the place. */
function timeOfDay(text: string): DateOperand {
  const [hour, minute] = text.slice(0, 5).split(':').map(Number.parseFloat) as [number, number];
  const half = /[AP]M$/.exec(text)?.[0];
  const valid = minute < 60 && (half === undefined ? hour < 24 : hour >= 1 && hour <= 12);
  const hourOfDay = half === undefined ? hour : (hour % 12) + (half === 'PM' ? 12 : 0);
  return { kind: 'time', text, hour: valid ? hourOfDay : NaN, minute, timeZone: 'UTC' };
}

function duration(reader: TokenReader): Duration {
  const amount = int32(reader);
  if (!reader.at(...durationUnits)) reader.unexpected('"days", "hours" or "minutes"');
  return { amount, unit: reader.take().text as Duration['unit'] };
}

function size(reader: TokenReader): Size {
  const amount = int32(reader);
  return { amount, unit: reader.take().text as Size['unit'] };
}

function int32(reader: TokenReader): number {
  const token = reader.take();
  const amount = Number(token.text);
  if (amount >= 2 ** 31) reader.fail(token, 'expected a number below 2147483648');
  return amount;
}
