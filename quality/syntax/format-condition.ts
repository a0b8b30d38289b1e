import type { Condition, DateOperand, Duration, NumericOperand, Size, StringCondition, StringOperand } from './ast.js';
import { unescapeAll } from './strings.js';

/** How quoted text is printed: as the official parser does, or so that it reads back as the same. */
export type Quoting = 'canonical' | 'source';

/** Text of a condition, for example `between 1 and 2`. */
export function formatCondition(condition: Condition, quoting: Quoting): string {
  switch (condition.kind) {
    case 'number':
      return withOperator(condition.operator, condition.operands.map(formatNumber));
    case 'string':
      return formatStringCondition(condition, quoting);
    case 'date':
      return withOperator(condition.operator, condition.operands.map(formatDate));
    case 'duration':
      return withOperator(condition.operator, condition.operands.map(formatDuration));
    case 'size':
      return withOperator(condition.operator, sizes(condition.operands, quoting));
  }
}

/** A quoted text. A backslash before the closing quote would hide that quote, so `source` doubles it. */
export function quoted(raw: string, quoting: Quoting): string {
  let backslashes = 0;
  while (raw[raw.length - 1 - backslashes] === '\\') backslashes++;
  return `"${raw}${quoting === 'source' && backslashes % 2 === 1 ? '\\' : ''}"`;
}

function withOperator(operator: Condition['operator'], operands: string[]): string {
  if (operator === 'in' || operator === 'not in') return `${operator} [${operands.join(',')}]`;
  return `${operator} ${operands.join(' and ')}`;
}

function formatStringCondition({ operator, operands, variable }: StringCondition, quoting: Quoting): string {
  if (variable !== undefined) return `${operator} $${variable}`;
  const unescapes = quoting === 'canonical' && operator.endsWith('in');
  const text = (operand: StringOperand) => {
    if (operand.kind === 'keyword') return operand.keyword;
    return unescapes ? `"${unescapeAll(operand.raw)}"` : quoted(operand.raw, quoting);
  };
  return withOperator(operator, operands.map(text));
}

function formatNumber(operand: NumericOperand): string {
  switch (operand.kind) {
    case 'literal':
      return operand.text;
    case 'null':
      return 'NULL';
    case 'call':
      return `${operand.name}(${operand.arguments.map(formatNumber).join(',')})`;
    case 'arithmetic': {
      const rest = operand.rest.map((step) => ` ${step.operator} ${formatNumber(step.operand)}`).join('');
      const text = `${formatNumber(operand.first)}${rest}`;
      return operand.parenthesized ? `(${text})` : text;
    }
  }
}

function formatDate(operand: DateOperand): string {
  switch (operand.kind) {
    case 'date':
      return `"${operand.date}"`;
    case 'time':
      return `"${operand.text}"`;
    case 'null':
      return 'NULL';
    case 'now':
      if (operand.offset === undefined) return 'now()';
      return `(now() ${operand.offset.sign} ${formatDuration(operand.offset.duration)})`;
  }
}

function formatDuration({ amount, unit }: Duration): string {
  return `${amount} ${unit}`;
}

/** The official parser prints a bare negative number with a unit, which it does not read back. */
function sizes(operands: Size[], quoting: Quoting): string[] {
  const bare = quoting === 'source' && operands.every(({ unit }) => unit === 'B');
  return operands.map(({ amount, unit }) => (bare ? `${amount}` : `${amount} ${unit}`));
}
