import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresServer } from '../../../local/redshift/index.js';
import { redshiftOnPostgres } from './local-redshift.js';
import type { LocalRedshift, RedshiftOnPostgres } from './local-redshift.js';

let both: RedshiftOnPostgres;
let redshift: LocalRedshift;
let postgres: PostgresServer;

beforeAll(async () => {
  both = await redshiftOnPostgres();
  ({ postgres, redshift } = both);
});

afterAll(async () => {
  await both.close();
});

async function ok(...statements: string[]): Promise<void> {
  for (const sql of statements) {
    const { Status, Error: failure } = await redshift.run(sql);
    expect(failure ?? Status, sql).toBe('FINISHED');
  }
}

describe("Redshift's functions give Redshift's values", () => {
  it.each([
    ["NVL(NULL, 'b')", 'b'],
    ["NVL2('x', 1, 2)", 1],
    ["DECODE(3, 1, 'one', 3, 'three', 'many')", 'three'],
    ["DECODE(NULL, NULL, 'none', 'some')", 'none'],
    ["DATEADD(month, 1, '2024-01-31')", '2024-02-29 00:00:00'],
    ["DATEADD(qtr, -1, '2024-05-31'::date)", '2024-02-29 00:00:00'],
    ["DATEADD(ms, 1500, '2024-01-01 00:00:00'::timestamp)", '2024-01-01 00:00:01.5'],
    ["DATEDIFF(year, '2023-12-31', '2024-01-01')", 1],
    ["DATEDIFF(qtr, '1998-07-01', '2008-12-31')", 41],
    ["DATEDIFF(week, '2009-01-01', '2009-12-31')", 52],
    ["DATEDIFF(day, '2024-03-01'::date, '2024-02-28'::date)", -2],
    ["DATEDIFF(hour, '2024-01-01 00:59:59', '2024-01-01 01:00:00')", 1],
    ["DATE_TRUNC('month', '2024-05-31'::date)", '2024-05-01 00:00:00'],
    ["EXTRACT(quarter FROM '2024-05-31'::date)", 2],
    ["EXTRACT(month FROM '2024-05-31'::date) / 2", 2],
    ["DATE_PART(dow, '2024-06-02'::date)", 0],
    ["CONVERT_TIMEZONE('America/New_York', '2024-07-01 12:00:00')", '2024-07-01 08:00:00'],
    ["CONVERT_TIMEZONE('EST', 'UTC', '2024-07-01 12:00:00'::timestamp)", '2024-07-01 17:00:00'],
    ["LAST_DAY('2024-02-01')", '2024-02-29'],
    ["ADD_MONTHS('2024-02-29', 1)", '2024-03-31 00:00:00'],
    ["ADD_MONTHS('2024-01-30', 1)", '2024-02-29 00:00:00'],
    ["MONTHS_BETWEEN('2024-03-31', '2024-02-29')", 1],
    ["TRUNC('2024-05-31 10:00:00'::timestamp)", '2024-05-31'],
    ['TRUNC(-1.97)', '-1'],
    ['ROUND(2.675::float8, 1)', 2.7],
    ["LEN('héé')", 3],
    ["OCTET_LENGTH('héé')", 5],
    ["CHARINDEX('b', 'abc')", 2],
    ["STRTOL('-ff', 16)", -255],
    ["CONCAT('a', 1)", 'a1'],
    ["CONCAT('a', NULL)", null],
    ["REGEXP_REPLACE('a1b22', '[0-9]+', '#')", 'a#b#'],
    ["REGEXP_REPLACE('the fox', '([a-z]+) ([a-z]+)', '$2 $1')", 'fox the'],
    ["SHA2('abc', 256)", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [`JSON_EXTRACT_PATH_TEXT('{"a":{"b":"c"}}', 'a', 'b')`, 'c'],
    [`JSON_EXTRACT_PATH_TEXT('{"a":1}', 'z')`, ''],
    [`IS_VALID_JSON('{')`, false],
    [`JSON_SERIALIZE(JSON_PARSE('[1,2]'))`, '[1, 2]'],
    ["'12.7'::DECIMAL", '13'],
    ['1.005::DECIMAL(5,2)', '1.01'],
    ["CONVERT(integer, '12')", 12],
    [String.raw`'a\'b'`, "a'b"],
    ['1 / 2', 0],
    ["SYSDATE > GETDATE() - interval '1 hour'", true],
  ])('%s', async (expression, expected) => {
    expect(await redshift.rows(`SELECT ${expression} AS value`)).toEqual([[expected]]);
  });

  it('aggregates', async () => {
    await ok(
      'CREATE TABLE sales (city varchar(20), item varchar(20), price decimal(10,2))',
      "INSERT INTO sales VALUES ('Oslo','b',2), ('Oslo','a',1), ('Rome','a',4), ('Oslo','a',3)"
    );
    expect(
      await redshift.rows(
        "SELECT city, LISTAGG(item, ',') WITHIN GROUP (ORDER BY price DESC), MEDIAN(price) FROM sales GROUP BY city ORDER BY 1"
      )
    ).toEqual([
      ['Oslo', 'a,b,a', 2],
      ['Rome', 'a', 4],
    ]);
    expect(
      await redshift.rows("SELECT LISTAGG(DISTINCT item, '+') WITHIN GROUP (ORDER BY item DESC) FROM sales")
    ).toEqual([['b+a']]);
    expect(
      await redshift.rows(
        'SELECT DISTINCT city, LISTAGG(item) WITHIN GROUP (ORDER BY price) OVER (PARTITION BY city) FROM sales ORDER BY 1'
      )
    ).toEqual([
      ['Oslo', 'aba'],
      ['Rome', 'a'],
    ]);
    expect(await redshift.rows('SELECT TOP 1 city FROM sales GROUP BY city ORDER BY sum(price) DESC')).toEqual([
      ['Oslo'],
    ]);
  });
});

describe("Redshift's tables", () => {
  it('keep their keys informational and their primary keys NOT NULL', async () => {
    await ok(
      'CREATE SCHEMA IF NOT EXISTS t',
      'CREATE TABLE t.keyed (id integer, other integer UNIQUE, PRIMARY KEY (id), FOREIGN KEY (other) REFERENCES t.absent (id)) DISTKEY(id) SORTKEY(id)',
      'INSERT INTO t.keyed VALUES (1, 1), (1, 1)'
    );
    expect(await redshift.rows('SELECT count(*) FROM t.keyed')).toEqual([[2]]);
    const { Status, Error: failure } = await redshift.run('INSERT INTO t.keyed VALUES (NULL, 1)');
    expect([Status, failure]).toEqual(['FAILED', 'ERROR: Cannot insert a NULL value into column id']);
  });

  it('number identity columns from the seed by the step and take no value for them', async () => {
    await ok(
      'CREATE TABLE t.up (id bigint IDENTITY(0,5), a varchar(5))',
      'CREATE TABLE t.down (id bigint IDENTITY(1,-1), a varchar(5))',
      'CREATE TABLE t.chosen (id bigint GENERATED BY DEFAULT AS IDENTITY(10,1), a varchar(5))',
      "INSERT INTO t.up (a) VALUES ('x'), ('y')",
      "INSERT INTO t.down (a) VALUES ('x'), ('y')",
      "INSERT INTO t.chosen VALUES (7, 'x')",
      "INSERT INTO t.chosen (a) VALUES ('y')"
    );
    const ids = async (table: string): Promise<unknown[]> =>
      (await redshift.rows(`SELECT id FROM t.${table} ORDER BY a`)).flat();
    expect(await ids('up')).toEqual([0, 5]);
    expect(await ids('down')).toEqual([1, 0]);
    expect(await ids('chosen')).toEqual([7, 10]);
    const { Error: failure } = await redshift.run("INSERT INTO t.up (id, a) VALUES (1, 'z')");
    expect(failure).toMatch(/^ERROR: cannot set an identity column to a value/);
  });

  it('count the length of a varchar in bytes', async () => {
    await ok('CREATE TABLE t.bytes (a varchar(4), b varchar)', "INSERT INTO t.bytes (a) VALUES ('éé')");
    const tooLong = await redshift.run("INSERT INTO t.bytes (a) VALUES ('ééé')");
    expect([tooLong.Status, tooLong.Error]).toEqual(['FAILED', 'ERROR: Value too long for character type']);
    expect((await redshift.run("INSERT INTO t.bytes (b) VALUES (repeat('é', 129))")).Status).toBe('FAILED');
    await ok('ALTER TABLE t.bytes ALTER COLUMN a TYPE varchar(6)', "INSERT INTO t.bytes (a) VALUES ('ééé')");
    await ok('CREATE TABLE t.like_bytes (LIKE t.bytes)');
    expect((await redshift.run("INSERT INTO t.like_bytes (a) VALUES ('éééé')")).Status).toBe('FAILED');
  });

  it('are the tables that psql sees, under lower-case names', async () => {
    await ok('CREATE TABLE t."Order" ("OrderKey" int, "select" varchar(3))', `INSERT INTO t."ORDER" VALUES (1, 'a')`);
    const client = new pg.Client(postgres.url);
    await client.connect();
    const { rows } = await client.query('SELECT * FROM t."order"');
    await client.end();
    expect(rows).toEqual([{ orderkey: 1, select: 'a' }]);
  });

  it('can be made from a query, altered, emptied and dropped', async () => {
    await ok(
      'CREATE TABLE t.made DISTSTYLE ALL SORTKEY(a) AS SELECT 1 AS a UNION ALL SELECT 2',
      "ALTER TABLE t.made ADD COLUMN b varchar(3) DEFAULT 'x' ENCODE lzo",
      'ALTER TABLE t.made ALTER DISTSTYLE EVEN',
      'ALTER TABLE t.made RENAME COLUMN b TO c',
      'ANALYZE t.made',
      'VACUUM DELETE ONLY t.made',
      'DELETE t.made WHERE a = 1'
    );
    expect(await redshift.rows('SELECT a, c FROM t.made')).toEqual([[2, 'x']]);
    await ok('SELECT a INTO t.copied FROM t.made', 'TRUNCATE t.made', 'DROP TABLE t.made');
    expect(await redshift.rows('SELECT * FROM t.copied')).toEqual([[2]]);
  });
});

describe("Redshift's procedures", () => {
  it('assert, take parameters by name, and roll back as a whole', async () => {
    await ok(
      'CREATE SCHEMA IF NOT EXISTS p',
      'CREATE TABLE p.loads (run_key varchar(512), n bigint)',
      `CREATE OR REPLACE PROCEDURE p.load(p_run_key IN varchar(512), p_rows bigint) AS $$
       DECLARE found_rows bigint;
       BEGIN
         DELETE FROM p.loads WHERE run_key = p_run_key;
         INSERT INTO p.loads SELECT NVL(p_run_key, 'none'), p_rows;
         SELECT INTO found_rows count(*) FROM p.loads;
         IF p_rows <> 3 THEN RAISE EXCEPTION 'expected % rows, found %', 3, p_rows; END IF;
       END; $$ LANGUAGE plpgsql`
    );
    const parameters = [
      { name: 'key', value: "it's" },
      { name: 'n', value: '3' },
    ];
    expect((await redshift.run('CALL p.load(:key, :n)', parameters)).Status).toBe('FINISHED');
    const failed = await redshift.run("CALL p.load('other', 4)");
    expect(failed.Status).toBe('FAILED');
    expect(failed.Error).toMatch(/^ERROR: expected 3 rows, found 4\n {2}Where: PL\/pgSQL function p\.load/);
    expect(await redshift.rows('SELECT run_key, n FROM p.loads')).toEqual([["it's", 3]]);
  });

  it('with TRUNCATE commit at that point', async () => {
    await ok(
      'CREATE TABLE p.log (a int)',
      'CREATE TABLE p.emptied (a int)',
      'INSERT INTO p.emptied VALUES (1)',
      `CREATE OR REPLACE PROCEDURE p.reload() AS $$ BEGIN
         INSERT INTO p.log VALUES (1); TRUNCATE p.emptied; INSERT INTO p.log VALUES (2); RAISE EXCEPTION 'late';
       END $$ LANGUAGE plpgsql`
    );
    expect((await redshift.run('CALL p.reload()')).Error).toMatch(/^ERROR: late/);
    expect(await redshift.rows('SELECT (SELECT count(*) FROM p.emptied), (SELECT sum(a) FROM p.log)')).toEqual([
      [0, 1],
    ]);
  });
});
