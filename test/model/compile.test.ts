import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile, jsonSchema, loadModel, parseModel } from '../../model/index.js';
import { modelKeysPage } from '../../model/model-keys-page.js';
import type { WarehousePlan } from '../../model/index.js';

const root = path.resolve(import.meta.dirname, '../..');
const fileOf = (name: string): string => path.join(root, 'examples', name, 'warehouse.yaml');
const plans = Object.fromEntries(['ecommerce', 'game'].map((name) => [name, compile(loadModel(fileOf(name)))]));
const ecommerce = plans['ecommerce']!;
const game = plans['game']!;

/** Every statement of a plan. */
function statements(plan: WarehousePlan): { name: string; sql: string }[] {
  const calls = [...plan.staging, ...plan.dimensions, ...plan.facts].flat();
  return [
    ...plan.setup,
    ...calls.map(({ procedure, sql }) => ({ name: `call ${procedure}`, sql })),
    ...plan.counts.map(({ table, sql }) => ({ name: `count ${table}`, sql })),
    plan.unknownMembers,
    ...plan.reports,
  ];
}

describe('the JSON Schema', () => {
  it('is up to date: run `npx tsx model/write-schema.ts` after a change of model/shape.ts', () => {
    const published: unknown = JSON.parse(readFileSync(path.join(root, 'model/warehouse.schema.json'), 'utf8'));
    expect(published).toEqual(jsonSchema());
  });

  it('has its keys in the documentation, made the same way', () => {
    expect(readFileSync(path.join(root, 'docs/model-keys.md'), 'utf8')).toBe(modelKeysPage());
  });

  it.each(['ecommerce', 'game'])('accepts the example %s, which names it', (name) => {
    const text = readFileSync(fileOf(name), 'utf8');
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(existsSync(path.resolve(path.dirname(fileOf(name)), schema!))).toBe(true);
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema() as object);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...(parse(text) as object), fact: {} })).toBe(false);
  });
});

describe.each(['ecommerce', 'game'])('the plan of %s', (name) => {
  const plan = plans[name]!;

  it('is the same each time, and its hash says so', () => {
    const again = compile(loadModel(fileOf(name)));
    expect(again).toEqual(plan);
    expect(plan.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not depend on layout, but on what the file says', () => {
    const text = readFileSync(fileOf(name), 'utf8');
    expect(compile(parseModel(`\n# more\n${text}\n\n`, 'x')).hash).toBe(plan.hash);
    const other = compile(parseModel(text.replace('rejects: reject', 'rejects: fail'), 'x'));
    expect(other.hash).not.toBe(plan.hash);
  });

  it('is JSON', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('has statements under 100 KB with names of their own', () => {
    const all = statements(plan);
    expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
    for (const { sql } of all) expect(Buffer.byteLength(sql)).toBeLessThan(100_000);
  });

  it('uses nothing that Redshift has not, and no TRUNCATE or COMMIT, which would end the transaction', () => {
    for (const { sql } of statements(plan)) {
      expect(sql).not.toMatch(
        /\b(ON CONFLICT|IS (NOT )?DISTINCT FROM|CREATE (UNIQUE )?INDEX|MERGE INTO|TRUNCATE|COMMIT|RETURNING|FILTER \(|LATERAL|DISTINCT ON|USING \(|GENERATED)\b/i
      );
    }
  });

  it('leaves no name of the model unquoted', () => {
    const names = new Set([
      ...plan.entities.flatMap(({ spec }) => [spec.entity, ...spec.columns.map((column) => column.name)]),
      ...plan.counts.map(({ table }) => table.split('.')[1]!),
    ]);
    for (const { sql } of statements(plan)) {
      // Texts in quotes of either kind are taken out; what is left must hold no name.
      const bare = sql.replace(/'(?:[^']|'')*'/g, "''").replace(/"[^"]*"/g, '""');
      const words = new Set(bare.match(/[a-z_][a-z0-9_]*/g));
      const syntax = ['integer', 'date', 'year', 'quarter', 'month', 'week', 'day', 'dow', 'varchar', 'boolean'];
      expect([...words].filter((word) => names.has(word) && !syntax.includes(word))).toEqual([]);
    }
  });

  it('loads dimensions before facts, and merges them before facts', () => {
    const loads = plan.staging.map((wave) => wave.map((call) => call.procedure));
    expect(loads).toHaveLength(2);
    expect(plan.dimensions).toHaveLength(1);
    expect(loads[0]!.map((one) => one.replace('staging.load_', ''))).toEqual(
      plan.dimensions[0]!.map((one) => one.name)
    );
    expect(loads[1]!.map((one) => one.replace('staging.load_', ''))).toEqual(plan.facts[0]!.map((one) => one.name));
    const procedures = plan.setup
      .filter(({ sql }) => sql.startsWith('CREATE OR REPLACE PROCEDURE'))
      .map((one) => one.name);
    expect([
      ...loads.flat(),
      ...plan.dimensions.flat().map((one) => one.procedure),
      ...plan.facts.flat().map((one) => one.procedure),
    ]).toEqual(procedures);
  });

  it('binds the run key', () => {
    for (const { sql } of [...plan.staging, ...plan.dimensions, ...plan.facts].flat()) {
      expect(sql).toMatch(/^CALL "(staging|dwh)"\."\w+"\(:run_key\)$/);
    }
  });
});

describe('the plan of ecommerce', () => {
  it('makes the tables of the write-up', () => {
    const tables = ecommerce.setup.flatMap(
      ({ sql }) => /^CREATE TABLE IF NOT EXISTS "(\w+)"\."(\w+)"/.exec(sql)?.slice(1).join('.') ?? []
    );
    const staging = ['customer', 'address', 'product', 'date', 'order'].flatMap((name) =>
      [name, `${name}_maxkey`, `${name}key`].map((table) => `staging.${table}`)
    );
    expect(tables).toEqual(expect.arrayContaining(staging));
    expect(tables.filter((table) => /^(landing|dwh)\./.test(table)).sort()).toEqual([
      ...['dwh.address', 'dwh.customer', 'dwh.date', 'dwh.order', 'dwh.product'],
      ...['landing.address', 'landing.customer', 'landing.order', 'landing.product'],
    ]);
  });

  it('has the fact at its grain, distributed by order and sorted by date', () => {
    const { sql } = ecommerce.setup.find(({ name }) => name === 'dwh.order')!;
    expect(sql.split('\n')).toEqual([
      'CREATE TABLE IF NOT EXISTS "dwh"."order" (',
      ...['orderkey', 'customerkey', 'addresskey', 'datekey', 'productkey'].map(
        (name) => `  "${name}" bigint NOT NULL,`
      ),
      '  "price" decimal(12,2),',
      '  "numberofitems" integer',
      ')',
      'DISTSTYLE KEY DISTKEY ("orderkey") SORTKEY ("datekey")',
    ]);
  });

  it('spreads facts and dimensions by what the model says of their size', () => {
    const text = readFileSync(fileOf('ecommerce'), 'utf8');
    const storage = (...replacements: [string, string][]): Record<string, string> => {
      const changed = replacements.reduce((all, [from, to]) => all.replace(from, to), text);
      const { setup } = compile(parseModel(changed, 'warehouse.yaml'));
      const dwh = setup.filter(({ name, sql }) => name.startsWith('dwh.') && sql.startsWith('CREATE TABLE'));
      return Object.fromEntries(dwh.map(({ name, sql }) => [name, sql.split('\n').at(-1)!]));
    };
    const customers: [string, string] = ['key: username\n', 'key: username\n    rows: 5000000\n'];
    const products: [string, string] = ['key: productid\n', 'key: productid\n    rows: 999999\n'];
    const auto = 'DISTSTYLE AUTO SORTKEY';
    expect(storage()).toEqual({
      'dwh.customer': `${auto} ("customerkey")`,
      'dwh.address': `${auto} ("addresskey")`,
      'dwh.product': `${auto} ("productkey")`,
      'dwh.date': 'DISTSTYLE ALL SORTKEY ("datekey")',
      'dwh.order': 'DISTSTYLE KEY DISTKEY ("orderkey") SORTKEY ("datekey")',
    });
    expect(storage(customers, products)).toMatchObject({
      'dwh.customer': 'DISTSTYLE KEY DISTKEY ("customerkey") SORTKEY ("customerkey")',
      'dwh.product': 'DISTSTYLE ALL SORTKEY ("productkey")',
      'dwh.order': 'DISTSTYLE KEY DISTKEY ("customerkey") SORTKEY ("datekey")',
    });
    expect(
      storage(customers, ['    from: product #', '    distribution: addresskey\n    from: product #'])
    ).toMatchObject({
      'dwh.customer': `${auto} ("customerkey")`,
      'dwh.order': 'DISTSTYLE KEY DISTKEY ("addresskey") SORTKEY ("datekey")',
    });
    expect(() => storage(['    from: product #', '    distribution: price\n    from: product #'])).toThrow(
      'facts.order.distribution: "price" is not a key column of the fact'
    );
    expect(() => storage(['key: username\n', 'key: username\n    rows: 0.5\n'])).toThrow(
      'dimensions.customer.rows: must be a whole number of members, at least 1'
    );
  });

  it('routes items by their type, and flattens maps', () => {
    const customer = ecommerce.lake.spec.itemTypes.find(({ name }) => name === 'customer')!;
    expect(customer.match).toEqual([{ attribute: 'type', equals: 'customer' }]);
    expect(customer.columns.find(({ name }) => name === 'address_postcode')).toEqual({
      ...{ name: 'address_postcode', path: ['address', 'postcode'], type: 'S', lakeType: 'string', required: false },
    });
    expect(customer.columns.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      'pk',
      'sk',
      'username',
    ]);
    const amount = ecommerce.lake.spec.itemTypes.find(({ name }) => name === 'order')!.columns.at(-1);
    expect(amount).toMatchObject({ name: 'amount', type: 'N', lakeType: 'string' });
  });

  it('packs landing into one job, unless each entity is to have its own', () => {
    expect(ecommerce.landing).toEqual({ jobName: 'land_job' });
    const text = readFileSync(fileOf('ecommerce'), 'utf8');
    const { landing, hash, ...perEntity } = compile(parseModel(`landingJobs: perEntity\n${text}`, 'warehouse.yaml'));
    expect(landing).toBeUndefined();
    expect(hash).not.toBe(ecommerce.hash);
    const { landing: _landing, hash: _hash, ...packed } = ecommerce;
    expect(perEntity).toEqual(packed);
  });

  it('cuts the user name of an order from its key, whatever is in it', () => {
    const order = ecommerce.entities.find(({ name }) => name === 'order')!;
    expect(order.jobName).toBe('land_order_job');
    expect(order.spec.columns[1]).toEqual({
      name: 'username',
      type: 'varchar(100)',
      source: { kind: 'key', column: 'pk', pattern: '(?s)^CUST#(.+)$' },
      required: false,
    });
    expect(/^CUST#(.+)$/s.exec('CUST#a#b\nc')![1]).toBe('a#b\nc');
  });

  it('explodes the address map and the list, in this order', () => {
    const { spec } = ecommerce.entities.find(({ name }) => name === 'address')!;
    expect(spec.explode?.map(({ kind }) => kind)).toEqual(['map', 'list']);
    expect(spec.explode?.[0]).toMatchObject({ fields: { postcode: 'address_postcode' } });
    expect(spec.columns.find(({ name }) => name === 'position')!.source).toEqual({ kind: 'position' });
    expect(spec.keyColumns).toEqual(['pk', 'sk']);
  });
});

describe('the plan of game', () => {
  it('tells item types apart by key templates whose parts hold no #', () => {
    expect(game.lake.spec.itemTypes.map(({ name, match }) => [name, ...match.map((one) => one.pattern)])).toEqual([
      ['player', '(?s)^PLAYER#[^#]+$', '(?s)^PROFILE$'],
      ['match', '(?s)^MATCH#[^#]+$', '(?s)^SUMMARY$'],
      ['score', '(?s)^MATCH#[^#]+$', '(?s)^SCORE#[^#]+$'],
    ]);
  });

  it('keeps 38 digits in the type of a measure', () => {
    expect(game.setup.find(({ name }) => name === 'dwh.score')!.sql).toContain('"coins" decimal(38,0)');
  });

  it('lets a fact refer to a dimension twice', () => {
    expect(game.setup.find(({ name }) => name === 'dwh.round')!.sql).toMatch(
      /"winnerkey" bigint NOT NULL,\n {2}"championkey"/
    );
  });
});
