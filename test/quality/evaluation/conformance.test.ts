import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, parse } from '../../../quality/index.js';
import type { EvaluatedCase } from './conformance-data.js';
import { casesOf, createDatasets, haveDqdlData } from './conformance-data.js';

const cases = casesOf<EvaluatedCase>('evaluated-cases.jsonl').filter(({ caveat }) => caveat === undefined);

describe.skipIf(!haveDqdlData)('the official engine’s answers (../shared/dqdl, absent: skipped)', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
    await createDatasets(connection);
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  it.each(cases.map((one) => [`${one.dataset}: ${one.rule}`, one] as const))('%s', async (_, one) => {
    const ruleset = parse(`Rules = [ ${one.rule} ]`);
    const { rules } = await evaluate({ ruleset, connection, primary: one.dataset, aliases: one.refs ?? {} });
    expect(rules).toHaveLength(1);
    const [rule] = rules;
    expect(rule!.result === 'PASS', rule!.message).toBe(one.outcome === 'Passed');
    expect(Object.keys(rule!.metrics).sort()).toEqual(Object.keys(one.metrics).sort());
    for (const [key, value] of Object.entries(one.metrics)) expect(rule!.metrics[key]).toBeCloseTo(Number(value), 9);
  });

  it('gives the same answers when all rules of a table share one ruleset', async () => {
    for (const dataset of new Set(cases.map((one) => one.dataset))) {
      const own = cases.filter((one) => one.dataset === dataset);
      const ruleset = parse(`Rules = [ ${own.map(({ rule }) => rule).join(',\n')} ]`);
      const aliases = Object.assign({}, ...own.map(({ refs }) => refs ?? {})) as Record<string, string>;
      const { rules } = await evaluate({ ruleset, connection, primary: dataset, aliases });
      expect(rules.map(({ result }) => (result === 'PASS' ? 'Passed' : 'Failed'))).toEqual(
        own.map(({ outcome }) => outcome)
      );
    }
  });
});
