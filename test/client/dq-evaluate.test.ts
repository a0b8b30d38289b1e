import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../client/commands/dq/evaluate.js';
import type { EvaluateOptions } from '../../client/commands/dq/evaluate.js';
import { results } from '../../client/commands/dq/results.js';
import { NotPassedError, UsageError } from '../../client/errors.js';
import { parseResultDocument, resultDocument } from '../../quality/results/result-document.js';
import type { ResultDocument } from '../../quality/results/result-document.js';
import { recordingContext } from './recording-console.js';
import { root, sluice } from './sluice.js';

interface Document {
  readonly passed: boolean;
  readonly reasons: readonly string[];
  readonly uri?: string;
  readonly result: ResultDocument;
  readonly quarantine?: { readonly good: string; readonly bad: string };
}

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice dq '));
  // Endings of lines as real files mix them, and a quoted line break.
  const csv = 'id,name,price\n1,"Ada, or ""Ada""",10.5\r\n2,"two\nlines",\r\n3,Grün,-1\n';
  await writeFile(file('orders.csv'), csv);
  await writeFile(file('orders.csv.gz'), gzipSync(csv));
  await writeFile(file('[odd] *name?.csv'), csv);
  await writeFile(
    file('orders.jsonl'),
    '{"id":1,"name":"a","price":10.5}\n{"id":2,"price":null}\n{"id":3,"price":-1}\n'
  );
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (FROM read_csv('${file('orders.csv')}', strict_mode = false)) TO '${file('orders.parquet')}'`
  );
  connection.closeSync();
  instance.closeSync();
  await writeFile(
    file('rules.dqdl'),
    `Rules = [ RowCount = 3, IsComplete "price" labels=["severity"="high"], ColumnValues "id" > 0, IsUnique "id" ]`
  );
  await writeFile(file('dynamic.dqdl'), 'Rules = [ RowCount >= avg(last(2)) ] Analyzers = [ Mean "price" ]');
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command; what ends with exit code 3 gives its document as well. */
async function run(options: Partial<EvaluateOptions>): Promise<Document & { readonly printed: string }> {
  const { context, documents, printed } = recordingContext();
  try {
    await evaluate(context, { reference: [], ruleset: file('rules.dqdl'), ...options });
  } catch (error) {
    if (!(error instanceof NotPassedError)) throw error;
    expect(error.exitCode).toBe(3);
    return { ...(JSON.parse(JSON.stringify(error.document)) as Document), printed: printed.join('\n') };
  }
  return { ...(documents[0] as Document), printed: printed.join('\n') };
}

describe('sluice dq evaluate on files', () => {
  it.each(['orders.csv', 'orders.csv.gz', '[odd] *name?.csv', 'orders.jsonl', 'orders.parquet'])(
    'reads %s',
    async (name) => {
      const { passed, result, reasons } = await run({ data: [file(name)] });
      expect(result.resultrun.map(({ Result }) => Result)).toEqual(['PASS', 'FAIL', 'PASS', 'PASS']);
      expect({ passed, reasons, rows: result.totalRows }).toEqual({
        passed: false,
        reasons: ['1 of 4 rules did not pass: Rule_2'],
        rows: '3',
      });
    }
  );

  it.each([
    ['fields that are missing or too many', 'a,b\n1,"x\ny"\n2\n3,z,9\n', 3, 3],
    ['semicolons and a byte order mark', '\uFEFFid;v\n1;"a;b"\n2;c,d\n', 2, 2],
    ['one column', 'name\nx\ny\n', 2, 1],
    ['nothing but a header', 'a,b\n', 0, 2],
    ['two columns of a name', 'a,a\n1,2\n', 1, 2],
    ['a first row unlike all others', 'a,b\n,\n1,2\n3,4\n', 3, 2],
  ])('takes every row of a CSV file with %s', async (_what, text, rows, columns) => {
    await writeFile(file('odd.csv'), text);
    await writeFile(file('counts.dqdl'), `Rules = [ RowCount = ${rows}, ColumnCount = ${columns} ]`);
    expect((await run({ data: [file('odd.csv')], ruleset: file('counts.dqdl') })).result.resultrun).toMatchObject([
      { Result: 'PASS' },
      { Result: 'PASS' },
    ]);
  });

  it('takes several files as one table', async () => {
    const { result } = await run({ data: [file('orders.csv'), file('orders.csv.gz')] });
    expect(result.totalRows).toBe('6');
    expect(result.resultrun.map(({ Result }) => Result)).toEqual(['FAIL', 'FAIL', 'PASS', 'FAIL']);
  });

  it('shows failing rows by their keys only, and no other value', async () => {
    const { result, printed } = await run({ data: [file('orders.csv')], keys: ['id'], sample: 5 });
    expect(result.resultrun[1]).toMatchObject({ FailedRows: 1, SampleKeys: [{ id: '2' }] });
    expect(printed).toContain('id=2');
    expect(printed + JSON.stringify(result)).not.toMatch(/Ada|Grün|two/);
  });

  it('lets rules fail within a score, but not critical ones', async () => {
    const data = [file('orders.csv')];
    expect((await run({ data, minimumScore: 0.75 })).passed).toBe(true);
    expect(await run({ data, minimumScore: 0.8 })).toMatchObject({
      passed: false,
      reasons: ['the score 0.75 is below 0.8'],
    });
    const critical = { label: 'severity', value: 'high' };
    expect(await run({ data, minimumScore: 0.75, critical })).toMatchObject({
      passed: false,
      reasons: ['critical rules did not pass: Rule_2'],
    });
    expect((await run({ data, minimumScore: 0.75, critical: { label: 'severity', value: 'low' } })).passed).toBe(true);
  });

  it('splits the rows into good and bad ones', async () => {
    const { quarantine } = await run({ data: [file('orders.csv')], quarantine: file('split') });
    const good = await run({ data: [quarantine!.good] });
    const bad = await run({ data: [quarantine!.bad] });
    expect([good.result.totalRows, bad.result.totalRows]).toEqual(['2', '1']);
  });

  it('keeps results, which dynamic rules look back to and sluice dq results lists', async () => {
    const kept = { results: file('kept'), ruleset: file('dynamic.dqdl'), table: 'orders' };
    const twice = await run({ ...kept, data: [file('orders.csv'), file('orders.csv.gz')] });
    expect(twice.result.analyzerrun?.[0]?.EvaluatedMetrics).toEqual({ 'Column.price.Mean': 4.75 });
    const once = await run({ ...kept, data: [file('orders.csv')] });
    expect([twice.result.state, once.result.state]).toEqual(['SUCCEEDED', 'FAILED']);
    expect(once.uri).toBe(
      join(file('kept'), 'gluedataqualitylogs', ...dayOf(once.result.completedOn), `${once.result.resultId}.json`)
    );
    await writeFile(file('kept/not-a-result.json'), '[]');

    const { context, documents, notes } = recordingContext();
    await results(context, undefined, { results: file('kept'), limit: 5 });
    expect(documents[0]).toMatchObject({ results: [{ result: once.result }, { result: twice.result }] });
    expect(notes).toEqual([expect.stringContaining('not-a-result.json')]);
    await results(context, undefined, { results: file('kept'), failed: true });
    expect(documents[1]).toMatchObject({ results: [{ uri: once.uri }] });
    await results(context, undefined, { results: file('kept'), from: '2000-01-01', to: '2001-01-01' });
    expect(documents[2]).toMatchObject({ results: [] });
    await results(context, twice.result.resultId, { results: file('kept') });
    expect(documents[3]).toEqual({ uri: twice.uri, result: twice.result });
    await expect(results(context, 'dqresult-none', { results: file('kept') })).rejects.toThrow(UsageError);
  });

  it('compares two tables', async () => {
    const common = { ruleset: undefined, reconcile: 'old', keys: ['id'], sum: ['price'] };
    const same = await run({
      ...common,
      data: [file('orders.csv')],
      reference: [`old=${file('orders.csv.gz')}`],
    });
    expect(same).toMatchObject({ passed: true, result: { ruleset_name: 'reconcile_old', numRulesSucceeded: '5' } });
    const other = file('other.csv');
    await writeFile(other, 'id,name,price\n1,"Ada, or ""Ada""",10.5\n3,Grün,-2\n');
    const differs = await run({ ...common, data: [file('orders.csv')], reference: [`old=${other}`] });
    expect(differs.result.resultrun.map(({ Result }) => Result)).toEqual(['FAIL', 'PASS', 'FAIL', 'FAIL', 'FAIL']);
  });

  it.each<[string, Partial<EvaluateOptions>, RegExp]>([
    ['a missing file', { data: ['none.csv'] }, /none\.csv: there is no such file/],
    ['an unknown format', { data: [join(root, 'docker-compose.yml')] }, /it takes \.csv/],
    ['no rules', { data: ['x'], ruleset: undefined }, /Rules are needed/],
    ['no data', { engine: 'duckdb' }, /needs --data/],
    ['options of the other engine', { engine: 'glue', keep: true, sample: 3 }, /--sample, --keep/],
    ['a reference without alias', { data: ['x.csv'], reference: ['x.csv'] }, /alias=source/],
    ['sums without a comparison', { data: ['x.csv'], sum: ['price'] }, /--sum needs --reconcile/],
    ['an alias that is none', { ruleset: undefined, data: ['x.csv'], reconcile: 'a"b' }, /no alias/],
    ['a column that DQDL cannot name', { ruleset: undefined, data: ['x'], reconcile: 'a', keys: ['a{b'] }, /a\{b/],
  ])('refuses %s', async (_what, options, message) => {
    await expect(run(options)).rejects.toSatisfy((e) => e instanceof UsageError && message.test(e.message));
  });

  it('refuses unreadable files and unknown keys without quoting rows', async () => {
    await writeFile(file('broken.parquet'), 'SECRET-CELL');
    await writeFile(file('broken.jsonl'), '{"a": SECRET-CELL}\n');
    for (const name of ['broken.parquet', 'broken.jsonl']) {
      const error: unknown = await run({ data: [file(name)] }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toMatch(/broken\..*cannot be read/);
      expect(String(error)).not.toContain('SECRET-CELL');
    }
    await expect(run({ data: [file('orders.csv')], keys: ['nokey'] })).rejects.toThrow(/nokey/);
    await writeFile(file('wrong.dqdl'), 'Rules = [ Completeness "id" between 0.1 to 1 ]');
    await expect(run({ data: [file('orders.csv')], ruleset: file('wrong.dqdl') })).rejects.toMatchObject({
      problems: [expect.stringContaining('wrong.dqdl:1:41 expected "and"')],
    });
  });

  it('ends the process with 3 and the result as its document, and leaves nothing behind', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('sluice-quality-'));
    const args = ['dq', 'evaluate', '--data', 'orders.csv', '--ruleset', 'rules.dqdl', '--keys', 'id', '--json'];
    const { code, document, stderr } = await sluice(args, { cwd: folder });
    expect(code).toBe(3);
    expect(document).toMatchObject({
      passed: false,
      result: { numRulesFailed: '1', databaseName: 'local', tableName: 'orders', engine: 'duckdb' },
      error: { message: 'The data did not pass: 1 of 4 rules did not pass: Rule_2.' },
    });
    expect(stderr).toContain('Rule_2');
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('sluice-quality-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  const taxi = join(root, '../shared/data/taxi/yellow_tripdata_sample_2019-01.csv.gz');
  it.skipIf(!existsSync(taxi))('reads the taxi sample, whose lines end in both ways', async () => {
    await writeFile(
      file('taxi.dqdl'),
      'Rules = [ RowCount = 10000, ColumnCount = 18, Completeness "congestion_surcharge" between 0.3672 and 0.3674 ]'
    );
    expect((await run({ data: [taxi], ruleset: file('taxi.dqdl') })).passed).toBe(true);
  });
});

const dayOf = (iso: string): string[] => {
  const [year, month, day] = iso.slice(0, 10).split('-');
  return [`year=${year}`, `month=${month}`, `day=${day}`];
};

it('keeps metrics that are no number out of documents, and reads those that others left in', () => {
  const rule = { Name: 'Rule_1', Result: 'PASS', Description: 'x', EvaluationMessage: '' } as const;
  const metrics = { a: 1, b: Number.NaN, c: -Infinity };
  const written = resultDocument({
    rulesetName: 'r',
    database: 'd',
    table: 't',
    runId: 'run',
    resultId: 'result',
    score: 1,
    startedOn: new Date(0),
    completedOn: new Date(0),
    engine: 'duckdb',
    rules: [{ ...rule, EvaluatedMetrics: metrics }],
  });
  expect(written.resultrun[0]?.EvaluatedMetrics).toEqual({ a: 1 });
  const foreign = JSON.stringify({ ...written, resultrun: [{ ...rule, EvaluatedMetrics: metrics }, null] });
  expect(parseResultDocument(foreign).resultrun).toMatchObject([{ EvaluatedMetrics: { a: 1 } }, { Result: 'ERROR' }]);
});
