export type * from './syntax/ast.js';
export { formsOf, ruleTypeNames, ruleTypeOf, ruleTypes } from './rule-types.js';
export type { ParameterKind, RuleType } from './rule-types.js';
export { format, formatAnalyzer, formatRule, formatSource } from './syntax/format.js';
export { parse } from './syntax/parse.js';
export { DqdlSyntaxError } from './syntax/syntax-error.js';
export { lint } from './lint/lint.js';
export type { LintOptions, LintResult } from './lint/lint.js';
export type { Finding } from './lint/finding.js';
export { simpleRules } from './syntax/walk.js';
export { evaluate } from './evaluation/evaluate.js';
export type {
  AnalyzerResult,
  EvaluationInput,
  EvaluationResult,
  Observation,
  RuleResult,
} from './evaluation/evaluation.js';
export type { FailingRows, FailingRowsOptions, RowTotals } from './evaluation/failing-rows.js';
export type { MetricHistory } from './evaluation/history.js';
export type { RuleOutcome } from './evaluation/outcome.js';
export type { CompositeMethod } from './evaluation/prepared-rule.js';
export type { Quarantine } from './evaluation/quarantine.js';
export { NothingToRecommendError, recommendRuleset } from './recommendation/recommend.js';
export { profileTable } from './recommendation/profile.js';
export type { ColumnKind, ColumnProfile, TableProfile } from './recommendation/profile.js';
