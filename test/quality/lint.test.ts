import { describe, expect, it } from 'vitest';
import { lint } from '../../quality/index.js';

const columns = ['orderid', 'username', 'price'];

function findings(text: string, known?: readonly string[]): string[] {
  return lint(text, { columns: known }).findings.map(
    ({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`
  );
}

describe('lint', () => {
  it('finds nothing in a good ruleset', () => {
    const text = `x = ["a", "b"]
Rules = [
  IsUnique "orderid" "USERNAME",
  ColumnValues "price" between 0 and avg(last(10)) * 2,
  (ColumnValues "username" in $x) or (RowCount = 0),
  AggregateMatch "sum(price)" "sum(items.price)" = 1.0,
  ReferentialIntegrity "orderid, username" "items.{order,user}" > 0.9,
  DatasetMatch "items" "orderid->order" "price->amount" > 0.9
]
Analyzers = [ AllStatistics "AllColumns" ]
`;
    expect(findings(text, columns)).toEqual([]);
    expect(lint(text).ruleset?.rules).toHaveLength(6);
  });

  it('gives the syntax error of what is no ruleset', () => {
    const { ruleset, findings: found } = lint('Rules = [\n  IsComplet a\n]');
    expect(ruleset).toBeUndefined();
    expect(found).toEqual([
      {
        severity: 'error',
        line: 2,
        column: 3,
        message: 'expected a rule type, found "IsComplet"; did you mean "IsComplete"?',
      },
    ]);
  });

  it.each([
    ['IsComplete usrname', 'error 1:22 there is no column "usrname"; did you mean "username"?'],
    ['IsUnique orderid "pric e"', 'error 1:28 there is no column "pric e"; did you mean "price"?'],
    ['(RowCount > 0) and (Mean cost > 1)', 'error 1:36 there is no column "cost"'],
    ['ColumnExists prize', 'warning 1:24 there is no column "prize"; did you mean "price"?'],
    ['AggregateMatch "sum(total)" "sum(b.price)" = 1.0', 'error 1:26 there is no column "total"'],
    ['ReferentialIntegrity "orderid,user" "b.a" = 1.0', 'error 1:32 there is no column "user"'],
    ['DatasetMatch b "id->price" = 1.0', 'error 1:26 there is no column "id"'],
    ['DetectAnomalies Mean amount', 'error 1:32 there is no column "amount"'],
  ])('knows the columns: %s', (rule, finding) => {
    expect(findings(`Rules = [ ${rule} ]`, columns)).toEqual([finding]);
    expect(findings(`Rules = [ ${rule} ]`).join()).not.toContain('column');
  });

  it.each([
    [
      'text after the end',
      'Rules = [ RowCount > 0 ]\nRules = [ RowCount < 9 ]',
      'warning 2:1 everything from here on is',
    ],
    ['the same rule twice', 'Rules = [ RowCount > 0,\n RowCount  >  0 ]', 'warning 2:2 the same rule stands in line 1'],
    ['flat arithmetic', 'Rules = [ RowCount > 2 + 1 * 2 ]', 'warning 1:11 arithmetic goes from left to right'],
    ['an empty range', 'Rules = [ RowCount between 5 and 5 ]', 'warning 1:11 no number lies between 5 and 5'],
    ['percents', 'Rules = [ Completeness price > 95 ]', 'warning 1:11 Completeness is a ratio from 0 to 1'],
    ['no such day', 'Rules = [ ColumnValues a > "2024-02-30" ]', 'warning 1:11 "2024-02-30" is not a day'],
    [
      'no such function',
      'Rules = [ RowCount > avrg(last(3)) ]',
      'warning 1:22 there is no function "avrg"; did you mean "avg"?',
    ],
    ['an unused variable', 'x = "a"\nRules = [ RowCount > 0 ]', 'warning 1:1 the variable x is not used'],
    [
      'a keyword in a variable',
      'x = NULL\nRules = [ ColumnValues a in $x ]',
      'warning 1:1 in a variable, AWS Glue takes NULL',
    ],
    ['an unknown variable of an analyzer', 'Analyzers = [ Mean $x ]', 'warning 1:20 there is no variable $x'],
    ['a blank where', 'Rules = [ RowCount > 0 where " " ]', 'warning 1:11 "where" of RowCount is blank'],
    ['no such metric', 'Rules = [ DetectAnomalies RowCont ]', 'warning 1:27 anomalies are not detected in a metric'],
    [
      'an unknown alias',
      'DataSources = { "AdditionalDataSources": ["items"] }\nRules = [ RowCountMatch item = 1.0 ]',
      'warning 2:25 "item" is not among AdditionalDataSources; did you mean "items"?',
    ],
    [
      'a text too long for the API',
      `Rules = [ RowCount > 0 ]${' '.repeat(65_536)}`,
      'warning 1:1 AWS Glue takes rulesets of up to',
    ],
  ])('warns of %s', (_what, text, finding) => {
    expect(findings(text)).toEqual([expect.stringContaining(finding)]);
  });
});
