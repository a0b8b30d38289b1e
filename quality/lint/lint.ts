import type { Ruleset } from '../syntax/ast.js';
import { parse } from '../syntax/parse.js';
import { DqdlSyntaxError } from '../syntax/syntax-error.js';
import { accidents } from './accidents.js';
import { columnFindings } from './columns.js';
import type { Finding } from './finding.js';

/** What is known of the dataset that a ruleset is for. */
export interface LintOptions {
  /** Names of the primary dataset's columns; without them columns are not checked. */
  columns?: readonly string[];
}

/** What `lint` found. */
export interface LintResult {
  /** Absent when the text is not DQDL. */
  ruleset?: Ruleset;
  /** In the order of the text. */
  findings: Finding[];
}

/**
 * Checks a ruleset: its syntax, its columns where they are known, and what the official parser accepts but hardly anybody
 * can have meant. Throws nothing for a faulty text.
 */
export function lint(text: string, { columns }: LintOptions = {}): LintResult {
  try {
    const ruleset = parse(text);
    const findings = [...accidents(ruleset, text), ...(columns === undefined ? [] : columnFindings(ruleset, columns))];
    return { ruleset, findings: findings.sort((a, b) => a.line - b.line || a.column - b.column) };
  } catch (error) {
    if (!(error instanceof DqdlSyntaxError)) throw error;
    const { line, column, problem } = error;
    return { findings: [{ severity: 'error', line, column, message: problem }] };
  }
}
