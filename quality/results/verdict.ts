import type { ResultDocument, RuleRun } from './result-document.js';

/** What a gate demands of a result. */
export interface GateDemand {
  /** 0 to 1. Without it every rule must pass; with it rules may fail as long as the score reaches it. */
  readonly minimumScore?: number | undefined;
  /** Rules that carry this label must pass whatever the score. */
  readonly critical?: { readonly label: string; readonly value: string } | undefined;
}

/** Whether a result passes a gate, and why not. */
export interface Verdict {
  readonly passed: boolean;
  /** One line each; empty when it passed. */
  readonly reasons: readonly string[];
}

const named = (rules: readonly RuleRun[]): string => rules.map(({ Name }) => Name).join(', ');

/** Judges a result. A rule with an error counts as not passed: nobody knows what it would have found. */
export function judge(result: Pick<ResultDocument, 'score' | 'resultrun'>, demand: GateDemand): Verdict {
  const open = result.resultrun.filter(({ Result }) => Result !== 'PASS');
  const { critical, minimumScore } = demand;
  const reasons: string[] = [];
  if (minimumScore === undefined) {
    if (open.length > 0)
      reasons.push(`${open.length} of ${result.resultrun.length} rules did not pass: ${named(open)}`);
  } else if (Number(result.score) < minimumScore) {
    reasons.push(`the score ${result.score} is below ${minimumScore}`);
  }
  if (critical !== undefined) {
    const broken = open.filter(({ Labels }) => Labels?.[critical.label] === critical.value);
    if (broken.length > 0) reasons.push(`critical rules did not pass: ${named(broken)}`);
  }
  return { passed: reasons.length === 0, reasons };
}
