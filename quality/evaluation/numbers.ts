import type { FunctionCall, NumericCondition, NumericOperand } from '../syntax/ast.js';
import { RuleError } from './errors.js';

/** Past values of one metric, newest first. */
export type Past = readonly number[];

type Value = number | readonly number[];

/**
 * The number an operand stands for: arithmetic runs from left to right, and functions read the metric's past.
 *
 * @throws RuleError when it is a list, NULL, or calls an unknown function.
 */
export function numberOf(operand: NumericOperand, past: Past): number {
  const value = valueOf(operand, past);
  if (typeof value === 'number') return value;
  if (value.length === 1) return value[0]!;
  throw new RuleError(
    'Rule threshold results in list, and a single value is expected. Use aggregation functions to produce a single value.'
  );
}

function valueOf(operand: NumericOperand, past: Past): Value {
  if (operand.kind === 'literal') return operand.value;
  if (operand.kind === 'null') throw new RuleError('NULL is no number: this rule type compares numbers only');
  if (operand.kind === 'call') return callOf(operand, past);
  return operand.rest.reduce(
    (left, { operator, operand: right }) => apply(operator, left, numberOf(right, past)),
    numberOf(operand.first, past)
  );
}

function apply(operator: '+' | '-' | '*' | '/', left: number, right: number): number {
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  return operator === '*' ? left * right : left / right;
}

const aggregates: Record<string, (values: readonly number[]) => number> = {
  avg: mean,
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  median,
  std: deviation,
};

function callOf({ name, arguments: given }: FunctionCall, past: Past): Value {
  const values = given.map((operand) => valueOf(operand, past));
  if (name === 'last') return last(values, past);
  if (name === 'index') return index(values);
  if (name === 'abs') {
    const [value] = values;
    if (values.length !== 1) throw new RuleError('abs takes one value');
    return typeof value === 'number' ? Math.abs(value) : value!.map(Math.abs);
  }
  const aggregate = Object.hasOwn(aggregates, name) ? aggregates[name] : undefined;
  if (aggregate === undefined)
    throw new RuleError(`Unknown function ${name}: there are last, index, abs, ${Object.keys(aggregates).join(', ')}`);
  const list = values.flat();
  return list.length === 0 ? 0 : aggregate(list);
}

function last([count = 1, ...more]: Value[], past: Past): Value {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || more.length > 0) {
    throw new RuleError('last takes the number of values to look back, a whole number from 1');
  }
  if (past.length === 0) return 0;
  return count === 1 ? past[0]! : past.slice(0, count);
}

function index([list, at, ...more]: Value[]): number {
  if (list === undefined || typeof at !== 'number' || more.length > 0)
    throw new RuleError('index takes a list and a position');
  const value = [list].flat()[at];
  if (value === undefined)
    throw new RuleError(`Index ${at} is out of range: there are ${[list].flat().length} past values`);
  return value;
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

/** Population standard deviation. */
export function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}

/** A numeric condition with its operands worked out. */
export interface Limits {
  operator: NumericCondition['operator'];
  numbers: number[];
}

/** Works out a condition's operands. @throws RuleError as `numberOf` does. */
export function limitsOf(condition: NumericCondition, past: Past): Limits {
  return { operator: condition.operator, numbers: condition.operands.map((operand) => numberOf(operand, past)) };
}

/** Whether a value satisfies the condition; `between` excludes both ends. */
export function holds({ operator, numbers }: Limits, value: number): boolean {
  const [first, second] = numbers as [number, number];
  switch (operator) {
    case '=':
      return value === first;
    case '!=':
      return value !== first;
    case '>':
      return value > first;
    case '>=':
      return value >= first;
    case '<':
      return value < first;
    case '<=':
      return value <= first;
    case 'between':
      return value > first && value < second;
    case 'not between':
      return value <= first || value >= second;
    case 'in':
      return numbers.includes(value);
    case 'not in':
      return !numbers.includes(value);
  }
}

/** Whether any operand of a condition reads the past, which makes its rule a dynamic one. */
export function isDynamic(operand: NumericOperand): boolean {
  if (operand.kind === 'call') return true;
  if (operand.kind !== 'arithmetic') return false;
  return isDynamic(operand.first) || operand.rest.some((step) => isDynamic(step.operand));
}

/** A number as the official engine prints doubles (Java's `Double.toString`): `4.0`, `0.75`, `1.0E7`. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
