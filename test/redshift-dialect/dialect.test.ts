import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WarehousePlan } from '../../model/index.js';
import { pythonVenv } from '../python-venv.js';
import { setupTransactions } from '../../workflows/elt/setup-transactions.js';
import { others, plans, statementsOf } from './statements.js';
import type { Sent } from './statements.js';

interface Report {
  readonly statements: number;
  readonly breaches: readonly { readonly name: string; readonly rule: string; readonly text: string }[];
}

const bin = await pythonVenv(['sqlglot==30.30.0']);

async function check(statements: readonly Sent[]): Promise<Report> {
  const child = spawn(path.join(bin!, 'python'), ['-B', path.join(import.meta.dirname, 'check.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(statements));
  return JSON.parse(await text(child.stdout)) as Report;
}

/** A procedure with these statements in its body. */
const procedure = (...body: string[]): string =>
  `CREATE OR REPLACE PROCEDURE "dwh"."p"(p_run_key IN varchar(512))\nAS $$\nDECLARE\n  v_rows BIGINT;\nBEGIN\n${body
    .map((one) => `  ${one};\n`)
    .join('')}END;\n$$ LANGUAGE plpgsql`;

/** Statements that a PostgreSQL takes, or nearly, with the rule of Redshift's that each breaks. */
const seeded: readonly (readonly [sql: string, rule: string])[] = [
  ['SELECT FROM WHERE', 'parses'],
  ['SELECT 1; SELECT 2', 'one statement'],
  ['ALTER TABLE "a"."b" APPEND FROM "a"."c"', 'understood'],
  ['LOCK "dwh"."t"; DELETE FROM "dwh"."t"', 'one statement'],
  ['CALL dwh.merge(NULL)', 'understood'],
  ['INSERT INTO "a"."b" ("c") VALUES (1) ON CONFLICT DO NOTHING', 'no ON CONFLICT'],
  ['INSERT INTO "a"."b" ("c") VALUES (1) RETURNING "c"', 'no RETURNING'],
  ['SELECT DISTINCT ON (t."a") t."b" FROM "s"."t" t', 'no DISTINCT ON'],
  ['SELECT t."a" FROM "s"."t" t, LATERAL (SELECT 1 AS "x") l', 'no LATERAL'],
  ['SELECT ARRAY[1, 2]', 'no arrays'],
  ['SELECT t."a"[1] FROM "s"."t" t', 'no subscripts'],
  ['SELECT COUNT(*) FILTER (WHERE t."a" = 1) FROM "s"."t" t', 'no FILTER'],
  ['SELECT t."a" IS DISTINCT FROM t."b" FROM "s"."t" t', 'no IS DISTINCT FROM'],
  ['CREATE INDEX i ON "s"."t" ("a")', 'no indexes'],
  ['SELECT v."a" FROM (VALUES (1)) AS v ("a")', 'no VALUES as a table'],
  ['SELECT GENERATE_SERIES(1, 3)', 'known functions'],
  ['SELECT STRING_AGG(t."a", \',\') FROM "s"."t" t', 'known functions'],
  ['SELECT NOW()', 'known functions'],
  ['SELECT SUBSTR(t."a", 1) FROM "s"."t" t', 'known functions'],
  ['SELECT order.price FROM dwh.sales order', 'reserved words are quoted'],
  ['SELECT t.tag FROM "s"."t" t', 'reserved words are quoted'],
  ['SELECT t."Price" FROM "s"."t" t', 'names are lower case, as Redshift folds them'],
  [`SELECT t."${'a'.repeat(128)}" FROM "s"."t" t`, 'names have at most 127 bytes'],
  ['CREATE TABLE "s"."t" ("a" varchar(65536))', 'VARCHAR has 1 to 65535 bytes'],
  ['CREATE TABLE "s"."t" ("a" varchar)', 'VARCHAR has 1 to 65535 bytes'],
  ['CREATE TABLE "s"."t" ("a" decimal(39,2))', 'DECIMAL has at most 38 digits, 37 after the point'],
  ['CREATE TABLE "s"."t" ("a" decimal(38,38))', 'DECIMAL has at most 38 digits, 37 after the point'],
  ['CREATE TABLE "s"."t" ("a" decimal)', 'DECIMAL has at most 38 digits, 37 after the point'],
  ['CREATE TABLE "s"."t" ("a" text[])', 'known types'],
  ['CREATE TABLE "s"."t" ("a" jsonb)', 'known types'],
  ['CREATE TABLE "s"."t" ("ctid" integer)', "no column is named as PostgreSQL's own"],
  ['CREATE TABLE "s"."t" ("a" integer) DISTSTYLE KEY DISTKEY ("b")', 'keys are columns of the table'],
  ['CREATE TABLE "s"."t" ("a" integer) DISTSTYLE KEY', 'DISTSTYLE KEY and DISTKEY go together'],
  ['CREATE TABLE "s"."t" ("a" integer CHECK ("a" > 0))', 'no CHECK constraints'],
  ['ALTER TABLE "s"."t" ADD COLUMN "a" integer, ADD COLUMN "b" integer', 'one column in each ALTER TABLE'],
  ['ALTER TABLE "s"."t" ADD COLUMN IF NOT EXISTS "a" integer', 'no IF NOT EXISTS for columns'],
  ['ALTER TABLE "s"."t" ADD COLUMN "a" integer NOT NULL', 'a NOT NULL column is added with a default'],
  ['ALTER TABLE "s"."t" ALTER COLUMN "a" TYPE decimal(20,2)', 'only the size of a VARCHAR is altered'],
  [`SELECT '${'x'.repeat(103_000)}'`, 'a statement has at most 100 KB'],
  [procedure('TRUNCATE "dwh"."t"'), "nothing that ends a procedure's transaction"],
  [procedure('COMMIT'), "nothing that ends a procedure's transaction"],
  [procedure('ALTER TABLE "s"."t" ALTER COLUMN "a" TYPE varchar(9)'), 'columns are altered outside of transactions'],
  [procedure('SELECT STRING_AGG(t."a", \',\') INTO v_rows FROM "s"."t" t'), 'known functions'],
  [procedure('IF t.tag = 1 THEN\n  v_rows := 1;\nEND IF'), 'reserved words are quoted'],
  [procedure('v_rows := FROM'), 'parses'],
  [procedure('v_other := 1'), 'parses'],
  [procedure("RAISE EXCEPTION 'x %', NOW()"), 'known functions'],
  [procedure('WHILE v_rows > 0 LOOP\n v_rows := 0;\nEND LOOP'), 'parses'],
];

// Files that hold SQL for the warehouse. Whoever adds one adds its statements to statements.ts.
const holdSql = [
  'model/sql/load-dimension.ts',
  'model/sql/load-fact.ts',
  'model/sql/load-versions.ts',
  'model/sql/lookup.ts',
  'model/sql/merge-dimension.ts',
  'model/sql/merge-fact.ts',
  'model/sql/procedure.ts',
  'model/sql/queries.ts',
  'model/sql/run-history.ts',
  'model/sql/tables.ts',
  'model/compile.ts',
  'model/sql/assets.ts',
  'model/migration/live-columns.ts',
  'model/migration/plan-migrations.ts',
  'model/lineage/datasets.ts', // reads statements, sends none
  'activities/run-history.ts',
  'client/doctor/warehouse-checks.ts',
];

const root = path.resolve(import.meta.dirname, '../..');

describe("Redshift's dialect", () => {
  it('has its SQL where this test looks for it', () => {
    const files = ['model', 'activities', 'client', 'workflows', 'workers'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => path.join(folder, name))
    );
    const sql =
      /[`'"](?:SELECT |INSERT INTO |UPDATE \$|DELETE FROM |CREATE (?:OR REPLACE|TABLE|SCHEMA|VIEW) |ALTER TABLE |CALL |ANALYZE |LOCK |DROP TABLE |COPY ["$])/;
    const found = files.filter((file) => {
      const code = readFileSync(path.join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, '');
      // Examples in the CLI's help are the user's own statements.
      return sql.test(code.replace(/`sluice query '[^`]*`|`(?:sluice|psql)[^`]*`/g, ''));
    });
    expect(found.sort()).toEqual([...holdSql].sort());
  });

  it('is kept to by batches: at most 40 statements and 100 KB, no CALL that might commit', () => {
    for (const plan of Object.values(plans)) {
      for (const { sqls } of setupTransactions(plan.setup)) {
        expect(sqls.length).toBeLessThanOrEqual(40);
        expect(sqls.reduce((sum, sql) => sum + Buffer.byteLength(sql), 0)).toBeLessThan(100 * 1024);
        expect(sqls.filter((sql) => /^(CALL|VACUUM|ALTER TABLE\s.*\sALTER)/i.test(sql))).toEqual([]);
      }
    }
  });
});

describe('calls of a wave', () => {
  const bodies = (plan: WarehousePlan): Map<string, string> =>
    new Map(plan.setup.flatMap(({ name, sql }) => (sql.startsWith('CREATE OR REPLACE PROC') ? [[name, sql]] : [])));
  const tablesIn = (sql: string, pattern: RegExp): Set<string> =>
    new Set([...sql.matchAll(pattern)].map(([, schema, table]) => `${schema}.${table}`));
  const writes = (sql: string): Set<string> =>
    tablesIn(sql, /(?:INSERT INTO|UPDATE|DELETE FROM|ANALYZE|LOCK) "(\w+)"\."(\w+)"/g);
  const mentions = (sql: string): Set<string> => tablesIn(sql, /"(landing|staging|dwh|sluice)"\."(\w+)"/g);

  // Two transactions that run at the same time, each reading and writing a table, cannot be put in an order: Redshift
  // ends one with error 1023. https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
  it.each(Object.keys(plans))('of %s write nothing that another of them reads or writes', (name) => {
    const plan = plans[name]!;
    const sql = bodies(plan);
    const clashes = [...plan.staging, ...plan.dimensions, ...plan.facts].flatMap((wave) =>
      wave.flatMap((one) =>
        wave
          .filter((other) => other !== one)
          .flatMap((other) => {
            const theirs = mentions(sql.get(other.procedure)!);
            return [...writes(sql.get(one.procedure)!)].filter((table) => theirs.has(table));
          })
      )
    );
    expect(clashes).toEqual([]);
    for (const body of sql.values()) expect(writes(body).size).toBeGreaterThan(1);
  });
});

describe.skipIf(bin === undefined)('an independent parser of the dialect (skipped without Python or PyPI)', () => {
  let report: Report;
  let breaches: Report['breaches'];

  beforeAll(async () => {
    const sent = Object.entries(plans).flatMap(([model, plan]) =>
      statementsOf(plan).map(({ name, sql }) => ({ name: `${model}: ${name}`, sql }))
    );
    [report, { breaches }] = await Promise.all([
      check([...sent, ...others]),
      check(seeded.map(([sql], index) => ({ name: String(index), sql }))),
    ]);
  });

  it('understands every statement that Sluice sends, and finds nothing in it that Redshift lacks', () => {
    expect(report.breaches).toEqual([]);
    expect(report.statements).toBeGreaterThan(2_000);
  });

  it.each(seeded.map(([sql, rule], index) => ({ index, rule, sql: sql.slice(0, 60) })))(
    'finds that "$rule" is broken by $sql',
    ({ index, rule }) => {
      expect(breaches.filter(({ name }) => name === String(index)).map((one) => one.rule)).toContain(rule);
    }
  );
});
