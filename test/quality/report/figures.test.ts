import { expect, it } from 'vitest';
import { ReportCollector } from '../../../quality/report/collect.js';
import { choices, everything, figures } from '../../../quality/report/figures.js';
import type { ReportData } from '../../../quality/report/report-data.js';
import { reportOfResults } from '../../../quality/report/render-report.js';
import { parseResultDocument } from '../../../quality/results/result-document.js';
import type { ResultDocument } from '../../../quality/results/result-document.js';
import { hostile, madeResult, madeResults } from './made-results.js';

const now = new Date('2026-03-09T00:00:00Z');

function collected(
  results: readonly ResultDocument[],
  bounds?: ConstructorParameters<typeof ReportCollector>[0]
): ReportData {
  const collector = new ReportCollector(bounds);
  for (const result of results) collector.add(result);
  return collector.data(now);
}

const distinct = (results: readonly ResultDocument[]): ResultDocument[] => [
  ...new Map(results.map((result) => [result.resultId, result])).values(),
];
const total = (results: readonly ResultDocument[], field: keyof ResultDocument): number =>
  results.reduce((sum, result) => sum + Number(result[field] ?? 0), 0);

it('counts each result once, and its rules as its numbers say', () => {
  const results = distinct(madeResults());
  const found = figures(collected(madeResults()), everything);
  expect(found.results).toBe(results.length);
  expect(found.rules.passed).toBe(total(results, 'numRulesSucceeded'));
  expect(found.rules.failed + found.rules.error).toBe(total(results, 'numRulesFailed'));
  expect(found.rules.skipped).toBe(4);
  expect(found.rules.error).toBe(8 + 4);
  expect(found.score).toBeCloseTo(total(results, 'score') / results.length, 12);
  const telling = results.filter(({ totalRows }) => totalRows !== undefined);
  expect(found.rows).toEqual({
    results: telling.length,
    evaluated: total(telling, 'totalRows'),
    clean: total(telling, 'passedRows'),
    cleared: total(
      telling.filter(({ state }) => state === 'SUCCEEDED'),
      'passedRows'
    ),
  });
});

it('filters every figure by database, table, ruleset and days', () => {
  const data = collected(madeResults());
  const filter = { ...everything, database: 'shop', table: 'orders', from: '2026-03-02', to: '2026-03-06' };
  const found = figures(data, filter);
  expect(found.days.map(({ day }) => day)).toEqual(['02', '03', '04', '05', '06'].map((day) => `2026-03-${day}`));
  expect(found.rules).toEqual({ passed: 26, failed: 4, error: 0, skipped: 0 });
  expect(found.days[1]).toEqual({
    day: '2026-03-03',
    results: 1,
    score: 4 / 6,
    rules: { passed: 4, failed: 2, error: 0, skipped: 0 },
  });
  expect(found.tables.map(({ name }) => name)).toEqual(['shop.orders']);
  expect(found.failingRules.map(({ completedOn, name }) => `${completedOn.slice(8, 10)} ${name}`)).toEqual([
    '06 Rule_2',
    '06 Rule_3',
    '03 Rule_2',
    '03 Rule_3',
  ]);
  expect(found.rows).toMatchObject({ results: 5, evaluated: 5020, clean: 4930, cleared: 988 + 986 + 985 });
  expect(figures(data, { ...everything, ruleset: hostile.ruleset }).results).toBe(4);
  expect(figures(data, { ...everything, from: '2026-03-05', to: '2026-03-04' }).results).toBe(0);
});

it('counts rules by table and type, and names what filters offer', () => {
  const data = collected(madeResults());
  const { pivot } = figures(data, { ...everything, database: 'shop' });
  expect(pivot.ruleTypes[0]).toBe('ColumnValues');
  expect([...pivot.ruleTypes].sort()).toEqual(['ColumnValues', 'Composite', 'CustomSql', 'IsComplete', 'Other']);
  const [items, orders] = pivot.rows;
  expect(items).toMatchObject({ table: 'shop.items' });
  expect(items!.entries[pivot.ruleTypes.indexOf('CustomSql')]).toEqual({ passed: 0, evaluated: 8 });
  expect(orders!.entries[0]).toEqual({ passed: 18 - 4, evaluated: 18 });
  expect(choices(data, { database: 'shop', table: '' })).toEqual({
    databases: ['shop', 'ware'],
    tables: ['items', 'orders'],
    rulesets: ['items-rules', 'orders-rules'],
  });
});

it('tells failed rules from errors whether or not the failed ones include them', () => {
  const ours = madeResult('x', { day: '2026-03-01' }, { failed: [0], errors: [1, 2] });
  const apart = { ...ours, resultId: 'y', numRulesFailed: '1' };
  expect(figures(collected([ours]), everything).rules).toEqual({ passed: 3, failed: 1, error: 2, skipped: 0 });
  expect(figures(collected([apart]), everything).rules).toEqual({ passed: 3, failed: 1, error: 2, skipped: 0 });
});

it('reads what AWS’s sample writes, and leaves out what has no day', () => {
  const sample = parseResultDocument(
    JSON.stringify({
      ruleset_name: 'r',
      tableName: 't',
      databaseName: 'd',
      runId: 'run',
      resultId: 'id',
      state: 'FAILED',
      score: '0.5',
      numRulesSucceeded: '1',
      numRulesFailed: '1',
      numRulesSkipped: '0',
      resultrun: [
        { Name: 'Rule_1', Description: 'RowCount > 0', Result: 'PASS', EvaluationMessage: '' },
        { Name: 'Rule_2', Description: 'IsComplete "a"', Result: 'FAIL', EvaluationMessage: 'Value: 0.5' },
      ],
    })
  );
  const data = collected([sample, { ...sample, resultId: 'dated', completedOn: '2026-03-01T00:00:00.000Z' }]);
  expect(data.leftOut.undated).toBe(1);
  expect(figures(data, everything)).toMatchObject({ results: 1, score: 0.5, rules: { passed: 1, failed: 1 } });
});

it('keeps the newest days and failing rules of many results, and says what it leaves out', async () => {
  const many: ResultDocument[] = [];
  const tables = Array.from({ length: 20 }, (_, index) => `表<&>_${index}`);
  for (let day = 0; day < 200; day += 1) {
    const on = new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10);
    for (const table of tables)
      many.push(madeResult(`${table} ${day}`, { day: on, table }, { failed: [0], rows: [9, 8] }));
  }
  const data = collected(many);
  const found = figures(data, everything);
  expect(found.days.at(-1)!.day).toBe('2025-07-19');
  expect(found.days.every(({ results }) => results === 20)).toBe(true);
  expect(data.leftOut.results).toBe(4000 - found.results);
  expect(data.leftOut.results).toBeGreaterThan(0);
  expect(data.scopes).toHaveLength(20);
  expect(found.failingRules.every(({ scope, rule }) => scope < 20 && rule === 'IsComplete "id"')).toBe(true);
  expect(found.failingRules.length + data.leftOut.failingRules).toBe(found.rules.failed);
  expect(found.failingRules[0]!.completedOn).toContain('2025-07-19');
  const html = await reportOfResults([madeResult('first', { day: '2020-01-01', table: 'gone' }), ...many], now);
  expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  expect(html).not.toContain('gone');
});

it('writes the data so that nothing in it is markup, and as it was', async () => {
  const html = await reportOfResults(madeResults(), now);
  const [, json = ''] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html) ?? [];
  expect(json).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(json)).toEqual(collected(madeResults()));
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(
    JSON.parse(json).failingRules.some(({ message }: { message: string }) => message.endsWith(hostile.message))
  ).toBe(true);
});

it('loads nothing: no address but those of names and licences', async () => {
  const html = await reportOfResults([], now);
  expect(html).not.toMatch(/<(link|script|img|iframe)[^>]+(src|href)=["'](?!data:)/);
  expect(html).toContain("default-src 'none'");
});
