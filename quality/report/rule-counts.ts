import type { ResultDocument } from '../results/result-document.js';

/** Rules of a result by what became of them; each rule is in one of these. */
export interface RuleCounts {
  readonly passed: number;
  readonly failed: number;
  readonly error: number;
  readonly skipped: number;
}

/**
 * Counts of a result's rules as its `numRules*` have them. `numRulesFailed` may or may not include the rules with an
 * error (ours does; AWS does not say), so their number comes from `resultrun`.
 */
export function ruleCounts(result: ResultDocument): RuleCounts {
  const of = (outcome: string): number => result.resultrun.filter(({ Result }) => Result === outcome).length;
  const failing = whole(result.numRulesFailed);
  const error = failing === of('FAIL') ? of('ERROR') : Math.min(of('ERROR'), failing);
  return {
    passed: whole(result.numRulesSucceeded),
    failed: failing === of('FAIL') ? failing : failing - error,
    error,
    skipped: whole(result.numRulesSkipped),
  };
}

function whole(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
