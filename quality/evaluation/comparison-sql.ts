import type { NumericCondition } from '../syntax/ast.js';

/** A comparison of an expression with operands that are SQL themselves; NULL where the expression is. */
export function comparison(sql: string, operator: NumericCondition['operator'], operands: readonly string[]): string {
  const [first, second] = operands as [string, string];
  if (operator === 'between') return `(${sql} > ${first} AND ${sql} < ${second})`;
  if (operator === 'not between') return `(${sql} <= ${first} OR ${sql} >= ${second})`;
  if (operator === 'in' || operator === 'not in') return `(${sql} ${operator} (${operands.join(', ')}))`;
  return `(${sql} ${operator} ${first})`;
}

/** A predicate as TRUE or FALSE: NULL becomes what the rule says of NULL rows. */
export function settled(predicate: string, whenNull = false): string {
  return `coalesce(${predicate}, ${whenNull})`;
}
