import type { NumericCondition, SimpleRule } from '../syntax/ast.js';
import type { Column, Dataset } from './dataset.js';
import { findColumn } from './dataset.js';
import { RuleError } from './errors.js';
import type { SqlScope } from './guard.js';
import { guardedPredicate } from './guard.js';
import type { MetricHistory } from './history.js';
import type { Limits } from './numbers.js';
import { doubleText, holds, isDynamic, limitsOf } from './numbers.js';
import type { SharedGroups } from './shared-groups.js';
import type { SharedScan } from './shared-scan.js';

/** What a rule says once its metrics are known. */
export interface Verdict {
  passed: boolean;
  /** Why it did not pass; lines of a composite's operands, also of a passing one's. */
  message?: string;
  /** The metrics the official engine reports for the rule, by key such as `Column.a.Completeness`. */
  metrics: Record<string, number>;
}

/** A rule made ready: what it needs stands in the shared scans, and `judge` reads it once they have run. */
export interface Check {
  /** @throws RuleError, or DuckDB's own error, when the rule cannot be evaluated. */
  judge(): Verdict | Promise<Verdict>;
  /**
   * For rules on rows: SQL over the primary, never NULL, that is TRUE where a row complies or the rule's filter leaves
   * it out. Columns stand unqualified or behind `primaryAlias`.
   */
  rows?: string;
  /** For rules on rows, once the scans have run: how many rows fail, where the metrics tell. */
  failing?: () => number | undefined;
  /** What a dynamic rule's operands came to. */
  limits?: Limits;
}

/** Alias of the primary in statements about its rows, for columns that a subquery's own would hide. */
export const primaryAlias = '"__primary"';

/** What the rules of one evaluation share. */
export interface Workbench extends SqlScope {
  scan: SharedScan;
  groups: SharedGroups;
  /** The shared scan of another dataset. */
  scanOf(dataset: Dataset): SharedScan;
  history: MetricHistory | undefined;
}

/** Makes one rule type's rules ready. @throws RuleError when a rule cannot be evaluated. */
export type Compile = (bench: Workbench, rule: SimpleRule) => Promise<Check> | Check;

/** The column a parameter names. @throws RuleError as the official engine words it. */
export function columnOf(
  bench: Workbench,
  name: string,
  missing = `Input data does not include column ${name}!`
): Column {
  const column = findColumn(bench.primary, name);
  if (column === undefined) throw new RuleError(missing);
  return column;
}

/** The other dataset of this alias. @throws RuleError when the evaluation was given none. */
export function aliasOf(
  bench: Workbench,
  alias: string,
  missing = `${alias} not found in additional sources`
): Dataset {
  const dataset = alias.toLowerCase() === 'primary' ? bench.primary : bench.aliases.get(alias.toLowerCase());
  if (dataset === undefined) throw new RuleError(missing);
  return dataset;
}

/** The rule's filter as a DuckDB expression; undefined without one. */
export async function filterOf(bench: Workbench, rule: SimpleRule): Promise<string | undefined> {
  return rule.where === undefined ? undefined : guardedPredicate(bench, rule.where.value);
}

/** A rule's numeric condition with its operands worked out, from the metric's past where they read it. */
export async function conditionOf(bench: Workbench, rule: SimpleRule, metric: string): Promise<Limits> {
  if (rule.condition?.kind !== 'number') throw new RuleError(`${rule.type} needs a condition on a number`);
  return workedOut(bench, rule.condition, metric);
}

async function workedOut(bench: Workbench, condition: NumericCondition, metric: string): Promise<Limits> {
  const past = condition.operands.some(isDynamic) ? ((await bench.history?.values(metric)) ?? []) : [];
  return limitsOf(condition, past);
}

/** A rule's threshold; undefined without one. */
export async function thresholdOf(bench: Workbench, rule: SimpleRule, metric: string): Promise<Limits | undefined> {
  return rule.threshold === undefined ? undefined : workedOut(bench, rule.threshold, metric);
}

/** A row complies with a rule when its filter leaves it out, or the predicate is TRUE. */
export function within(where: string | undefined, predicate: string): string {
  return where === undefined ? predicate : `(NOT coalesce((${where}), false) OR ${predicate})`;
}

/** The words for a value that fails a condition. */
export function unmet(value: string | number, end = '!'): string {
  return `Value: ${typeof value === 'number' ? doubleText(value) : value} does not meet the constraint requirement${end}`;
}

/** The verdict on one metric. */
export function verdict(metric: string, value: number, passed: boolean, message = unmet(value)): Verdict {
  return { passed, ...(passed ? {} : { message }), metrics: { [metric]: value } };
}

/** The verdict on one metric by a condition. */
export function judged(metric: string, value: number, limits: Limits, message?: string): Verdict {
  return verdict(metric, value, holds(limits, value), message);
}

/**
 * The verdict where there is no value to judge: a filter that leaves no rows is no failure, a table without values is.
 */
export function nothing(where: string | undefined, analyzer: string): Verdict {
  if (where !== undefined) return { passed: true, metrics: {} };
  return { passed: false, message: `Empty state for analyzer ${analyzer}, all input values were NULL.`, metrics: {} };
}

/** The verdict on a column of the wrong type. */
export function wrongType(column: string, expected: string, { type }: Column): Verdict {
  return {
    passed: false,
    message: `Expected type of column ${column} to be ${expected}, but found ${type} instead!`,
    metrics: {},
  };
}
