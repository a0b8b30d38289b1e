import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evaluate, NothingToRecommendError, parse, recommendRuleset } from '../../quality/index.js';

const shared = join(import.meta.dirname, '../../../shared');

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create();
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});
beforeEach(() => connection.run('DROP TABLE IF EXISTS t'));

async function outcomes(text: string, table = 't'): Promise<{ rule: string; result: string }[]> {
  const { rules } = await evaluate({ ruleset: parse(text), connection, primary: table });
  return rules.map(({ rule, result }) => ({ rule, result }));
}

/** Recommends for a query's rows, and holds the rules to what must be true of any. */
async function recommended(query: string): Promise<string> {
  await connection.run(`CREATE OR REPLACE TABLE t AS ${query}`);
  const text = await recommendRuleset(connection, 't');
  expect((await outcomes(text)).filter(({ result }) => result !== 'PASS')).toEqual([]);
  expect(await recommendRuleset(connection, 't')).toBe(text);
  return text;
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .slice(1, -2)
    .map((line) => line.trim().replace(/,$/, ''));

describe('recommended rules', () => {
  const orders = `SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'open' END AS state, 10 + i % 20 AS price,
    'C' || lpad((i % 7)::VARCHAR, 3, '0') AS customer, DATE '2024-03-01' + (i % 30)::INTEGER AS day,
    2 * (10 + i % 20) + (i % 2) AS tax, CASE WHEN i % 4 = 0 THEN NULL ELSE 5 + i % 40 END AS discount
    FROM range(200) r(i)`;

  it('say of a table what stands out', async () => {
    const rules = lines(await recommended(orders));
    for (const rule of [
      'RowCount between 100 and 300',
      'ColumnCount = 7',
      'IsComplete "id"',
      'IsUnique "id"',
      'ColumnValues "state" in ["open", "paid"]',
      'ColumnValues "price" >= 10',
      'ColumnValues "price" <= 29',
      'ColumnLength "customer" = 4',
      'ColumnValues "day" >= "2024-03-01"',
      'Completeness "discount" >= 0.73',
      'ColumnValues "discount" <= 44 where "`discount` is not null"',
      'ColumnCorrelation "price" "tax" > 0.89',
    ]) {
      expect(rules).toContain(rule);
    }
    expect(rules).not.toContain('IsUnique "price"');
  });

  it.each([
    ['a NULL in a complete column', `UPDATE t SET state = NULL WHERE id = 5`],
    ['a key that is there twice', `UPDATE t SET id = 6 WHERE id = 5`],
    ['a value that never was', `UPDATE t SET state = 'stolen' WHERE id = 5`],
    ['a price beyond all others', `UPDATE t SET price = 30 WHERE id = 5`],
    ['a negative price', `UPDATE t SET price = -1 WHERE id = 5`],
    ['a longer text', `UPDATE t SET customer = 'C00001' WHERE id = 5`],
    ['an earlier day', `UPDATE t SET day = DATE '1970-01-01' WHERE id = 5`],
    ['a wrong value among NULLs', `UPDATE t SET discount = 900 WHERE id = 5`],
    ['more NULLs', `UPDATE t SET discount = NULL WHERE id % 2 = 1`],
    ['rows loaded twice', `INSERT INTO t FROM t`],
    ['rows lost', `DELETE FROM t WHERE id % 10 > 3`],
    ['a column more', `ALTER TABLE t ADD COLUMN extra INTEGER`],
    ['what went together going apart', `UPDATE t SET tax = 20 + (id * 7919) % 39`],
    ['prices in another currency', `UPDATE t SET price = price * 100`],
  ])('do not pass on %s', async (_what, mutation) => {
    const text = await recommended(orders);
    await connection.run(mutation);
    expect((await outcomes(text)).some(({ result }) => result !== 'PASS')).toBe(true);
  });

  it.each([
    ['quotes and signs in names', `SELECT i AS "we""ird", i % 2 AS "col, {umn}", 'x' AS "ünï\\" FROM range(40) r(i)`],
    [
      'quotes and signs in values',
      `SELECT CASE i % 4 WHEN 0 THEN 'a"b' WHEN 1 THEN 'c\\' WHEN 2 THEN '\\"' ELSE 'it''s, {x}' END AS v FROM range(80) r(i)`,
    ],
    [
      'line breaks and control characters',
      `SELECT CASE WHEN i % 2 = 0 THEN 'a' || chr(10) || 'b' ELSE chr(9) || chr(1) END AS v FROM range(40) r(i)`,
    ],
    [
      'dates and keywords as texts',
      `SELECT '2024-01-01' AS d, CASE WHEN i % 2 = 0 THEN 'NULL' ELSE 'EMPTY' END AS k, '10:30' AS h, 'now()' AS n FROM range(40) r(i)`,
    ],
    ['empty texts', `SELECT CASE WHEN i % 2 = 0 THEN '' ELSE 'v' END AS v, '' AS w FROM range(40) r(i)`],
    [
      'huge and tiny numbers',
      `SELECT 1e300 * (i + 1) AS x, 1e-300 * (i + 1) AS y, i::HUGEINT * 170141183460469231731687303715884 AS h, -9223372036854775807 - 1 + i AS l FROM range(40) r(i)`,
    ],
    [
      'NaN and infinity',
      `SELECT CASE i WHEN 3 THEN 'nan'::DOUBLE WHEN 4 THEN 'inf'::DOUBLE WHEN 5 THEN '-inf'::DOUBLE ELSE i END AS x FROM range(40) r(i)`,
    ],
    [
      'columns without a value',
      `SELECT NULL::INTEGER AS a, NULL::VARCHAR AS b, NULL::DATE AS c, NULL::BOOLEAN AS d FROM range(40) r(i)`,
    ],
    ['one row', `SELECT 5 AS a, 'x' AS b, DATE '2024-01-01' AS c, true AS d, 1.5 AS e`],
    ['booleans', `SELECT i % 2 = 0 AS a, CASE WHEN i % 3 = 0 THEN NULL ELSE true END AS b FROM range(40) r(i)`],
    [
      'times with zones and old ones',
      `SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) HOUR AS a, TIMESTAMP '0044-01-01' + INTERVAL (i) DAY AS b, TIME '10:00' AS c, CASE i WHEN 0 THEN TIMESTAMP 'infinity' ELSE TIMESTAMP '2024-01-01' END AS d FROM range(40) r(i)`,
    ],
    [
      'nested and binary values',
      `SELECT [i] AS l, {'a': i} AS s, '\\xAA'::BLOB AS b, uuid() AS u, (CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END)::ENUM('a', 'b') AS e FROM range(40) r(i)`,
    ],
    ['decimals', `SELECT (i * 0.01)::DECIMAL(30, 12) AS d, -i * 0.001 AS n, i::UBIGINT AS u FROM range(40) r(i)`],
  ])('can be read again and pass on %s', async (_what, query) => {
    const text = await recommended(query);
    expect(lines(text).length).toBeGreaterThan(1);
  });

  it('cannot be had of a table without rows', async () => {
    await connection.run('CREATE TABLE t (a INTEGER)');
    await expect(recommendRuleset(connection, 't')).rejects.toThrow(NothingToRecommendError);
  });

  it('pass on random tables, and are the same each time', async () => {
    const literal = (value: string | number | boolean | null): string => {
      if (value === null) return 'NULL';
      return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
    };
    const text = fc.string({ unit: 'binary', maxLength: 8 }).map((value) => value.replaceAll('\0', ''));
    const column = fc.oneof(
      fc.record({ type: fc.constant('VARCHAR'), value: fc.constant(fc.option(text, { freq: 8 })) }),
      fc.record({
        type: fc.constant('VARCHAR'),
        value: fc.constant(fc.constantFrom('a', '"', '\\', '', 'ü', '2024-01-01')),
      }),
      fc.record({ type: fc.constant('BIGINT'), value: fc.constant(fc.option(fc.integer(), { freq: 8 })) }),
      fc.record({ type: fc.constant('INTEGER'), value: fc.constant(fc.integer({ min: -3, max: 3 })) }),
      fc.record({
        type: fc.constant('DOUBLE'),
        value: fc.constant(fc.double({ noNaN: true, noDefaultInfinity: true })),
      }),
      fc.record({ type: fc.constant('BOOLEAN'), value: fc.constant(fc.option(fc.boolean())) })
    );
    const table = fc
      .record({
        names: fc.uniqueArray(
          text.filter((name) => name.trim() !== ''),
          {
            minLength: 1,
            maxLength: 4,
            selector: (name) => name.toLowerCase(),
          }
        ),
        columns: fc.array(column, { minLength: 4, maxLength: 4 }),
        rows: fc.integer({ min: 1, max: 60 }),
      })
      .chain(({ names, columns, rows }) =>
        fc.tuple(
          ...names.map((name, index) => {
            const { type, value } = columns[index]!;
            const values = fc.array<string | number | boolean | null>(value, { minLength: rows, maxLength: rows });
            return values.map((cells) => ({ name, type, cells }));
          })
        )
      );
    await fc.assert(
      fc.asyncProperty(table, async (columns) => {
        const list = columns.map(
          ({ name, type }, index) => `CAST(c${index} AS ${type}) AS "${name.replaceAll('"', '""')}"`
        );
        const rows = columns[0]!.cells.map(
          (_, row) => `(${columns.map(({ cells }) => literal(cells[row]!)).join(', ')})`
        );
        const names = columns.map((_, index) => `c${index}`).join(', ');
        await recommended(`SELECT ${list.join(', ')} FROM (VALUES ${rows.join(', ')}) v(${names})`);
      }),
      { numRuns: 40 }
    );
  });

  const taxi = join(shared, 'data/taxi/yellow_tripdata_sample_2019-01.csv.gz');
  it.skipIf(!existsSync(taxi))('recommend, evaluate, edit and evaluate the taxi trips', async () => {
    const text = await recommended(`FROM read_csv('${taxi}', strict_mode = false)`);
    expect(lines(text).length).toBeGreaterThan(50);
    expect(lines(text)).toContain('ColumnValues "vendor_id" in [1, 2, 4]');
    const edited = text.replace('"vendor_id" in [1, 2, 4]', '"vendor_id" in [1, 2]');
    expect((await outcomes(edited)).filter(({ result }) => result !== 'PASS')).toEqual([
      { rule: 'ColumnValues "vendor_id" in [1,2]', result: 'FAIL' },
    ]);
  });
});
