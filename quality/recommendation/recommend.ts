import type { DuckDBConnection } from '@duckdb/node-api';
import { evaluate } from '../evaluation/evaluate.js';
import { parse } from '../syntax/parse.js';
import { profileTable } from './profile.js';
import { rulesFromProfile } from './rules-from-profile.js';

/** Thrown for a table from which nothing can be learned. */
export class NothingToRecommendError extends Error {
  constructor(table: string) {
    super(`${table} has no rows: there is nothing to derive rules from`);
    this.name = 'NothingToRecommendError';
  }
}

/**
 * Recommends a ruleset for a table or view: profile → rules. Every rule passes on the data it came from, which is
 * checked; the same data gives the same text.
 * @returns DQDL, one rule a line.
 * @throws NothingToRecommendError for a table without rows.
 */
export async function recommendRuleset(connection: DuckDBConnection, table: string): Promise<string> {
  const rules = rulesFromProfile(await profileTable(connection, table));
  if (rules.length === 0) throw new NothingToRecommendError(table);
  const ruleset = parse(rulesetText(rules));
  const { rules: results } = await evaluate({ ruleset, connection, primary: table, aliases: {} });
  const passing = rules.filter((_rule, index) => results[index]?.result === 'PASS');
  const text = rulesetText(passing);
  return text;
}

function rulesetText(rules: readonly string[]): string {
  return `Rules = [\n${rules.map((rule) => `    ${rule}`).join(',\n')}\n]\n`;
}
