export type * from './syntax/ast.js';
export { formsOf, ruleTypeNames, ruleTypeOf, ruleTypes } from './rule-types.js';
export type { ParameterKind, RuleType } from './rule-types.js';
