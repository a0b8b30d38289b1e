import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DqdlSyntaxError, format, formatSource, parse } from '../../quality/index.js';
import { validRulesets } from './rulesets.js';

const folder = join(import.meta.dirname, '../../../shared/dqdl');

interface ParseCase {
  readonly ruleset: string;
  readonly valid: boolean;
  readonly canonical?: string;
}

interface EvaluatedCase {
  readonly rule: string;
  readonly failure_reason?: string | null;
}

function linesOf<Line>(file: string): Line[] {
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

/** The canonical text, or none when the parser rejects the ruleset. */
function canonical(ruleset: string): string | undefined {
  try {
    return format(parse(ruleset));
  } catch (error) {
    if (error instanceof DqdlSyntaxError) return undefined;
    throw error;
  }
}

describe.skipIf(!existsSync(folder))('the official conformance cases (skipped without ../shared/dqdl)', () => {
  it('get the official verdicts and canonical texts', () => {
    const cases = linesOf<ParseCase>('parse-cases.jsonl');
    expect(cases.length).toBeGreaterThanOrEqual(890);
    const differing = cases.filter(
      ({ ruleset, valid, canonical: text }) => canonical(ruleset) !== (valid ? text : undefined)
    );
    expect(differing).toEqual([]);
  });

  it('read back from their source text as the same', () => {
    for (const { ruleset, valid, canonical: text } of linesOf<ParseCase>('parse-cases.jsonl')) {
      if (!valid) continue;
      const source = formatSource(parse(ruleset));
      expect(formatSource(parse(source))).toBe(source);
      expect(format(parse(source))).toBe(text);
    }
  });

  it('have rules of which every one that the engine evaluated can be parsed', () => {
    const rules = [...linesOf<EvaluatedCase>('evaluated-cases.jsonl'), ...linesOf<EvaluatedCase>('spec-cases.jsonl')];
    const wanted = rules.filter(({ failure_reason: reason }) => reason?.includes('Parsing Error') !== true);
    expect(wanted.length).toBeGreaterThan(350);
    const rejected = wanted.filter(({ rule }) => canonical(`Rules = [ ${rule} ]`) === undefined);
    expect(rejected).toEqual([]);
  });
});

describe('our own cases', () => {
  it.each(validRulesets)('$text', ({ text, canonical: expected }) => {
    expect(canonical(text)).toBe(expected);
    const source = formatSource(parse(text));
    expect(formatSource(parse(source))).toBe(source);
    expect(canonical(source)).toBe(expected);
  });

  it('take an escaped quote for the closing one when no other follows', () => {
    const text = 'Rules = [ IsComplete "a\\" ]';
    expect(canonical(text)).toBe('Rules = [\n    IsComplete "a\\"\n]');
    expect(formatSource(parse(text))).toBe('Rules = [\n    IsComplete "a\\\\"\n]');
  });
});
