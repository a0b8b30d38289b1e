export type * from './syntax/ast.js';
export { formsOf, ruleTypeNames, ruleTypeOf, ruleTypes } from './rule-types.js';
export type { ParameterKind, RuleType } from './rule-types.js';
export { format, formatAnalyzer, formatRule, formatSource } from './syntax/format.js';
export { parse } from './syntax/parse.js';
export { DqdlSyntaxError } from './syntax/syntax-error.js';
