import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderStore } from '../../client/quality/result-store.js';
import { resultDocument } from '../../quality/results/result-document.js';
import type { RuleRun } from '../../quality/results/result-document.js';
import {
  resultColumns,
  resultPartitions,
  resultPaths,
  resultTableName,
  resultViews,
} from '../../quality/results/result-tables.js';

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

const rule = (number: number, Result: RuleRun['Result'], FailedRows?: number): RuleRun => ({
  Name: `Rule_${number}`,
  Result,
  Description: `RowCount > ${number}`,
  EvaluationMessage: Result === 'PASS' ? '' : 'no, "it" is not',
  EvaluatedMetrics: { 'Dataset.*.RowCount': 1 },
  ...(FailedRows !== undefined && { FailedRows }),
});
const result = (resultId: string, completedOn: string, rules: RuleRun[]) =>
  resultDocument({
    rulesetName: 'orders',
    database: 'shop',
    table: 'orders',
    runId: `run-${resultId}`,
    resultId,
    score: rules.filter(({ Result }) => Result === 'PASS').length / Math.max(1, rules.length),
    startedOn: new Date(completedOn),
    completedOn: new Date(completedOn),
    totalRows: 10,
    engine: 'glue',
    rules,
  });

/** DuckDB's types for the table's own, read off Hive's. */
const duckType = (hive: string): string =>
  hive
    .replaceAll(/struct<([^<>]*)>/g, (_, members: string) => `STRUCT(${members.replaceAll(':', ' ')})`)
    .replace(/^array<(.*)>$/, '$1[]')
    .replaceAll(/\bstring\b/g, 'VARCHAR');

/** Keys as the OpenX SerDe reads them, which takes no account of case. */
function lowerCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toLowerCase(), lowerCase(member)]));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-results-'));
  const store = folderStore(folder);
  await store.keep(result('a', '2026-03-01T23:59:59.999Z', [rule(1, 'PASS'), rule(2, 'FAIL', 4), rule(3, 'ERROR')]));
  await store.keep(result('b', '2026-03-02T00:00:00.000Z', [rule(1, 'PASS'), rule(2, 'PASS', 0)]));
  await store.keep(result('c', '2026-03-02T12:00:00.000Z', []));
  for (const { uri } of (await store.list()).results) {
    await writeFile(uri, JSON.stringify(lowerCase(JSON.parse(await readFile(uri, 'utf8')))));
  }
  instance = await DuckDBInstance.create();
  connection = await instance.connect();
  const columns = resultColumns.map(({ name, type }) => `${name}: '${duckType(type)}'`);
  const files = `${folder}/gluedataqualitylogs/*/*/*/*.json`;
  const partitions = resultPartitions.map(({ name }) => `'${name}': VARCHAR`).join(', ');
  await connection.run('CREATE SCHEMA data_quality');
  await connection.run(
    `CREATE VIEW data_quality.${resultTableName} AS FROM read_json('${files}', format = 'newline_delimited',
       columns = {${columns.join(', ')}}, hive_partitioning = true, hive_types = {${partitions}})`
  );
  // What Athena's SQL has under other names.
  await connection.run('CREATE MACRO sequence(low, high) AS range(low, high + 1)');
  await connection.run('CREATE MACRO cardinality(list) AS len(list)');
  await connection.run('CREATE MACRO element_at(list, nth) AS list[nth]');
  for (const { name, sql } of resultViews('data_quality')) await connection.run(`CREATE VIEW ${name} AS ${sql}`);
});
afterAll(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true });
});

const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRowsJson();

it('gives a row for each rule of each result, with its day', async () => {
  expect(
    await rows(
      `SELECT resultid, year || month || day, rule, result, failedrows, evaluationmessage, score
       FROM data_quality_result_view ORDER BY resultid, rule`
    )
  ).toEqual([
    ['a', '20260301', 'Rule_1', 'PASS', null, '', 1 / 3],
    ['a', '20260301', 'Rule_2', 'FAIL', '4', 'no, "it" is not', 1 / 3],
    ['a', '20260301', 'Rule_3', 'ERROR', null, 'no, "it" is not', 1 / 3],
    ['b', '20260302', 'Rule_1', 'PASS', null, '', 1],
    ['b', '20260302', 'Rule_2', 'PASS', '0', '', 1],
  ]);
});

it('sums each result once', async () => {
  const sums = 'SELECT sum(numrulessucceeded)::INT, sum(numrulesfailed)::INT, count(*)::INT';
  expect(await rows(`${sums} FROM data_quality_result_totals_view`)).toEqual([[3, 2, 3]]);
  // What the totals are there to prevent.
  expect(await rows(`${sums} FROM data_quality_result_view`)).toEqual([[7, 6, 5]]);
});

it('declares the columns that the views have, and every field of a result', async () => {
  for (const { name, columns } of resultViews('data_quality')) {
    const described = await rows(`SELECT column_name, column_type FROM (DESCRIBE ${name})`);
    expect(described).toEqual(columns.map((column) => [column.name, duckType(column.type).toUpperCase()]));
  }
  const document = result('d', '2026-03-02T12:00:00.000Z', [rule(1, 'PASS')]);
  expect(resultPaths.split(',')).toEqual(expect.arrayContaining(Object.keys(document)));
  expect(resultColumns.map(({ name }) => name)).toEqual(
    expect.arrayContaining(Object.keys(document).map((name) => name.toLowerCase()))
  );
});
