import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Duck } from './duck.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'));
const secret = join(folder, 'secret.csv');
writeFileSync(secret, 'secret\nword\n');
afterAll(() => rmSync(folder, { recursive: true }));

const duck = Duck.forFile(
  'CREATE TABLE trips (id INTEGER, fare DOUBLE, city VARCHAR)',
  "INSERT INTO trips VALUES (1, 5, 'Rome'), (2, 7, 'Oslo'), (3, NULL, NULL)",
  'CREATE TABLE other (id INTEGER, word VARCHAR)',
  "INSERT INTO other VALUES (1, 'hidden')",
  "CREATE SCHEMA apart; CREATE TABLE apart.trips AS SELECT 'hidden' AS word"
);

const statements = [
  `select count(*) from read_csv('${secret}')`,
  `select count(*) from read_text('${secret}')`,
  `select count(*) from '${secret}'`,
  `select count(*) from \`${secret}\``,
  `from '${secret}'`,
  `select count(*) from primary, '${secret}'`,
  `select (select count(*) from '${secret}') from primary limit 1`,
  `select count(*) from primary where id in (select 1 from read_csv('${secret}'))`,
  `with x as (select * from read_csv('${secret}')) select count(*) from x`,
  `with x as (with \`${secret}\` as (select 1) select 1), y as (select * from \`${secret}\`) select count(*) from y`,
  `with recursive x as (select 1 as n union all select n + 1 from x) select count(*) from x`,
  `select count(*) from glob('${folder}/*')`,
  `select count(*) from query('select 1')`,
  `select count(*) from query_table('other')`,
  `select count(*) from other`,
  `select count(*) from main.other`,
  `select count(*) from memory.main.other`,
  `select count(*) from apart.trips`,
  `select count(*) from duckdb_settings()`,
  `select count(*) from information_schema.tables`,
  `select count(*) from sqlite_master`,
  `select count(*) from pragma_table_info('other')`,
  `describe other`,
  `summarize other`,
  `show tables`,
  `show all tables`,
  `copy trips to '${folder}/out.csv'`,
  `copy (select 1) to '${folder}/out.csv'`,
  `export database '${folder}/out'`,
  `attach '${folder}/out.duckdb' as a`,
  `install httpfs`,
  `load httpfs`,
  `pragma database_list`,
  `set memory_limit = '1GB'`,
  `reset memory_limit`,
  `call pragma_version()`,
  `select count(*) from primary; drop table trips`,
  `drop table trips`,
  `insert into trips values (4, 1, 'x')`,
  `update trips set fare = 0`,
  `delete from trips`,
  `create table stolen as select * from trips`,
  `select count(*) into stolen from primary`,
  `prepare x as select 1`,
  `explain analyze select count(*) from primary`,
  `select getenv('HOME') from primary`,
  `select current_setting('memory_limit')`,
  `select current_user`,
  `select getvariable('x')`,
  `select nextval('s')`,
  `select setseed(0.5)`,
  `select count(*) from read_parquet('https://example.com/x.parquet')`,
  `select count(*) from 's3://bucket/key.parquet'`,
  `select length(content) from read_blob('${secret}')`,
  `select system.main.getenv('HOME')`,
  `select count(*) from primary where id = $1`,
  `select count(*) from (pivot trips on city using sum(fare))`,
  `select count(*) from primary at (version => 1)`,
  `select 'unclosed from primary`,
  `select count(*) from primary /* unclosed`,
  ``,
  `select`,
  `;`,
];

describe('SQL of a ruleset', () => {
  it.each(statements)('CustomSql %s is refused', async (sql) => {
    const escaped = sql.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    if (sql === '') return; // the parser takes no empty string
    const { rules } = await duck.evaluate(`Rules = [ CustomSql "${escaped}" >= 0, RowCount = 3 ]`, 'trips');
    expect(rules[0]).toMatchObject({ result: 'ERROR', metrics: {} });
    expect(rules[0]!.message).toBeTruthy();
    expect(rules[0]!.message).not.toContain('hidden');
    expect(rules[1]!.result).toBe('PASS');
  });

  it.each([
    `1=1) ; DROP TABLE trips; --`,
    `1=1) --`,
    `1=1) UNION SELECT (1`,
    `1=1) FROM other WHERE (1=1`,
    `1=1), (2=2`,
    `1=1; DROP TABLE trips`,
    `id in (select id from other)`,
    `id in (select id from primary)`,
    `exists (from '${secret}')`,
    `getenv('HOME') is not null`,
    `count(*) > 1`,
    `row_number() over () > 1`,
    `current_user = 'x'`,
    `* is not null`,
    `id = $1`,
    `id = ?`,
    `fare > 'unclosed`,
    `bogus = 1`,
    `id >`,
    `(((`,
  ])('where %s is refused', async (where) => {
    const { rules } = await duck.evaluate(`Rules = [ RowCount >= 0 where "${where}", RowCount = 3 ]`, 'trips');
    expect(rules[0]!.result).toBe('ERROR');
    expect(rules[1]!.result).toBe('PASS');
  });

  it('of great length is read in a moment', async () => {
    for (const piece of ['/*', "''", '(', '-', '``', 'a ']) {
      const where = piece.repeat(Math.floor(60_000 / piece.length));
      expect(await duck.rule(`RowCount > 0 where "${where}"`, 'trips')).toMatchObject({ result: 'ERROR' });
    }
  });

  it('wrote nothing and changed nothing', async () => {
    expect(readdirSync(folder)).toEqual(['secret.csv']);
    expect(await duck.rows('SELECT count(*)::INTEGER AS n, sum(fare) AS s FROM trips')).toEqual([{ n: 3, s: 12 }]);
    expect(await duck.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY 1")).toEqual([
      { table_name: 'other' },
      { table_name: 'trips' },
    ]);
  });

  it('cannot put a CTE in the place of a table', async () => {
    // Within the statement `trips` is the CTE; `primary` is the table behind it all the same.
    const rule = await duck.rule(
      'CustomSql "with trips as (select 9 as id) select count(*) from primary" = 3',
      'trips'
    );
    expect(rule).toMatchObject({ result: 'PASS' });
  });

  it('reads quotes in names and values of columns as such', async () => {
    await duck.connection.run(`CREATE TABLE odd ("a""; DROP TABLE trips; --" VARCHAR, "it's" VARCHAR)`);
    await duck.connection.run(`INSERT INTO odd VALUES ('x''); DROP TABLE trips; --', 'y')`);
    const { rules } = await duck.evaluate(
      `Rules = [ ColumnValues "a\\"; DROP TABLE trips; --" in ["x'); DROP TABLE trips; --"], IsUnique "it's",
         ColumnValues "it's" matches "y'?", IsComplete "it's" where "\`it's\` = 'y'", Completeness "x\\" = 1 --" = 1 ]`,
      'odd'
    );
    expect(rules.map(({ result }) => result)).toEqual(['PASS', 'PASS', 'PASS', 'PASS', 'ERROR']);
    expect(await duck.rows('SELECT count(*)::INTEGER AS n FROM trips')).toEqual([{ n: 3 }]);
  });

  it('allows what only reads the datasets', async () => {
    const aliases = { cities: 'other', 'db.far': 'other' };
    const { rules } = await duck.evaluate(
      `Rules = [
         CustomSql "select count(*) from primary p left join cities c on p.id = c.id where c.word is null" = 2,
         CustomSql "with big as (select * from primary where fare > 5) select count(*) from big" = 1,
         CustomSql "select count(*) from db.far" = 1,
         CustomSql "select max(n) from (select row_number() over (order by id) as n from primary) t" = 3,
         CustomSql "select id from primary union select id from primary" = 3,
         CustomSql "select count(distinct city) from primary -- a comment" = 2,
         CustomSql "select sum(case when city = \\"Rome\\" then 1 else 0 end) from \`primary\`;" = 1,
         CustomSql "select id from primary where city rlike '^[RO]'" with threshold > 0.6
       ]`,
      'trips',
      { aliases }
    );
    expect(rules.map(({ result, message }) => message ?? result)).toEqual([
      'PASS',
      'PASS',
      'PASS',
      'PASS',
      'Custom SQL did not return exactly 1 row',
      'PASS',
      'PASS',
      'PASS',
    ]);
  });
});
