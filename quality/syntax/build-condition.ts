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
import type { Operand } from './parse-operand.js';
import { unescapeAll } from './strings.js';
import type { TokenReader } from './token-reader.js';

/** Declared variables by name. */
export type Variables = ReadonlyMap<string, Variable>;

/** The kinds of condition there are. */
export type Kind = Condition['kind'];
/** The operators of all of them. */
export type Operator = Condition['operator'];

/** A condition as it stands. */
export interface Draft {
  operator: Operator;
  operands: Operand[];
  /** What it can be by its operands, in the order in which the official grammar prefers. */
  kinds: Kind[];
  at: Position;
}

/** The condition of a draft. The operands' types fit the kind, and the operator does, as `kinds` was narrowed by both. */
export function buildCondition(
  reader: TokenReader,
  { operator, operands }: Draft,
  kind: Kind,
  variables: Variables
): Condition {
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
