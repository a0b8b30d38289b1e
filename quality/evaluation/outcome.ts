/** `PASS`, `FAIL`, and `ERROR` for a rule that could not be evaluated; as the Glue API spells them. */
export type RuleOutcome = 'PASS' | 'FAIL' | 'ERROR';

/** The outcome of a rule or of an operand of a composite. */
export interface Outcome {
  result: RuleOutcome;
  message?: string;
  metrics: Record<string, number>;
}

/**
 * The outcome of a composite: AND fails as soon as one operand fails, OR passes as soon as one passes, and otherwise an
 * operand's ERROR is the composite's. Metrics are united, messages joined by newlines.
 */
export function combined(operator: 'AND' | 'OR', outcomes: readonly Outcome[]): Outcome {
  const results = outcomes.map(({ result }) => result);
  const decisive = operator === 'AND' ? 'FAIL' : 'PASS';
  const otherwise = operator === 'AND' ? 'PASS' : 'FAIL';
  const result = results.includes(decisive) ? decisive : results.includes('ERROR') ? 'ERROR' : otherwise;
  const messages = outcomes.flatMap(({ message }) => (message === undefined ? [] : [message]));
  const metrics = Object.assign({}, ...outcomes.map((outcome) => outcome.metrics)) as Record<string, number>;
  return { result, ...(messages.length > 0 && { message: messages.join('\n') }), metrics };
}
