import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../examples/random.js';
import { ModelError, compile, parseModel } from '../../model/index.js';

const junk = [
  ...['null', '5', '[]', '{}', '"x"', 'true', '- a', '~', 'a: b', '[1, {a: b}]', '<x>', '*a', '&b c', 'decimal(1'],
  ...['constructor', '__proto__', 'toString', 'varchar(5)', 'delete', 'S required', 'order', 'product', 'username'],
];

/** Spoils one to three lines of a text at random. */
function spoil(text: string, random: Random): string {
  const lines = text.split('\n');
  for (let count = random.integer(1, 3); count > 0; count--) {
    const at = random.integer(0, lines.length - 1);
    const line = lines[at]!;
    const spoilt = [
      [],
      [line.replace(/: .*/, `: ${random.pick(junk)}`)],
      [line.replace(/[a-z]+/, (word) => word.slice(1) || 'x')],
      [line.replace(/^(\s*)[^:]+:/, `$1${random.pick(junk)}:`)],
      [line.replace(/\w+/g, (word) => (random.next() < 0.2 ? random.pick(junk) : word))],
    ];
    lines.splice(at, 1, ...random.pick(spoilt));
  }
  return lines.join('\n');
}

describe.each(['ecommerce', 'game'])('spoilt copies of the model %s', (name) => {
  const file = path.resolve(import.meta.dirname, '../../examples', name, 'warehouse.yaml');
  const text = readFileSync(file, 'utf8');

  it('are refused with a ModelError that has problems, or compile', () => {
    const random = new Random(name.length);
    const verdicts = { refused: 0, compiled: 0 };
    for (let round = 0; round < 700; round++) {
      const spoilt = spoil(text, random);
      try {
        expect(compile(parseModel(spoilt, 'warehouse.yaml')).hash).toHaveLength(64);
        verdicts.compiled += 1;
      } catch (error) {
        if (!(error instanceof ModelError)) throw new Error(`${(error as Error).stack}\n${spoilt}`, { cause: error });
        expect(error.problems.length).toBeGreaterThan(0);
        verdicts.refused += 1;
      }
    }
    expect(verdicts.refused).toBeGreaterThan(300);
    expect(verdicts.compiled).toBeGreaterThan(20);
  });
});
