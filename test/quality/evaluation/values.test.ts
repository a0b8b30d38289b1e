import { describe, expect, it } from 'vitest';
import { Duck } from './duck.js';

const duck = Duck.forFile(
  `CREATE TABLE typed AS SELECT * FROM (VALUES
     (1, 0.10::DECIMAL(18,2), true, DATE '2024-02-29', TIMESTAMP '2024-02-29 12:30:00', TIMESTAMPTZ '2024-02-29 23:30:00-05', [1, 2], {'city': 'Rome', 'zip': 1}, MAP {'a': 1}),
     (2, 0.20::DECIMAL(18,2), false, DATE '2024-03-01', TIMESTAMP '2024-03-01 12:30:00', TIMESTAMPTZ '2024-03-01 00:00:00Z', [], {'city': NULL, 'zip': 2}, MAP {'b': 2}),
     (3, 0.30::DECIMAL(18,2), NULL, NULL, NULL, NULL, NULL, NULL, NULL)
   ) AS t(id, price, flag, day, moment, zoned, list, address, map)`,
  `CREATE TABLE empty AS SELECT * FROM typed LIMIT 0`,
  `CREATE TABLE "Größe table" AS SELECT * FROM (VALUES ('Köln', 1, 2), ('東京', 2, 3)) AS t("Ort der Größe", "select", "a.b")`,
  `CREATE TABLE big AS SELECT 9007199254740993::BIGINT AS id UNION ALL SELECT 9007199254740992`,
  `CREATE TABLE ages AS SELECT TIMESTAMP '2024-05-10 12:00:00' - to_hours(i::INTEGER) AS at, (TIMESTAMP '2024-05-10 12:00:00' - to_hours(i::INTEGER))::VARCHAR AS text FROM range(1, 5) r(i)`,
  `CREATE TABLE bad AS SELECT * FROM (VALUES (1, 'x', 'NaN'::DOUBLE), (2, '7', 1.0)) AS t(id, code, d)`
);
const now = new Date('2024-05-10T12:00:00Z');

describe('types of DuckDB', () => {
  it.each([
    ['Sum "price" = 0.6', 'PASS', { 'Column.price.Sum': 0.6 }],
    ['ColumnValues "price" >= 0.1', 'PASS', { 'Column.price.Minimum': 0.1 }],
    ['ColumnValues "price" in [0.1, 0.2, 0.3]', 'PASS', { 'Column.price.ColumnValues.Compliance': 1 }],
    ['ColumnValues "flag" in ["true", "false", NULL]', 'PASS', { 'Column.flag.ColumnValues.Compliance': 1 }],
    ['Completeness "flag" > 0.6', 'PASS', { 'Column.flag.Completeness': 2 / 3 }],
    ['Completeness "list" > 0.6', 'PASS', { 'Column.list.Completeness': 2 / 3 }],
    ['Completeness "address" > 0.6', 'PASS', { 'Column.address.Completeness': 2 / 3 }],
    ['Completeness "address.city" > 0.3', 'PASS', { 'Column.address.city.Completeness': 1 / 3 }],
    ['Uniqueness "list" = 1', 'PASS', { 'Column.list.Uniqueness': 1 }],
    ['IsUnique "address"', 'PASS', { 'Column.address.Uniqueness': 1 }],
    ['DistinctValuesCount "map" = 3', 'PASS', { 'Column.map.DistinctValuesCount': 3 }],
    ['Mean "address.zip" = 1.5', 'PASS', { 'Column.address.zip.Mean': 1.5 }],
    ['Mean "list" > 0', 'FAIL', {}],
    ['ColumnLength "address" > 0', 'FAIL', {}],
    ['ColumnValues "list" > 0', 'FAIL', {}],
    ['ColumnValues "day" in ["2024-02-29", "2024-03-01", NULL]', 'PASS', { 'Column.day.ColumnValues.Compliance': 1 }],
    [
      'ColumnValues "moment" in ["2024-02-29", "2024-03-01", NULL]',
      'PASS',
      { 'Column.moment.ColumnValues.Compliance': 1 },
    ],
    ['ColumnValues "zoned" in ["2024-03-01", NULL]', 'PASS', { 'Column.zoned.ColumnValues.Compliance': 1 }],
    ['ColumnValues "day" > "2024-02-30"', 'ERROR', {}],
    ['ColumnValues "id" > "2024-02-29"', 'ERROR', {}],
    ['ColumnDataType "price" = "Decimal(3,2)"', 'PASS', { 'Column.price.ColumnDataType.Compliance': 1 }],
    ['ColumnDataType "list" = "Integer"', 'ERROR', {}],
    ['ColumnExists "PRICE"', 'FAIL', { 'Dataset.PRICE.ColumnExists': 0 }],
    ['IsComplete "PRICE"', 'PASS', { 'Column.PRICE.Completeness': 1 }],
    ['FileSize "s3://bucket/" > 1 KB', 'ERROR', {}],
    ['DuplicateRowCount = 0', 'PASS', {}],
    ['CustomSql "select avg(price) from primary" = 0.2', 'PASS', { 'Dataset.*.CustomSQL': 0.2 }],
  ] as const)('%s: %s', async (rule, result, metrics) => {
    const answer = await duck.rule(rule, 'typed', { now });
    expect(answer.result, answer.message).toBe(result);
    expect(Object.keys(answer.metrics)).toEqual(Object.keys(metrics));
    for (const [key, value] of Object.entries(metrics)) expect(answer.metrics[key]).toBeCloseTo(value, 9);
  });

  it('tells keys beyond 2^53 apart', async () => {
    expect(await duck.rule('IsPrimaryKey "id"', 'big')).toMatchObject({ result: 'PASS' });
    expect(await duck.rule('RowCount = 1 where "id = 9007199254740993"', 'big')).toMatchObject({ result: 'PASS' });
  });

  it('reads names of any kind', async () => {
    const { score } = await duck.evaluate(
      `Rules = [ IsComplete "Ort der Größe", ColumnLength "Ort der Größe" between 1 and 5, ColumnValues "select" >= 1,
        ColumnValues "a.b" > 1, ColumnValues "Ort der Größe" in ["Köln", "東京"], IsUnique "a.b" where "\`select\` > 1",
        ColumnNamesMatchPattern "^\\\\p{L}" ]`,
      'Größe table'
    );
    expect(score).toBe(1);
  });

  it('finds tables by schema and catalog', async () => {
    expect(await duck.rule('RowCount = 3', 'main.typed')).toMatchObject({ result: 'PASS' });
    expect(await duck.rule('RowCount = 3', 'memory.main.typed')).toMatchObject({ result: 'PASS' });
    await duck.connection.run('CREATE TEMP VIEW passing AS SELECT id FROM typed');
    expect(await duck.rule('RowCount = 3', 'passing')).toMatchObject({ result: 'PASS' });
    await expect(duck.rule('RowCount = 3', 'nowhere')).rejects.toThrow("no table or view 'nowhere'");
  });
});

describe('tables without rows', () => {
  it.each([
    ['RowCount = 0', 'PASS'],
    ['DistinctValuesCount "id" = 0', 'PASS'],
    ['IsComplete "id"', 'FAIL'],
    ['IsUnique "id"', 'FAIL'],
    ['IsPrimaryKey "id"', 'FAIL'],
    ['Mean "price" > 0', 'FAIL'],
    ['Entropy "id" >= 0', 'FAIL'],
    ['ColumnCorrelation "id" "price" > 0', 'FAIL'],
    ['ColumnValues "id" > 0', 'FAIL'],
    ['ColumnValues "id" in [1]', 'FAIL'],
    ['ColumnDataType "id" = "Integer"', 'PASS'],
    ['ReferentialIntegrity "id" "typed.id" = 1', 'FAIL'],
    ['DatasetMatch "typed" "id" = 1', 'FAIL'],
    ['RowCountMatch "typed" = 0', 'PASS'],
    ['SchemaMatch "typed" = 1.0', 'PASS'],
    ['AggregateMatch "sum(price)" "sum(typed.price)" = 0', 'PASS'],
    ['CustomSql "select id from primary"', 'FAIL'],
  ])('%s: %s', async (rule, result) => {
    expect(await duck.rule(rule, 'empty', { aliases: { typed: 'typed' } })).toMatchObject({ result });
  });

  it.each(['IsComplete "id"', 'IsUnique "id"', 'Mean "price" > 9', 'ColumnValues "id" > 9', 'Entropy "id" > 9'])(
    '%s passes where the filter leaves no rows',
    async (rule) => {
      expect(await duck.rule(`${rule} where "id > 99"`, 'typed')).toMatchObject({ result: 'PASS', metrics: {} });
    }
  );
});

describe('the clock', () => {
  it.each([
    ['DataFreshness "at" <= 4 hours', 1, 'PASS'],
    ['DataFreshness "at" < 181 minutes', 0.75, 'FAIL'],
    ['DataFreshness "text" between 0 hours and 3 hours', 0.5, 'FAIL'],
    ['ColumnValues "at" > (now() - 5 hours)', 1, 'PASS'],
    ['ColumnValues "at" > (now() - 150 minutes) with threshold = 0.5', 0.5, 'PASS'],
    ['ColumnValues "at" >= "10:00"', 0.5, 'FAIL'],
    ['ColumnValues "at" > now()', 0, 'FAIL'],
    ['ColumnValues "text" = now()', 1, 'PASS'],
  ])('%s: %d', async (rule, compliance, result) => {
    const answer = await duck.rule(rule, 'ages', { now });
    expect(Object.values(answer.metrics)).toEqual([compliance]);
    expect(answer.result).toBe(result);
  });

  it('is one for the whole evaluation', async () => {
    const { rules } = await duck.evaluate(
      `Rules = [ RowCount = 2 where "at > current_timestamp() - interval 3 hours", RowCount = 4 where "to_date(at) = current_date",
        CustomSql "select count(*) from primary where at < now() - interval 90 minutes" = 3 ]`,
      'ages',
      { now }
    );
    expect(rules.map(({ result, message }) => message ?? result)).toEqual(['PASS', 'PASS', 'PASS']);
  });
});

describe('a rule that cannot be evaluated', () => {
  it('is an error of its own, whatever else shares its scan', async () => {
    const { rules, score, totals } = await duck.evaluate(
      `Rules = [ IsComplete "id", IsComplete "ghost", Mean "d" > 0 where "cast(code as int) / 0 > 'x'", StandardDeviation "d" > 0,
        RowCount = 2, ReferentialIntegrity "id" "nowhere.id" = 1, ColumnValues "code" matches "(", Sum "id" = 3 ]`,
      'bad'
    );
    expect(rules.map(({ result }) => result)).toEqual([
      'PASS',
      'ERROR',
      'ERROR',
      'ERROR',
      'PASS',
      'ERROR',
      'ERROR',
      'PASS',
    ]);
    expect(rules.filter(({ result }) => result === 'ERROR').every(({ message }) => message)).toBe(true);
    expect(score).toBe(3 / 8);
    expect(totals.rules).toEqual({ passed: 3, failed: 0, error: 5 });
  });

  it('quotes no value of a row', async () => {
    await duck.connection.run("CREATE TABLE personal AS SELECT 'Ada Lovelace' AS name, 1815 AS born");
    const rule = await duck.rule('RowCount > 0 where "born = \'year\'"', 'personal');
    const sql = await duck.rule('CustomSql "select name from primary" = 1', 'personal');
    const cast = await duck.rule('CustomSql "select sum(born + name) from primary" = 1', 'personal');
    for (const { message } of [rule, sql, cast]) expect(message).not.toMatch(/Ada|Lovelace|1815/);
    expect([rule.result, sql.result, cast.result]).toEqual(['ERROR', 'FAIL', 'ERROR']);
  });
});
