import { describe, expect, it } from 'vitest';
import { DqdlSyntaxError, parse } from '../../quality/index.js';

function errorOf(text: string): DqdlSyntaxError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof DqdlSyntaxError) return error;
    throw error;
  }
  throw new Error(`this was accepted: ${text}`);
}

const rules = (text: string): string => `Rules = [ ${text} ]`;

describe('errors', () => {
  it.each([
    ['between with "to"', rules('Completeness "a" between 0.6 to 0.7'), 1, 40, 'expected "and" between the bounds'],
    ['a rule type in wrong letter case', rules('CustomSQL "select 1" > 0'), 1, 11, 'did you mean "CustomSql"?'],
    ['a misspelt rule type', 'Rules = [\n  IsUnique a,\n  IsComplet a\n]', 3, 3, 'did you mean "IsComplete"?'],
    ['a missing closing quote', 'Rules = [\n  IsUnique "a\n]', 2, 12, 'expected a closing quote'],
    ['typographic quotes', rules('IsUnique “a”'), 1, 20, 'expected a straight quote ("), found the typographic “'],
    ['single quotes', rules("IsUnique 'a'"), 1, 20, 'text stands between double quotes (")'],
    ['comments of other languages', 'Rules = [\n  RowCount > 0 // all\n]', 2, 16, 'a comment begins with #'],
    ['comments of SQL', 'Rules = [ RowCount > 0, -- all\n ]', 1, 25, 'a comment begins with #'],
    ['a comment without a line end', `${rules('RowCount > 0')} # all`, 1, 26, 'expected a line end behind the comment'],
    ['a trailing comma', rules('RowCount > 0,'), 1, 25, 'expected another element behind the comma'],
    ['line ends of Windows', 'Rules = [\r\n  RowCount > 0\r\n]', 1, 10, 'expected LF as the line end, found CR'],
    ['a byte order mark', `\ufeff${rules('RowCount > 0')}`, 1, 1, 'found a byte order mark'],
    ['a no-break space', 'Rules =\u00a0[ RowCount > 0 ]', 1, 8, 'found a no-break space'],
    ['a percent sign', rules('Completeness a > 95%'), 1, 30, 'expected nothing like %'],
    [
      'a missing comma',
      'Rules = [\n  RowCount > 0\n  RowCount < 9\n]',
      3,
      3,
      'expected ",", "]", "and", "or", "where"',
    ],
    [
      'a missing condition',
      rules('Completeness a'),
      1,
      26,
      'expected a condition: Completeness is compared with a number',
    ],
    ['a condition too many', rules('IsComplete a > 0.5'), 1, 24, 'expected no condition, as IsComplete takes none'],
    ['a quoted number', rules('Completeness a = "1.0"'), 1, 26, 'write the number without quotes'],
    ['an unquoted time', rules('FileFreshness > 9:30'), 1, 27, 'expected a time between quotes'],
    ['a time that is none', rules('FileFreshness > "25:00"'), 1, 27, 'expected a time of the day'],
    ['a mixed list', rules('ColumnValues a in [1, "2"]'), 1, 33, 'expected a number like the one before, found text'],
    ['order of texts', rules('ColumnValues a > "b"'), 1, 28, 'found text'],
    ['rules joined without parentheses', rules('IsUnique a and RowCount > 0'), 1, 35, 'put each in parentheses'],
    [
      'labels behind with',
      rules('ColumnValues a = "b" with threshold > 0.5 labels=["a"="b"]'),
      1,
      53,
      'the order is condition, where, labels, with',
    ],
    ['an unknown variable', 'status = "x"\nRules = [ IsUnique $statu ]', 2, 20, 'did you mean "status"?'],
    ['a list as a parameter', 'x = ["a"]\nRules = [ IsUnique $x ]', 2, 20, 'which is a list'],
    ['a variable where a value stands', 'x = "a"\nRules = [ ColumnValues a = $x ]', 2, 28, 'as in $x'],
    ['a misspelt section', 'Rule = [ RowCount > 0 ]', 1, 1, 'did you mean "Rules"?'],
    ['rules without a section', 'RowCount > 0', 1, 1, 'rules stand in Rules = [ ... ]'],
    ['sections out of order', 'DataSources = { "Primary": "a" }\nMetadata = { "Version": "1" }', 2, 1, 'the order is'],
    ['an unknown key', 'Metadata = { "Versoin": "1.0" }', 1, 14, 'did you mean "Version"?'],
    [
      'eleven labels',
      `DefaultLabels=["d"="1"]\n${rules(`RowCount > 0 labels=[${[...'abcdefghij'].map((key) => `"${key}"="1"`).join()}]`)}`,
      2,
      31,
      'expected at most 10 labels, found 11 with the 1 default',
    ],
    ['a date as a text', rules('ColumnValues a matches "2024-01-01"'), 1, 34, 'a quoted date is always a date'],
    [
      'an unknown time zone',
      rules('FileFreshness > "9:30 AM" with timeZone = "Mars/Base"'),
      1,
      11,
      'expected as timeZone',
    ],
    ['nothing', '', 1, 1, 'expected Metadata, DataSources, DefaultLabels, Rules or Analyzers, found the end'],
    ['no rules', 'Rules = [ ]', 1, 1, 'expected at least one rule or analyzer'],
  ])('%s', (_what, text, line, column, message) => {
    const error = errorOf(text);
    expect({ line: error.line, column: error.column }).toEqual({ line, column });
    expect(error.message).toContain(message);
    expect(error.message).toContain(`line ${line}, column ${column}: expected `);
  });

  it('of a rule with rules as parameters say what to do', () => {
    expect(errorOf(rules('IsComplete "a" AND IsComplete "b"')).message).toContain('put each in parentheses');
  });

  it('show little of a long text', () => {
    for (const text of [
      rules(`RowCount > "${'secret '.repeat(5000)}"`),
      'x'.repeat(60_000),
      rules('Y'.repeat(60_000)),
    ]) {
      expect(errorOf(text).message.length).toBeLessThan(400);
    }
  });

  it.each([
    ['groups', rules(`${'('.repeat(20_000)}RowCount > 0${')'.repeat(20_000)}`)],
    ['arithmetic', rules(`RowCount > ${'('.repeat(20_000)}1${')'.repeat(20_000)}`)],
    ['calls', rules(`RowCount > ${'f('.repeat(20_000)}1${')'.repeat(20_000)}`)],
  ])('tell of %s nested too deep', (_what, text) => {
    expect(errorOf(text).message).toContain('expected at most 250 levels of parentheses');
  });
});
