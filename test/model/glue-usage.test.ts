import { describe, expect, it } from 'vitest';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { escapeHtml, reportHtml, reportSubject, reportText } from '../../model/glue-usage/report-html.js';
import { glueUsageReport } from '../../model/glue-usage/report.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import { consoleLink, judgeRun } from '../../model/glue-usage/verdict.js';

const limits = { workers: 10, minutes: 480 };
const longest = 480 * 60;

describe('the verdict on a Glue run', () => {
  it.each<[string, number, number, string, string[]]>([
    ['SUCCEEDED', longest, 10, 'within', []],
    ['SUCCEEDED', longest + 1, 10, 'flagged', ['it took 480 minutes, more than 480']],
    ['SUCCEEDED', 60, 11, 'flagged', ['it had 11 workers, more than 10']],
    ['STOPPED', 60, 10, 'within', []],
    ['STOPPED', longest * 2, 11, 'flagged', ['it took 960 minutes, more than 480', 'it had 11 workers, more than 10']],
    ['FAILED', 60, 2, 'failed', ['it ended FAILED']],
    ['FAILED', 60, 11, 'failed', ['it ended FAILED', 'it had 11 workers, more than 10']],
    ['ERROR', 0, 2, 'failed', ['it ended ERROR']],
    ['TIMEOUT', longest * 2, 2, 'timed-out', ['it timed out', 'it took 960 minutes, more than 480']],
  ])('%s after %d s with %d workers is %s', (state, executionSeconds, workers, verdict, reasons) => {
    expect(judgeRun({ state, executionSeconds, workers }, limits)).toEqual({ verdict, reasons });
  });
  it('is not by what nobody knows', () => {
    expect(judgeRun({ state: 'SUCCEEDED' }, limits)).toEqual({ verdict: 'within', reasons: [] });
  });
  it.each([
    ['us-east-1', 'https://us-east-1.console.aws.amazon.com/gluestudio/home?region=us-east-1#/job/a%20b/run/jr_1'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/gluestudio/home?region=cn-north-1#/job/a%20b/run/jr_1'],
  ])('links to the console of %s', (region, link) => {
    expect(consoleLink(region, 'a b', 'jr_1')).toBe(link);
  });
});

describe('usageGuard', () => {
  it('has the limits of the write-up unless told otherwise', () => {
    expect(usageGuardSchema.parse({})).toEqual({ workers: 10, minutes: 480, emails: [], table: 'sluice-glue-usage' });
  });
  it.each([
    [{ emails: ['a@b.c'] }, 'from'],
    [{ emails: ['not an address'], from: 'a@b.c' }, 'emails.0'],
    [{ emails: ['a@b.c\nBcc: x@y.z'], from: 'a@b.c' }, 'emails.0'],
    [{ workers: 0 }, 'workers'],
    [{ minutes: 0 }, 'minutes'],
    [{ queueUrl: 'queue' }, 'queueUrl'],
  ])('refuses %j by its field', (given, path) => {
    const result = usageGuardSchema.safeParse(given);
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

const run = (given: Partial<GlueRunRecord>): GlueRunRecord => ({
  id: 'jr_1_x',
  job: 'load',
  runId: 'jr_1',
  state: 'SUCCEEDED',
  verdict: 'within',
  reasons: [],
  optedOut: false,
  endedAt: '2026-03-03T00:00:00.000Z',
  executionSeconds: 600,
  attempt: 0,
  workers: 2,
  workerType: 'G.1X',
  glueVersion: '5.0',
  executionClass: 'STANDARD',
  autoScaled: false,
  cost: 0.5,
  ...given,
});
const span = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-08T00:00:00.000Z' };

describe('the report', () => {
  const report = glueUsageReport(
    [
      run({}),
      run({ state: 'FAILED', executionSeconds: 60, workers: 4 }),
      run({ attempt: 2, executionSeconds: 60, cost: undefined }),
      run({
        job: 'other',
        state: 'TIMEOUT',
        executionSeconds: 7200,
        workerType: 'G.2X',
        executionClass: 'FLEX',
        cost: 2,
      }),
      run({ job: 'gone', state: 'STOPPED', executionSeconds: undefined, workers: undefined, workerType: undefined }),
      run({ job: 'before', endedAt: '2026-02-28T23:59:59.999Z' }),
      run({ job: 'first', endedAt: span.from, glueVersion: '4.0' }),
      run({ job: 'after', endedAt: span.to }),
    ],
    span
  );

  it('sums up jobs, the longest running first, with those that have no known cost counted apart', () => {
    expect(report.jobs).toEqual([
      { job: 'other', runs: 1, seconds: 7200, retries: 0, averageWorkers: 2, cost: 2, runsWithoutCost: 0 },
      { job: 'load', runs: 3, seconds: 720, retries: 1, averageWorkers: 8 / 3, cost: 1, runsWithoutCost: 1 },
      { job: 'first', runs: 1, seconds: 600, retries: 0, averageWorkers: 2, cost: 0.5, runsWithoutCost: 0 },
      { job: 'gone', runs: 1, seconds: 0, retries: 0, averageWorkers: null, cost: 0.5, runsWithoutCost: 0 },
    ]);
    expect({ runs: report.runs, cost: report.cost, without: report.runsWithoutCost }).toEqual({
      runs: 6,
      cost: 4,
      without: 1,
    });
  });
  it('counts how runs ended, and runs by worker type, execution class and Glue version', () => {
    expect(report.statuses.find(({ job }) => job === 'load')).toEqual({
      job: 'load',
      succeeded: 2,
      failed: 1,
      timedOut: 0,
      stopped: 0,
    });
    const counts = (kinds: typeof report.workerTypes) => kinds.map(({ kind, runs }) => [kind, runs]);
    expect(counts(report.workerTypes)).toEqual([
      ['G.1X', 4],
      ['G.2X', 1],
      ['unknown', 1],
    ]);
    expect(counts(report.executionClasses)).toEqual([
      ['FLEX', 1],
      ['STANDARD', 5],
    ]);
    expect(counts(report.glueVersions)).toEqual([
      ['4.0', 1],
      ['5.0', 5],
    ]);
  });
  it('is a page of five tables without scripts, style sheets or images, and a text with the same figures', () => {
    const html = reportHtml(report);
    expect(html.match(/<thead>/g)).toHaveLength(5);
    expect(html).not.toMatch(/<(script|link|style|img)\b/i);
    expect(html).toContain('not a bill');
    expect(reportSubject(report)).toBe('Glue usage 2026-03-01 to 2026-03-08: 6 runs, $4.00 *');
    expect(reportText(report)).toMatch(/^load +3 +12 min 00 s +1 +2\.7 +\$1\.00 \*$/m);
  });
  it('escapes what names of jobs would do to the page', () => {
    const hostile = `<img src=x onerror="alert('1')">&`;
    const html = reportHtml(glueUsageReport([run({ job: hostile, workerType: hostile })], span));
    expect(html).not.toContain('<img');
    expect(html).toContain(escapeHtml(hostile));
    expect(escapeHtml(hostile)).toBe('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
  });
  it('says so when nothing ran', () => {
    const none = glueUsageReport([], span);
    expect(reportHtml(none).match(/No run has ended/g)).toHaveLength(5);
    expect(reportSubject(none)).toContain('0 runs, n/a');
  });
});
