import { describe, expect, it } from 'vitest';
import type { MetricHistory } from '../../../quality/index.js';
import { Duck } from './duck.js';

const duck = Duck.forFile('CREATE TABLE t AS SELECT i AS id, i % 4 AS v FROM range(100) r(i)');

/** A history of one metric; others have none. */
function past(...values: number[]): MetricHistory {
  return { values: (metric) => Promise.resolve(metric === 'Dataset.*.RowCount' ? values : []) };
}

describe('dynamic rules', () => {
  it.each([
    ['RowCount > last()', [99, 200], 'PASS', 'RowCount > 99'],
    ['RowCount > last()', [], 'PASS', 'RowCount > 0'],
    ['RowCount > avg(last(5)) * 0.8', [100, 120], 'PASS', 'RowCount > 88'],
    [
      'RowCount between 0.9 * avg(last(10)) and 1.1 * avg(last(10))',
      [100],
      'PASS',
      'RowCount between 90 and 110.00000000000001',
    ],
    ['RowCount = max(last(3))', [50, 100, 70, 999], 'PASS', 'RowCount = 100'],
    ['RowCount = min(last(2))', [150, 100, 70], 'PASS', 'RowCount = 100'],
    ['RowCount = median(last(4))', [80, 120, 90, 110], 'PASS', 'RowCount = 100'],
    ['RowCount = sum(last(2))', [40, 60], 'PASS', 'RowCount = 100'],
    ['RowCount > std(last(2))', [10, 20], 'PASS', 'RowCount > 5'],
    ['RowCount = index(last(3), 1)', [1, 100, 3], 'PASS', 'RowCount = 100'],
    ['RowCount > abs(last() - 90)', [80], 'PASS', 'RowCount > 10'],
    ['RowCount > 10 + last() * 2', [30], 'PASS', 'RowCount > 80'],
  ] as const)('%s after %j', async (rule, values, result, evaluatedRule) => {
    expect(await duck.rule(rule, 't', { history: past(...values) })).toMatchObject({ result, evaluatedRule });
  });

  it.each([
    ['RowCount > last(3)', 'single value is expected'],
    ['RowCount > index(last(3), 7)', 'out of range'],
    ['RowCount > last(0)', 'whole number from 1'],
    ['RowCount > biggest(last(3))', 'Unknown function biggest'],
  ])('%s is an error', async (rule, words) => {
    const answer = await duck.rule(rule, 't', { history: past(1, 2, 3) });
    expect(answer).toMatchObject({ result: 'ERROR' });
    expect(answer.message).toContain(words);
  });

  it('evaluate without any history', async () => {
    expect(await duck.rule('RowCount > last()', 't')).toMatchObject({ result: 'PASS' });
  });
});

describe('DetectAnomalies', () => {
  it.each([
    [[100, 101, 99, 100], 'PASS'],
    [[10, 11, 9, 10], 'FAIL'],
    [[100, 100, 100], 'PASS'],
    [[99, 99, 99], 'FAIL'],
    [[1, 1], 'PASS'],
  ])('RowCount 100 after %j', async (values, result) => {
    const answer = await duck.rule('DetectAnomalies "RowCount"', 't', { history: past(...values) });
    expect(answer).toMatchObject({ result, metrics: { 'Dataset.*.RowCount': 100 } });
    if (result === 'FAIL') expect(answer.message).toContain('100.0 is an anomaly');
  });

  it('measures metrics of columns', async () => {
    expect((await duck.rule('DetectAnomalies "Completeness" "v"', 't')).metrics).toEqual({
      'Column.v.Completeness': 1,
    });
    expect((await duck.rule('DetectAnomalies "ColumnValues" "v"', 't')).metrics).toEqual({
      'Column.v.Minimum': 0,
      'Column.v.Maximum': 3,
    });
    expect(await duck.rule('DetectAnomalies "Mood" "v"', 't')).toMatchObject({ result: 'ERROR' });
  });
});

describe('analyzers', () => {
  it('gather metrics, count for nothing in the score, and observe what is unlikely', async () => {
    const result = await duck.evaluate(
      'Rules = [ RowCount = 1 ] Analyzers = [ RowCount, Mean "v", AllStatistics "v", Mean "ghost" ]',
      't',
      { history: past(10, 11, 9) }
    );
    expect(result.score).toBe(0);
    expect(result.analyzers.map(({ name, metrics }) => [name, Object.keys(metrics).length])).toEqual([
      ['Analyzer_1', 1],
      ['Analyzer_2', 1],
      ['Analyzer_3', 12],
      ['Analyzer_4', 0],
    ]);
    expect(result.analyzers[2]!.metrics).toMatchObject({
      'Column.v.Mean': 1.5,
      'Column.v.DistinctValuesCount': 4,
      'Column.v.Entropy': expect.closeTo(Math.log(4), 9) as number,
    });
    expect(result.analyzers[3]!.message).toBe('Input data does not include column ghost!');
    expect(result.observations).toHaveLength(1);
    expect(result.observations[0]).toMatchObject({ metric: 'Dataset.*.RowCount', actual: 100, expected: 10 });
  });
});
