import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DqdlSyntaxError, format, formatSource, lint, parse } from '../../quality/index.js';
import type { Ruleset } from '../../quality/index.js';
import { parseDocument } from '../../quality/syntax/parse.js';
import { TokenReader } from '../../quality/syntax/token-reader.js';
import { randomSource } from './random.js';
import { validRulesets } from './rulesets.js';

const mutations = 100_000;
const shared = join(import.meta.dirname, '../../../shared/dqdl/parse-cases.jsonl');

/** Rulesets to mutate: our own and, where they are, the conformance cases. */
function seedTexts(): string[] {
  const cases = existsSync(shared) ? readFileSync(shared, 'utf8').trim().split('\n') : [];
  return [
    ...validRulesets.map(({ text }) => text),
    ...cases.map((line) => (JSON.parse(line) as { ruleset: string }).ruleset),
  ];
}

const pieces = (text: string): string[] => text.match(/"(?:\\.|[^"\\])*"|[A-Za-z0-9_.]+|\s+|./gs) ?? [];

const odd = [
  '"',
  '\\',
  '\\"',
  '"2024-01-01"',
  '"9:30 AM"',
  '"x\\',
  "'",
  '\r',
  '\n',
  '#',
  '# c\n',
  '$',
  '!',
  '-',
  '%',
  '\u00a0',
  '\ud800',
];

/** A text with one to four changes: a piece left out, put in, replaced, doubled, or a single character damaged. */
function mutate(text: string, stock: readonly string[], random: () => number): string {
  const index = (length: number): number => Math.floor(random() * length);
  const parts = pieces(text);
  for (let changes = 1 + index(4); changes > 0; changes--) {
    const at = index(parts.length + 1);
    const other = random() < 0.2 ? odd[index(odd.length)]! : stock[index(stock.length)]!;
    switch (index(5)) {
      case 0:
        parts.splice(at, 1);
        break;
      case 1:
        parts.splice(at, 0, ' ', other, ' ');
        break;
      case 2:
        parts.splice(at, 1, other);
        break;
      case 3:
        parts.splice(at, 0, ...parts.slice(at, at + 1 + index(6)));
        break;
      default:
        parts[at] = (parts[at] ?? '').replace(/./su, String.fromCodePoint(1 + index(0x100)));
    }
  }
  return parts.join('');
}

function parsed(text: string): Ruleset | undefined {
  try {
    return parse(text);
  } catch (error) {
    // Anything else, a RangeError of the stack for instance, is a crash.
    if (!(error instanceof DqdlSyntaxError)) throw new Error(`crashed on ${JSON.stringify(text)}`, { cause: error });
    const lines = text.split('\n');
    const inText = error.line <= lines.length && error.column <= lines[error.line - 1]!.length + 1;
    if (!inText || error.message.length > 500)
      throw new Error(`a bad error on ${JSON.stringify(text)}`, { cause: error });
    return undefined;
  }
}

/** Whether the canonical text may lack or change something: see `format`. */
const isLossy = (text: string): boolean => /[\\$-]|labels/.test(text);

describe('mutated rulesets', () => {
  it(`are parsed or rejected, ${mutations} of them, and what was parsed is stable`, { timeout: 300_000 }, () => {
    const seeds = seedTexts();
    const stock = [...new Set(seeds.flatMap(pieces))];
    const random = randomSource(20240501);
    let valid = 0;
    let readBack = 0;
    for (let run = 0; run < mutations; run++) {
      const text = mutate(seeds[Math.floor(random() * seeds.length)]!, stock, random);
      const ruleset = parsed(text);
      if (ruleset === undefined) continue;
      valid++;
      const source = formatSource(ruleset);
      const again = parse(source);
      if (formatSource(again) !== source || format(again) !== format(ruleset)) throw new Error(`unstable: ${text}`);
      if (isLossy(text)) continue;
      readBack++;
      if (format(parse(format(ruleset))) !== format(ruleset)) throw new Error(`not read back: ${text}`);
      lint(text, { columns: ['a'] });
    }
    expect(valid).toBeGreaterThan(mutations / 50);
    expect(readBack).toBeGreaterThan(mutations / 100);
  });
});

/** Characters and tokens that parsing looks at, whether it succeeds or not. */
function stepsFor(text: string): number {
  const reader = new TokenReader(text);
  try {
    parseDocument(reader);
  } catch (error) {
    if (!(error instanceof DqdlSyntaxError)) throw error;
  }
  return reader.steps;
}

const shapes: Record<string, (size: number) => string> = {
  rules: (size) => `Rules = [ ${'RowCount > 0, '.repeat(size)} RowCount > 1 ]`,
  sums: (size) => `Rules = [ RowCount > ${'1 + '.repeat(size)} 1 ]`,
  'chains of and and or': (size) => `Rules = [ ${'(RowCount > 0) and (RowCount > 1) or '.repeat(size)} IsUnique a ]`,
  'a long text': (size) => `Rules = [ CustomSql "${'\\" select '.repeat(size)}" ]`,
  'a text without end': (size) => `Rules = [ CustomSql "${'\\\\ '.repeat(size)}`,
  'escaped quotes only': (size) => `Rules = [ CustomSql "${'\\" '.repeat(size)} ]`,
  'a long list': (size) => `Rules = [ ColumnValues a in [ ${'"x", '.repeat(size)} EMPTY ] ]`,
  tags: (size) =>
    `Rules = [ RowCount > 0 ${Array.from({ length: size }, (_, at) => `with t${at} = ${at} `).join('')} ]`,
  variables: (size) => `${Array.from({ length: size }, (_, at) => `v${at} = "x"\n`).join('')} Rules = [ RowCount > 0 ]`,
  comments: (size) => `${'# one\n\n'.repeat(size)} Rules = [ RowCount > 0 ]`,
  parameters: (size) => `Rules = [ IsUnique ${'of a and "b" '.repeat(size)} ]`,
  'text after the end': (size) => `Rules = [ RowCount > 0 ] ${'junk " '.repeat(size)}`,
};

describe('the work of parsing', () => {
  it.each(Object.entries(shapes))('grows with the text, not with its square: %s', (_name, shape) => {
    const [small, large] = [shape(1000), shape(4000)];
    const perCharacter = stepsFor(small) / small.length;
    expect(stepsFor(large) / large.length).toBeLessThan(perCharacter * 1.2 + 0.1);
    expect(perCharacter).toBeLessThan(12);
  });

  it('of long chains ends within the stack, in both directions', () => {
    for (const name of ['sums', 'chains of and and or', 'tags', 'rules']) {
      const ruleset = parse(shapes[name]!(10_000));
      expect(format(ruleset).length).toBeGreaterThan(10_000);
      const source = formatSource(ruleset);
      expect(formatSource(parse(source))).toBe(source);
    }
  });
});
