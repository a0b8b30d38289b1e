import type { EltResult } from '../workflows/index.js';
import { table } from './output/table.js';

/** Verdicts of a run's quality gates as a table, with why one did not pass and where its result is. */
export function drawGates(gates: NonNullable<EltResult['gates']>): string {
  const rows = gates.map(({ rulesetName, passed, score, rulesSucceeded, rulesFailed, reasons, resultId }) => [
    rulesetName,
    passed ? 'passed' : 'not passed',
    score,
    rulesSucceeded,
    rulesFailed,
    reasons.join('; '),
    resultId,
  ]);
  return `Quality gates\n${table(['gate', 'verdict', 'score', 'passed', 'failed', 'why', 'result'], rows)}`;
}
