import { describe, expect, it } from 'vitest';
import { splitStatements, textOf, tokenize } from '../../../local/redshift/dialect/tokens.js';
import { translate } from '../../../local/redshift/dialect/translate.js';

/** Spacing is of no account. */
function squeezed(sql: string): string {
  return sql
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),;]) ?/g, '$1')
    .trim();
}

describe('tokenize', () => {
  it('gives the text back, whatever is in it', () => {
    const sql = `SELECT E'a\\'b', 'it''s', "a""b", $tag$ ; $$ $tag$, 1.5e3, :p, x::int /* a /* b */ c */ -- ; '\n, ünï FROM t`;
    expect(textOf(tokenize(sql))).toBe(sql);
  });

  it('cuts at semicolons outside of strings, comments, identifiers and dollar quotes only', () => {
    const sql = `a ';' ";" $$;$$ /*;*/ --;\n; ; b`;
    expect(splitStatements(tokenize(sql)).map((tokens) => textOf(tokens).trim())).toEqual([
      `a ';' ";" $$;$$ /*;*/ --;`,
      'b',
    ]);
  });

  it.each([
    ["SELECT 'a", 'unterminated quoted string at line 1'],
    ['SELECT\n"a', 'unterminated quoted identifier at line 2'],
    ['/* /* */', 'unterminated /* comment at line 1'],
    ['$a$ $$', 'unterminated dollar-quoted string at line 1'],
    ['SELECT (1', 'syntax error at end of input'],
    ['SELECT 1)', 'syntax error at or near ")"'],
  ])('refuses %j', (sql, message) => {
    expect(() => translate(sql)).toThrow(message);
  });
});

describe('translate', () => {
  it.each([
    // what both know is left alone
    ['SELECT a, b FROM t WHERE c = 1', 'SELECT a, b FROM t WHERE c = 1'],
    ['-- why\nSELECT 1', '-- why\nSELECT 1'],
    // identifiers and strings
    ['SELECT "Foo" AS "BAR" FROM "Dwh"."Order"', 'SELECT "foo" AS "bar" FROM "dwh"."order"'],
    [String.raw`SELECT 'a\'b', '\\d'`, String.raw`SELECT E'a\'b', E'\\d'`],
    ["SELECT 'NVL(GETDATE()) ::decimal'", "SELECT 'NVL(GETDATE()) ::decimal'"],
    // functions
    ['SELECT NVL(a, NVL(b, 1))', 'SELECT COALESCE(a, COALESCE(b, 1))'],
    ['SELECT NVL2(a, 1, 2)', 'SELECT (CASE WHEN (a) IS NOT NULL THEN 1 ELSE 2 END)'],
    [
      "SELECT DECODE(a, 1, 'x', NULL, 'y', 'z')",
      "SELECT (CASE WHEN (a) IS NOT DISTINCT FROM ( 1) THEN 'x' WHEN (a) IS NOT DISTINCT FROM ( NULL) THEN 'y' ELSE 'z' END)",
    ],
    ["SELECT decode('00', 'hex')", "SELECT decode('00', 'hex')"],
    ['SELECT GETDATE(), SYSDATE, t.sysdate', 'SELECT sluice_redshift.getdate(), LOCALTIMESTAMP, t.sysdate'],
    ['SELECT DATEADD(mon, 1, d)', "SELECT sluice_redshift.dateadd('month', 1, d)"],
    [
      "SELECT DATEDIFF('qtrs', a, '2024-01-01')",
      "SELECT sluice_redshift.datediff('quarter', a,'2024-01-01'::timestamp)",
    ],
    ['SELECT DATE_PART(dow, d)', "SELECT date_part('dow', d)"],
    ['SELECT EXTRACT(year FROM d) / 2', 'SELECT CAST(floor(EXTRACT(year FROM d)) AS integer) / 2'],
    ['SELECT CHARINDEX(a, b), LEN(c)', 'SELECT strpos( b,a), char_length(c)'],
    ['SELECT CONCAT(a, b)', 'SELECT ((a)::varchar || ( b)::varchar)'],
    ['SELECT MEDIAN(x)', 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x)'],
    [
      "SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b) FROM t",
      "SELECT string_agg((a)::varchar, ',' ORDER BY b) FROM t",
    ],
    ['SELECT LISTAGG(DISTINCT a) FROM t', "SELECT string_agg(DISTINCT ( a)::varchar, '') FROM t"],
    ['SELECT APPROXIMATE COUNT(DISTINCT a) FROM t', 'SELECT COUNT(DISTINCT a) FROM t'],
    ['SELECT staging.nvl(a)', 'SELECT staging.nvl(a)'],
    ['INSERT INTO format (a, b, c) SELECT 1, 2, 3', 'INSERT INTO format (a, b, c) SELECT 1, 2, 3'],
    ['SHOW search_path', 'SHOW search_path'],
    // casts and types
    ['SELECT a::DECIMAL, b::numeric(10, 2)', 'SELECT a::numeric(18,0), b::numeric(10, 2)'],
    ['SELECT a::VARCHAR(MAX), b::varchar, c::char', 'SELECT a::varchar(65535), b::varchar, c::char(1)'],
    ['SELECT CAST(a AS NVARCHAR(20)), CONVERT(decimal, b)', 'SELECT CAST(a AS varchar(20)), CAST( b AS numeric(18,0))'],
    [
      'SELECT a::timestamp without time zone, b::double precision',
      'SELECT a::timestamp without time zone, b::double precision',
    ],
    ['SELECT a::SUPER', 'SELECT a::jsonb'],
    // queries
    ['SELECT TOP 5 a FROM t ORDER BY a', 'SELECT a FROM t ORDER BY a LIMIT 5'],
    ['SELECT a FROM (SELECT TOP 1 a FROM t) x', 'SELECT a FROM (SELECT a FROM t LIMIT 1) x'],
    ['SELECT a FROM t MINUS SELECT a FROM u', 'SELECT a FROM t EXCEPT SELECT a FROM u'],
    ['DELETE t WHERE a = 1', 'DELETE FROM t WHERE a = 1'],
    ['DELETE FROM t USING u WHERE t.a = u.a', 'DELETE FROM t USING u WHERE t.a = u.a'],
    // commands
    ['VACUUM', 'VACUUM'],
    ['VACUUM FULL dwh.t TO 75 PERCENT BOOST', 'VACUUM dwh.t'],
    ['ANALYZE', 'ANALYZE'],
    ['ANALYZE VERBOSE dwh.t PREDICATE COLUMNS', 'ANALYZE VERBOSE dwh.t'],
    ['SET search_path TO staging', 'SET search_path TO staging'],
    ["SET query_group TO 'elt'", ''],
    ['CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING', 'CREATE VIEW v AS SELECT a FROM t'],
    ['CREATE SCHEMA s QUOTA 10 GB', 'CREATE SCHEMA s'],
    ['CREATE TABLE t (LIKE u)', 'CREATE TABLE t (LIKE u INCLUDING CONSTRAINTS)'],
    [
      'CREATE TABLE t DISTKEY(a) SORTKEY(b) AS SELECT NVL(a, 1) AS a FROM u',
      'CREATE TABLE t AS SELECT COALESCE(a, 1) AS a FROM u',
    ],
    ['CREATE TEMP TABLE t (a int) DISTSTYLE ALL BACKUP NO', 'CREATE TEMP TABLE t (a int )'],
    ['ALTER TABLE t ALTER SORTKEY (a)', ''],
    ['ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a)', ''],
    ['ALTER TABLE t ADD COLUMN a DECIMAL ENCODE az64', 'ALTER TABLE t ADD COLUMN a numeric(18,0)'],
    [
      'ALTER TABLE t ALTER COLUMN a TYPE varchar(20)',
      'ALTER TABLE t ALTER COLUMN a TYPE varchar(20), DROP CONSTRAINT IF EXISTS "a_bytes", ADD CONSTRAINT "a_bytes" CHECK (octet_length("a") <= 20)',
    ],
  ])('%s', (redshift, postgres) => {
    expect(squeezed(translate(redshift).sql)).toBe(squeezed(postgres));
  });

  it('makes a table of Redshift one of PostgreSQL', () => {
    const { sql } = translate(
      `
      CREATE TABLE IF NOT EXISTS staging."ProductKey" (
        productkey BIGINT IDENTITY(1,1) ENCODE az64 DISTKEY, -- the surrogate
        productid VARCHAR(16383) NOT NULL UNIQUE ENCODE lzo,
        "Price" DECIMAL DEFAULT 0 REFERENCES dwh.price (a),
        loaded TIMESTAMP DEFAULT SYSDATE,
        note VARCHAR DEFAULT NULL,
        back GENERATED BY DEFAULT AS IDENTITY(0,-2),
        CONSTRAINT products_pkey PRIMARY KEY (productkey, productid),
        FOREIGN KEY (productid) REFERENCES dwh.product (productid),
        UNIQUE (productid)
      ) DISTSTYLE KEY COMPOUND SORTKEY (productid) BACKUP NO`.replace('back GENERATED', 'back bigint GENERATED')
    );
    expect(squeezed(sql.replace(/--.*/, ''))).toBe(
      squeezed(`CREATE TABLE IF NOT EXISTS staging."productkey" (
        productkey BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1 MINVALUE 1) NOT NULL,
        productid varchar(16383) NOT NULL CONSTRAINT "productid_bytes" CHECK (octet_length("productid") <= 16383),
        "price" numeric(18,0) DEFAULT 0,
        loaded TIMESTAMP DEFAULT LOCALTIMESTAMP,
        note varchar(256) DEFAULT NULL CONSTRAINT "note_bytes" CHECK (octet_length("note") <= 256),
        back bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 0 INCREMENT BY -2 MAXVALUE 0))`)
    );
  });

  it('translates the body of a procedure and lets TRUNCATE commit', () => {
    const { sql } = translate(`
      CREATE OR REPLACE PROCEDURE staging.load_x(p_run_key IN varchar(512)) LANGUAGE plpgsql AS $$
      DECLARE n BIGINT; note VARCHAR(MAX) := 'a;b';
      BEGIN
        TRUNCATE staging.x;
        IF NVL(n, 0) = 0 THEN TRUNCATE TABLE "Landing"; END IF;
        CREATE TEMP TABLE k (id BIGINT IDENTITY(1,1)) DISTSTYLE ALL;
        DELETE staging.y;
        INSERT INTO t SELECT CASE WHEN a THEN DECODE(b, 1, 2, 3) ELSE 0 END FROM u;
      END;
      $$`);
    const text = squeezed(sql);
    expect(text).toContain("note varchar(65535):= 'a;b'");
    expect(text).toContain(
      'BEGIN TRUNCATE staging.x;COMMIT;IF COALESCE(n,0)= 0 THEN TRUNCATE TABLE "landing";COMMIT;END IF;'
    );
    expect(text).toContain(
      'CREATE TEMP TABLE k(id BIGINT GENERATED ALWAYS AS IDENTITY(START WITH 1 INCREMENT BY 1 MINVALUE 1));'
    );
    expect(text).toContain('DELETE FROM staging.y;');
    expect(text).toContain('THEN(CASE WHEN(b)IS NOT DISTINCT FROM(1)THEN 2 ELSE 3 END)ELSE 0 END FROM u;');
  });

  it('knows that TRUNCATE commits', () => {
    expect(translate('/* now */ TRUNCATE t')).toMatchObject({ sql: '/* now */ TRUNCATE t', commits: true });
    expect(translate('SELECT 1').commits).toBe(false);
  });
});

describe('what Redshift has not is refused', () => {
  it.each([
    ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 'syntax error at or near "CONFLICT"'],
    ['INSERT INTO t VALUES (1) RETURNING a', 'syntax error at or near "RETURNING"'],
    ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', 'syntax error at or near "INSERT"'],
    ['DO $$ BEGIN END $$', 'syntax error at or near "DO"'],
    ['SELECT * FROM t, LATERAL (SELECT 1) x', 'syntax error at or near "LATERAL"'],
    ['SELECT count(*) FILTER (WHERE a) FROM t', 'syntax error at or near "("'],
    ['SELECT DISTINCT ON (a) a FROM t', 'SELECT DISTINCT ON is not supported'],
    ['SELECT a IS DISTINCT FROM b', 'Not implemented: IS DISTINCT FROM'],
    ['SELECT a IS NOT DISTINCT FROM b', 'Not implemented: IS DISTINCT FROM'],
    ['SELECT a FROM t FOR UPDATE', 'SELECT FOR UPDATE/SHARE is not supported'],
    ['SELECT ARRAY[1, 2]', 'not supported on Redshift tables'],
    ["SELECT string_agg(a, ',') FROM t", 'function string_agg does not exist'],
    ['SELECT CONCAT(a, b, c)', 'function concat does not exist'],
    ['SELECT DATEADD(fortnight, 1, d)', 'date part "fortnight" not recognized'],
    ['CREATE INDEX i ON t (a)', 'SQL command "CREATE INDEX" not supported on Redshift tables.'],
    ['CREATE UNIQUE INDEX i ON t (a)', 'not supported on Redshift tables.'],
    ['CREATE SEQUENCE s', 'SQL command "CREATE SEQUENCE" not supported on Redshift tables.'],
    ['CREATE TABLE t (id SERIAL)', 'Column "t.id" has unsupported type "serial".'],
    ['CREATE TABLE t (id uuid)', 'Column "t.id" has unsupported type "uuid".'],
    ['CREATE TABLE t (a int[])', 'Column "t.a" has unsupported type "int[]".'],
    ['CREATE TABLE t (a varchar(65536))', 'length for type varchar cannot exceed 65535'],
    ['CREATE TABLE t (a decimal(39, 2))', 'DECIMAL precision 39 must be between 1 and 38'],
    ['CREATE TABLE t (a int CHECK (a > 0))', 'CHECK constraints are not supported'],
    ['CREATE TABLE t (a int) PARTITION BY RANGE (a)', 'syntax error at or near "PARTITION"'],
    ['CREATE TABLE t (a int) INHERITS (u)', 'syntax error at or near "INHERITS"'],
    ['SELECT 1; SELECT 2', 'cannot insert multiple commands into a prepared statement'],
    // Redshift has these, the local one has not
    ["COPY t FROM 's3://b/k' IAM_ROLE default", 'The local Redshift has no COPY.'],
    ["UNLOAD ('SELECT 1') TO 's3://b/k'", 'The local Redshift has no UNLOAD.'],
    ['ALTER TABLE t ALTER COLUMN a TYPE bigint', 'ALTER COLUMN TYPE is supported for VARCHAR only, not for column "a"'],
    ['ALTER TABLE t APPEND FROM u', 'The local Redshift has no ALTER TABLE APPEND.'],
    ['CREATE EXTERNAL SCHEMA s FROM DATA CATALOG', 'The local Redshift has no CREATE EXTERNAL.'],
    ['SHOW TABLES FROM SCHEMA db.s', 'The local Redshift has no SHOW of objects'],
    ['ANALYZE COMPRESSION t', 'The local Redshift has no ANALYZE COMPRESSION.'],
    ['SET enable_case_sensitive_identifier TO true', 'no enable_case_sensitive_identifier'],
  ])('%s', (sql, message) => {
    expect(() => translate(sql)).toThrow(message);
  });

  it('also inside of a procedure', () => {
    const body = 'BEGIN INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING; END';
    expect(() => translate(`CREATE PROCEDURE p() AS $$ ${body} $$ LANGUAGE plpgsql`)).toThrow('CONFLICT');
  });
});
