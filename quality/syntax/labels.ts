import type { Label } from './ast.js';
import { withoutQuotes } from './parse-operand.js';
import type { TokenReader } from './token-reader.js';

const mostLabels = 10;
const longestKey = 128;
const longestValue = 256;

/**
 * Reads `=["key"="value", ...]` behind `labels` or `DefaultLabels`.
 * @param defaults - how many default labels hold at this place; they count for the limit, of the same key or not.
 */
export function parseLabels(reader: TokenReader, defaults: number): Label[] {
  reader.expect('=');
  const { line, column } = reader.peek();
  reader.expect('[');
  if (reader.at(']')) reader.unexpected('at least one label, as in ["team"="sales"]');
  const keys = new Set<string>();
  const labels = reader.list(']', '"," or "]"', () => {
    const label = parseLabel(reader);
    if (keys.has(label.key)) reader.fail({ line, column }, `expected each label once, found "${label.key}" twice`);
    keys.add(label.key);
    return label;
  });
  if (labels.length + defaults > mostLabels) {
    const withDefaults = defaults === 0 ? '' : ` with the ${defaults} default labels`;
    reader.fail(
      { line, column },
      `expected at most ${mostLabels} labels, found ${labels.length + defaults}${withDefaults}`
    );
  }
  return labels;
}

function parseLabel(reader: TokenReader): Label {
  const key = part(reader, 'key', longestKey);
  reader.expect('=', '"=" between key and value of the label');
  return { key, value: part(reader, 'value', longestValue) };
}

function part(reader: TokenReader, what: 'key' | 'value', longest: number): string {
  const token = reader.expect('string', `the ${what} of a label between quotes`);
  const text = withoutQuotes(token.text);
  if (text === '' || text.length > longest) {
    reader.fail(token, `expected a label's ${what} of 1 to ${longest} characters, found ${text.length}`);
  }
  return text;
}
