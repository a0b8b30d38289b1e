import { readFileSync } from 'node:fs';
import { lint } from '../../quality/index.js';
import type { Ruleset } from '../../quality/index.js';
import type { Console } from '../output/console.js';
import { UsageError, messageOf } from '../errors.js';

/** Text of a DQDL file. @throws UsageError when it cannot be read or is not UTF-8. */
export function readRulesetText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/**
 * Reads a DQDL file that is to be evaluated; what can hardly be meant is noted.
 * @throws UsageError with each error as `file:line:column message`.
 */
export function readRuleset(
  file: string,
  console: Pick<Console, 'note'>
): { readonly text: string; readonly ruleset: Ruleset } {
  const text = readRulesetText(file);
  const { ruleset, findings } = lint(text);
  const said = (severity: string): string[] =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ line, column, message }) => `${file}:${line}:${column} ${message}`);
  const errors = said('error');
  if (ruleset === undefined || errors.length > 0) throw new UsageError('The ruleset cannot be used', errors);
  for (const warning of said('warning')) console.note(`warning: ${warning}`);
  return { text, ruleset };
}
