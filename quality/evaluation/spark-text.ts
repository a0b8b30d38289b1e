import { RuleError } from './errors.js';
import { literal, quoted } from './identifiers.js';

/** Words that DuckDB reserves and Spark does not: a column or table of that name needs quotes in DuckDB only. */
const reservedInDuckDbOnly = new Set(
  `analyse analyze anti any array asof asymmetric at authorization binary both check collate collation column
   concurrently constraint create default deferrable describe do fetch for foreign freeze generated glob initially isnull
   lambda leading notnull only overlaps pivot pivot_longer pivot_wider placing positional primary qualify references
   returning semi show similar some summarize symmetric table to trailing unique unpack unpivot variadic verbose window`.split(
    /\s+/
  )
);

const token =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[^]*?\*\/)|(?<string>[rR]?'(?:[^'\\]|\\[^]|'')*'|[rR]?"(?:[^"\\]|\\[^]|"")*")|(?<name>`(?:[^`]|``)*`)|(?<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?[lLdDsSyY]?(?![\w.])|\d+(?:\.\d*)?)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<operator>\/\*|<=>|!=|==|<>|<=|>=|&&|!|[^])/uy;

/**
 * Rewrites the lexical differences between Spark SQL, in which DQDL's `where` and CustomSql are written, and DuckDB's
 * SQL: strings in either quotes with backslash escapes, names in backticks, number suffixes, `==`, `<=>`, `&&`, `!`,
 * `RLIKE`, and words that only DuckDB reserves. The result still has to pass the guard.
 *
 * @param names lower-case names of the columns and tables within reach.
 * @throws RuleError at a quote or comment that is never closed.
 */
export function sparkText(text: string, names: ReadonlySet<string>): string {
  token.lastIndex = 0;
  let out = '';
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const { space, comment, string, name, number, word, operator } = match.groups!;
    if (space !== undefined || comment !== undefined) out += ' ';
    else if (string !== undefined) out += literal(stringValue(string));
    else if (name !== undefined) out += quoted(name.slice(1, -1).replaceAll('``', '`'));
    else if (number !== undefined) out += number.replace(/[lLdDsSyY]$/, '');
    else if (word !== undefined) out += duckDbWord(word, names);
    else out += duckDbOperator(operator!);
    if (token.lastIndex === text.length) break;
  }
  return out;
}

function stringValue(string: string): string {
  const raw = /^[rR]/.test(string);
  const quote = string.at(raw ? 1 : 0)!;
  const body = string.slice(raw ? 2 : 1, -1).replaceAll(quote + quote, quote);
  return raw ? body : body.replace(/\\([^])/g, (_, char: string) => escapes[char] ?? char);
}

/** Spark keeps the backslash of `\%` and `\_`, which are LIKE's own escapes. */
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', '0': '\0', '%': '\\%', _: '\\_' };

function duckDbWord(word: string, names: ReadonlySet<string>): string {
  const lower = word.toLowerCase();
  if (lower === 'primary' || (reservedInDuckDbOnly.has(lower) && names.has(lower))) return quoted(word);
  if (lower === 'rlike' || lower === 'regexp') return ' SIMILAR TO ';
  if (lower === 'div') return ' // ';
  return word;
}

function duckDbOperator(operator: string): string {
  if (operator === '<=>') return ' IS NOT DISTINCT FROM ';
  if (operator === '&&') return ' AND ';
  if (operator === '!') return ' NOT ';
  if (operator === '/*' || `'"\``.includes(operator)) throw new RuleError(`SQL has a ${operator} that is never closed`);
  return operator;
}
