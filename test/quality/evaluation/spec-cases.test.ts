import { describe, expect, it } from 'vitest';
import { casesOf, createTable, haveDqdlData } from './conformance-data.js';
import { Duck } from './duck.js';

interface SpecCase {
  test: string;
  df_scala: string | null;
  rule: string;
  pass: boolean;
}

/** The data of deequ's tests: rows and columns in Scala; undefined for data written in another way. */
function tableOf(scala: string): Parameters<typeof createTable>[2] | undefined {
  const parts = /^Seq\((.*)\)\.toDF\((.*)\)$/.exec(scala);
  if (parts === null) return undefined;
  const list = JSON.parse(`[${parts[1]!.replaceAll('(', '[').replaceAll(')', ']')}]`) as (
    | string
    | (string | number)[]
  )[];
  const rows = list.map((row) => [row].flat());
  const names = JSON.parse(`[${parts[2]!}]`) as string[];
  return { columns: names.map((name, index) => [name, typeof rows[0]![index] === 'number' ? 'int' : 'string']), rows };
}

const many = { columns: Array.from({ length: 50 }, (_, i): [string, string] => [`c${i}`, 'string']), rows: [] };

describe.skipIf(!haveDqdlData)('deequ’s own tests (../shared/dqdl, absent: skipped)', () => {
  const duck = Duck.forFile(
    'CREATE TABLE ours (id INTEGER, name VARCHAR, state VARCHAR)',
    'CREATE TABLE theirs (id BIGINT, name VARCHAR, state VARCHAR)'
  );
  // DuckDB has no tables without columns.
  const cases = casesOf<SpecCase>('spec-cases.jsonl').filter(({ df_scala }) => !df_scala?.includes('emptyRDD'));
  const tables = new Map<string, string>();

  it.each(cases.map((one) => [one.test, one.rule, one] as const))('%s: %s', async (_, __, one) => {
    if (one.df_scala === null) {
      // The test's data are not in the file: two of three columns match, as its numbers tell.
      const rule = one.rule.replace('$referenceDatasetAlias', 'theirs');
      const { result } = await duck.rule(rule, 'ours', { aliases: { theirs: 'theirs' } });
      expect(result === 'PASS').toBe(one.pass);
      return;
    }
    const table = tables.get(one.df_scala) ?? `t${tables.size}`;
    if (!tables.has(one.df_scala)) {
      await createTable(duck.connection, table, tableOf(one.df_scala) ?? many);
      tables.set(one.df_scala, table);
    }
    const { result } = await duck.rule(one.rule, table);
    expect(result === 'PASS').toBe(one.pass);
  });
});
