import { describe, expect, it } from 'vitest';
import { parse } from '../../quality/index.js';
import type { SimpleRule } from '../../quality/index.js';

function ruleOf(text: string, before = ''): SimpleRule {
  const [rule] = parse(`${before}Rules = [ ${text} ]`).rules;
  if (rule?.kind !== 'rule') throw new Error('not a simple rule');
  return rule;
}

describe('the syntax tree', () => {
  it('has parameters with escapes and variables resolved', () => {
    const { parameters } = ruleOf('IsUnique of a and "b\\"\\\\c" $d', 'd = "e"\n');
    expect(parameters.map(({ value, raw, form, connector }) => [value, raw, form, connector])).toEqual([
      ['a', 'a', 'identifier', 'of'],
      ['b"\\c', 'b\\"\\\\c', 'quoted', 'and'],
      ['e', 'd', 'variable', undefined],
    ]);
  });

  it('keeps arithmetic flat, from left to right', () => {
    expect(ruleOf('RowCount > 2 + (1 - -3) * avg(last(10))').condition).toMatchObject({
      kind: 'number',
      operator: '>',
      operands: [
        {
          kind: 'arithmetic',
          parenthesized: false,
          first: { kind: 'literal', text: '2', value: 2 },
          rest: [
            {
              operator: '+',
              operand: {
                kind: 'arithmetic',
                parenthesized: true,
                first: { value: 1 },
                rest: [{ operator: '-', operand: { text: '-3', value: -3 } }],
              },
            },
            { operator: '*', operand: { kind: 'call', name: 'avg', arguments: [{ kind: 'call', name: 'last' }] } },
          ],
        },
      ],
    });
  });

  it('binds "and" closer than "or"', () => {
    const [rule] = parse('Rules = [ IsUnique a or IsUnique b and (RowCount > 1) ]').rules;
    expect(rule).toMatchObject({
      kind: 'composite',
      operator: 'OR',
      operands: [
        { type: 'IsUnique' },
        { kind: 'composite', operator: 'AND', operands: [{ type: 'IsUnique' }, { type: 'RowCount' }] },
      ],
    });
  });

  it('resolves lists of variables, keywords included', () => {
    expect(ruleOf('ColumnValues a not in $x', 'x = ["b\\\'s", EMPTY]\n').condition).toEqual({
      kind: 'string',
      operator: 'not in',
      variable: 'x',
      operands: [
        { kind: 'text', raw: "b\\'s", value: "b's" },
        { kind: 'keyword', keyword: 'EMPTY' },
      ],
    });
  });

  it('keeps patterns as they are written', () => {
    expect(ruleOf('ColumnValues a matches "\\\\d\\."').condition).toMatchObject({ operands: [{ value: '\\\\d\\.' }] });
  });

  it.each([
    ['"12:05 AM"', 0, 5],
    ['"12:05 PM"', 12, 5],
    ['"9:30 PM"', 21, 30],
    ['"23:59"', 23, 59],
  ])('reads the time %s in the zone of the tag', (text, hour, minute) => {
    const { condition } = ruleOf(`FileFreshness > ${text} with timeZone = "Asia/Dubai"`);
    expect(condition).toMatchObject({
      kind: 'date',
      operands: [{ kind: 'time', hour, minute, timeZone: 'Asia/Dubai' }],
    });
  });

  it('overrides default labels, and those of a rule by those behind its parentheses', () => {
    const before = 'DefaultLabels=["a"="1", "b"="2"]\n';
    expect(ruleOf('RowCount > 0 labels=["b"="3"]', before).labels).toEqual({ a: '1', b: '3' });
    expect(ruleOf('(RowCount > 0 labels=["b"="3"]) labels=["c"="4"]', before).labels).toEqual({
      a: '1',
      b: '2',
      c: '4',
    });
  });

  it('tells thresholds from other tags, of which the last of a name counts', () => {
    const rule = ruleOf('ColumnValues a = "x" with Threshold >= 0.9 with n = 1 + 2 with s = "t" with n = NULL');
    expect(rule.threshold).toMatchObject({ operator: '>=', operands: [{ value: 0.9 }] });
    expect(rule.tags).toEqual([
      { name: 'n', value: 'NULL', text: 'NULL' },
      { name: 's', value: 't', text: '"t"' },
    ]);
  });

  it('says where rules stand, and where text begins that is not read', () => {
    const { rules, ignoredFrom } = parse(
      '# one\nRules = [\n\tIsUnique a,\n  (RowCount > 1)\n]\n Rules = [ IsUnique b ]\n'
    );
    expect(rules.map(({ at }) => at)).toEqual([
      { line: 3, column: 2 },
      { line: 4, column: 3 },
    ]);
    expect(ignoredFrom).toEqual({ line: 6, column: 2 });
  });
});
