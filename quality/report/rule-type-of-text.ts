import { ruleTypeNames } from '../rule-types.js';

const known = new Set<string>(ruleTypeNames);

/** The type of a rule by its text: its first word, `Composite` for one in parentheses, `Other` for what is none. */
export function ruleTypeOfText(rule: string): string {
  const text = String(rule).trimStart();
  if (text.startsWith('(')) return 'Composite';
  const word = /^\w+/.exec(text)?.[0] ?? '';
  return known.has(word) ? word : 'Other';
}
