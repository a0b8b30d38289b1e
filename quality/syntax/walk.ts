import type { NumericOperand, Rule, SimpleRule } from './ast.js';

/** The simple rules in a rule, from left to right. */
export function simpleRules(rule: Rule): SimpleRule[] {
  return rule.kind === 'rule' ? [rule] : rule.operands.flatMap(simpleRules);
}

/** A number's expression and all its parts, outer ones first. */
export function numericParts(operand: NumericOperand): NumericOperand[] {
  switch (operand.kind) {
    case 'call':
      return [operand, ...operand.arguments.flatMap(numericParts)];
    case 'arithmetic':
      return [operand, ...[operand.first, ...operand.rest.map((step) => step.operand)].flatMap(numericParts)];
    default:
      return [operand];
  }
}
