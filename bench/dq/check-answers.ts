import type { DuckDBConnection } from '@duckdb/node-api';
import type { Contestant } from './contestants.js';
import type { Measured } from './rules.js';
import type { RuleAnswer } from './run-contestant.js';

/** The numbers that SQL by hand gives for expressions over `trips`. */
export type Expected = ReadonlyMap<string, number>;

/** Computes what contestants are checked against: every rule's metric, and what they say in its place. */
export async function expectedNumbers(connection: DuckDBConnection, rules: readonly Measured[]): Promise<Expected> {
  const asked = [...new Set(rules.flatMap(({ metric, soda, gx }) => [metric, soda?.value, gx?.value]))];
  const expressions = asked.filter((sql) => sql !== undefined);
  const select = expressions.map((sql) => `(${sql})::DOUBLE`).join(', ');
  const reader = await connection.runAndReadAll(`SELECT ${select} FROM trips`);
  const row = reader.getRowsJS()[0] as number[];
  return new Map(expressions.map((sql, index) => [sql, row[index]!]));
}

/**
 * Checks that a contestant has answered every rule that it can say, that each passed, as all do, and that each number it
 * tells is the one that SQL by hand gives.
 * @throws Error naming the rules that differ.
 */
export function checkAnswers(
  { by, says, value }: Contestant,
  rules: readonly Measured[],
  answers: readonly RuleAnswer[],
  expected: Expected
): void {
  const found = new Map(answers.map((answer) => [answer[0], answer]));
  const wrong = rules.flatMap((rule, at) => {
    if (!says(rule)) return [];
    const answer = found.get(at);
    if (answer === undefined) return [`${rule.rule}: no answer`];
    const [, passed, number] = answer;
    const right = expected.get(value?.(rule) ?? rule.metric)!;
    const same = number === null || Math.abs(number - right) <= 1e-6 * Math.max(1, Math.abs(right));
    return passed && same ? [] : [`${rule.rule}: ${passed ? 'passed' : 'failed'} with ${number}, not ${right}`];
  });
  if (wrong.length > 0) throw new Error(`${by} differs:\n${wrong.join('\n')}`);
}
