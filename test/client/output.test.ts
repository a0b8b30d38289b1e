import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CommandError, UsageError, reportOf } from '../../client/errors.js';
import { drawReport, runReport } from '../../client/growth-report.js';
import { bar, createProgress } from '../../client/output/progress.js';
import { duration, table } from '../../client/output/table.js';
import type { ReportPlan } from '../../model/plan.js';

const report: ReportPlan = { name: 'growth', title: 'Growth', sql: 'SELECT', by: ['country', 'category'] };

describe('a report of growth', () => {
  const result = {
    columns: ['period', 'country', 'category', 'growth'].map((name) => ({ name, type: 'varchar' })),
    rows: [
      ['2004-Q1', 'France', 'Ships', '12.3456'],
      ['2004-Q1', 'UK', null, '-0.5'],
      ['2004-Q2', null, null, null], // a quarter in which nothing can be compared
    ],
  };

  it('is grouped by period with growth as numbers, whatever type the warehouse gives it', async () => {
    expect(await runReport(report, () => Promise.resolve(result))).toEqual({
      '2004-Q1': [
        { country: 'France', category: 'Ships', growth: 12.3456 },
        { country: 'UK', category: null, growth: -0.5 },
      ],
      '2004-Q2': [],
    });
  });

  it('refuses an answer that lacks a column', async () => {
    const without = { columns: result.columns.slice(1), rows: [] };
    await expect(runReport(report, () => Promise.resolve(without))).rejects.toThrow('no column period');
  });

  it('is drawn with a column per period', async () => {
    const lines = drawReport(report, await runReport(report, () => Promise.resolve(result))).split('\n');
    expect(lines[0]).toBe('Growth, in percent');
    expect(
      lines
        .find((line) => line.includes('France'))
        ?.split('│')
        .map((cell) => cell.trim())
    ).toEqual(['', 'France', 'Ships', '12.3', '', '']);
  });
});

describe('a table', () => {
  it('puts numbers to the right, tells NULL from empty text, and disarms control characters', () => {
    const drawn = table(
      ['name', 'n'],
      [
        ['a\u001b[31mred\n', 5],
        [null, 1234],
        ['', null],
      ]
    );
    expect(drawn).not.toContain('\u001b');
    expect(drawn).toContain('│ a\\u001b[31mred\\n │    5 │');
    expect(drawn).toContain('│ NULL             │ 1234 │');
    expect(drawn).toContain('│                  │ NULL │');
  });

  it('tells durations in units that a person reads', () => {
    expect([0.04, 59.94, 67, 3607].map(duration)).toEqual(['0.0 s', '59.9 s', '1 min 07 s', '1 h 00 min 07 s']);
  });
});

describe('progress where there is no terminal', () => {
  it('is plain lines, with a bar told at its quarters', async () => {
    const stream = new PassThrough();
    const progress = createProgress(stream as unknown as NodeJS.WriteStream);
    const value = await progress.step('Load', async (step) => {
      for (let done = 0; done <= 1000; done += 25) step.bar(done, 1000);
      step.title('Loaded 1,000 items');
      return Promise.resolve(7);
    });
    await expect(progress.step('Run', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(value).toBe(7);
    const text = String(stream.read()).replace(/\d+\.\d s/g, 'N s');
    expect(text).toBe('… Load\n  25 %\n  50 %\n  75 %\n  100 %\n✔ Loaded 1,000 items (N s)\n… Run\n✖ Run (N s)\n');
    expect(bar(1250, 5000, 8)).toBe('██░░░░░░  25 %  1,250 of 5,000');
  });
});

describe('an error at the edge of the process', () => {
  it('has the exit code of its kind', () => {
    expect(reportOf(new UsageError('x', ['a']))).toEqual({ exitCode: 2, message: 'x', problems: ['a'] });
    expect(reportOf(new CommandError('gate', 3)).exitCode).toBe(3);
    expect(reportOf(new Error('boom'))).toEqual({ exitCode: 1, message: 'boom' });
    expect(reportOf(new AggregateError([new Error('a'), new Error('b')]))).toEqual({ exitCode: 1, message: 'a; b' });
  });

  it('with problems is a fault of the input, each told once', () => {
    const error = Object.assign(new Error('warehouse.yaml has 2 problems:\n  facts: one\n  two'), {
      problems: [
        { path: 'facts', message: 'one', line: 3, column: 5 },
        { path: '', message: 'two' },
      ],
    });
    expect(reportOf(error)).toEqual({
      exitCode: 2,
      message: 'warehouse.yaml has 2 problems',
      problems: ['3:5 facts: one', 'two'],
    });
  });
});
