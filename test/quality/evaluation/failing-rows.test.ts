import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Duck } from './duck.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-quarantine-'));
afterAll(() => rmSync(folder, { recursive: true }));

const duck = Duck.forFile(
  `CREATE TABLE orders AS SELECT * FROM (VALUES
     (1, 'a', 10, 'ada@x.org', 'OPEN'), (2, 'b', -5, 'bad', 'OPEN'), (2, 'c', 30, NULL, 'LOST'),
     (3, NULL, NULL, 'x@y.io', 'OPEN'), (4, 'e', 7, 'x@y.io', NULL)) AS t(id, customer, amount, email, status)`,
  `CREATE TABLE customers AS SELECT unnest(['a', 'b', 'e']) AS name`
);

const rules = `Rules = [
  RowCount = 5,
  IsComplete "customer",
  IsUnique "id",
  ColumnValues "amount" > 0,
  ColumnValues "status" in ["OPEN", NULL],
  ColumnValues "email" matches ".+@.+" with threshold > 0.5,
  ReferentialIntegrity "customer" "customers.name" = 1,
  CustomSql "select id, customer from primary where id < 4",
  ColumnLength "customer" = 1,
  (ColumnValues "amount" > 0) or (ColumnValues "status" = "OPEN"),
  IsComplete "status" where "id < 4",
  IsComplete "ghost"
]`;
const aliases = { customers: 'customers' };

describe('failing rows', () => {
  it('are counted for each rule on rows, with the keys of some', async () => {
    const result = await duck.evaluate(rules, 'orders', {
      aliases,
      failingRows: { keys: ['id', 'customer'], sample: 2 },
    });
    const key = (id: number, customer: string | null): Record<string, string | null> => ({ id: String(id), customer });
    expect(result.rules.map(({ result: verdict, failingRows }) => [verdict, failingRows])).toEqual([
      ['PASS', undefined],
      ['FAIL', { count: 1, sample: [key(3, null)] }],
      ['FAIL', { count: 2, sample: [key(2, 'b'), key(2, 'c')] }],
      ['FAIL', { count: 2, sample: [key(2, 'b'), key(3, null)] }],
      ['FAIL', { count: 1, sample: [key(2, 'c')] }],
      ['PASS', { count: 2, sample: [key(2, 'b'), key(2, 'c')] }],
      ['FAIL', { count: 2, sample: [key(2, 'c'), key(3, null)] }],
      ['FAIL', { count: 1, sample: [key(4, 'e')] }],
      ['PASS', { count: 0, sample: [] }],
      ['FAIL', { count: 0, sample: [] }],
      ['PASS', { count: 0, sample: [] }],
      ['ERROR', undefined],
    ]);
    expect(result.totals.rows).toEqual({ processed: 5, passed: 1, failed: 4 });
    expect(JSON.stringify(result)).not.toContain('x@y.io');
  });

  it('leave only their number without keys', async () => {
    const result = await duck.evaluate(rules, 'orders', { aliases, failingRows: {} });
    expect(result.rules[1]!.failingRows).toEqual({ count: 1 });
  });

  it('need key columns that exist', async () => {
    const keys = ['ghost'];
    await expect(duck.evaluate(rules, 'orders', { aliases, failingRows: { keys } })).rejects.toThrow(
      'Key column ghost'
    );
  });

  it('go to quarantine with all their reasons, and the others stay whole', async () => {
    const to = join(folder, `it's here`);
    const { quarantine } = await duck.evaluate(rules, 'orders', { aliases, quarantine: { folder: to } });
    expect(quarantine).toMatchObject({ goodRows: 1, badRows: 4 });
    expect(readdirSync(to).sort()).toEqual(['bad.parquet', 'good.parquet']);
    const file = (path: string): string => `'${path.replaceAll("'", "''")}'`;
    expect(
      await duck.rows(`SELECT id, customer, DataQualityRulesFail AS r FROM ${file(quarantine!.bad)} ORDER BY 1, 2`)
    ).toEqual([
      { id: 2, customer: 'b', r: ['Rule_3', 'Rule_4', 'Rule_6'] },
      { id: 2, customer: 'c', r: ['Rule_3', 'Rule_5', 'Rule_6', 'Rule_7'] },
      { id: 3, customer: null, r: ['Rule_2', 'Rule_4', 'Rule_7'] },
      { id: 4, customer: 'e', r: ['Rule_8'] },
    ]);
    expect(await duck.rows(`SELECT * FROM ${file(quarantine!.good)}`)).toEqual([
      { id: 1, customer: 'a', amount: 10, email: 'ada@x.org', status: 'OPEN' },
    ]);
  });

  it('are none where a table has no rules on rows', async () => {
    const to = join(folder, 'none');
    const { quarantine } = await duck.evaluate('Rules = [ RowCount > 9 ]', 'orders', { quarantine: { folder: to } });
    expect(quarantine).toMatchObject({ goodRows: 5, badRows: 0 });
  });
});

describe('composites', () => {
  const table = `CREATE TABLE pairs AS SELECT * FROM (VALUES (2, 1), (0, 3)) AS t("myCol1", "myCol2")`;
  const rule = '(ColumnValues "myCol1" > 1) OR (ColumnValues "myCol2" > 2)';

  it('differ by method as the documentation shows', async () => {
    await duck.connection.run(table);
    expect(await duck.rule(rule, 'pairs')).toMatchObject({ result: 'FAIL' });
    const byRow = await duck.rule(rule, 'pairs', { compositeMethod: 'ROW' });
    expect(byRow).toMatchObject({
      result: 'PASS',
      metrics: { 'Column.myCol1.Minimum': 0, 'Column.myCol2.Minimum': 1 },
    });
  });

  it.each([
    ['(ColumnValues "myCol1" > 1) AND (ColumnValues "myCol2" > 2)', 'FAIL'],
    ['(ColumnValues "myCol1" > 1) OR (RowCount = 2)', 'PASS'],
    ['((ColumnValues "myCol1" > 1) AND (RowCount = 2)) OR (ColumnValues "myCol2" > 2)', 'PASS'],
    ['(ColumnValues "myCol1" > 1) OR (IsUnique "myCol2")', 'PASS'],
    ['(Completeness "myCol1" > 0) OR (RowCount = 2)', 'ERROR'],
    ['(ColumnValues "ghost" > 1) OR (ColumnValues "myCol2" > 2)', 'ERROR'],
  ])('row by row: %s', async (composite, result) => {
    expect(await duck.rule(composite, 'pairs', { compositeMethod: 'ROW' })).toMatchObject({ result });
  });

  it.each([
    ['(IsComplete "ghost") and (RowCount = 99)', 'FAIL'],
    ['(IsComplete "ghost") and (RowCount = 2)', 'ERROR'],
    ['(IsComplete "ghost") or (RowCount = 2)', 'PASS'],
    ['(IsComplete "ghost") or (RowCount = 99)', 'ERROR'],
  ])('with an operand in error: %s', async (composite, result) => {
    expect(await duck.rule(composite, 'pairs')).toMatchObject({ result });
  });
});
