import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedshiftActivities } from '../../../activities/redshift.js';
import { deployAssets } from '../../../client/commands/deploy-assets.js';
import type { DeployAssetsOptions } from '../../../client/commands/deploy-assets.js';
import { plan } from '../../../client/commands/plan.js';
import { CommandError } from '../../../client/errors.js';
import { compile, parseModel } from '../../../model/index.js';
import { runActivity } from '../../activities/activity-environment.js';
import { Warehouse } from '../../warehouse/warehouse.js';
import type { Item, Row } from '../../warehouse/warehouse.js';
import { deployment, startTestAws } from '../../workflows/stack.js';
import type { TestAws } from '../../workflows/stack.js';
import { recordingContext } from '../recording-console.js';

const shop = `
name: shop
source: { table: shop, keys: { partition: PK }, typeAttribute: type }
items:
  buyer: { attributes: { buyer: S, name: S, city: S, phone: S } }
  sale: { attributes: { sale: S, buyer: S, shop: S, day: S, amount: N, pieces: N } }
landing:
  buyer: { columns: { buyer: varchar(20), name: varchar(10), city: varchar(20) } }
  sale: { columns: { sale: integer, buyer: varchar(20), day: date, amount: 'decimal(9,2)', pieces: integer } }
dimensions:
  buyer: { key: buyer, attributes: [name, city] }
  day: { dates: sale.day, attributes: [year] }
facts:
  sale:
    key: sale
    grain: [salekey]
    dimensions: { buyer: buyer, day: day }
    measures: [amount, pieces]
`;

/** The model with some of its text replaced. */
function changed(...replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, shop);
}

/** A longer name, a new attribute, wider numbers (a business key among them), a new table, dimension and role. */
const grown = changed(
  ['name: varchar(10), city: varchar(20)', 'name: varchar(40), city: varchar(20), phone: varchar(30)'],
  ['attributes: [name, city]', 'attributes: [name, city, phone]'],
  [
    "sale: integer, buyer: varchar(20), day: date, amount: 'decimal(9,2)', pieces: integer",
    "sale: bigint, buyer: varchar(20), shop: varchar(9), day: date, amount: 'decimal(18,4)', pieces: bigint",
  ],
  ['  day: { dates:', '  shop: { from: sale, key: shop, unknown: { shop: none } }\n  day: { dates:'],
  ['{ buyer: buyer, day: day }', '{ buyer: buyer, day: day, shop: shop }']
);

const item = (
  type: string,
  key: string,
  values: Record<string, string>,
  numbers: Record<string, string> = {}
): Item => ({
  PK: { S: `${type}#${key}` },
  type: { S: type },
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { S: value }])),
  ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { N: value }])),
});

const ann = { buyer: 'ann', name: 'Ann', city: 'Oslo' };
const items: Item[] = [
  item('buyer', 'ann', ann),
  item('buyer', 'bob', { buyer: 'bob', name: 'Böb 🧸', city: '' }),
  item('sale', '1', { sale: '1', buyer: 'ann', day: '2026-03-01' }, { amount: '12.34', pieces: '2' }),
  item('sale', '2', { sale: '2', buyer: 'bob', day: '2026-03-02' }, { amount: '-0.01' }),
];

let aws: TestAws;
let warehouse: Warehouse;
let folder: string;
beforeAll(async () => {
  aws = await startTestAws();
  warehouse = await Warehouse.open(aws.warehouseUrl);
  folder = await mkdtemp(join(tmpdir(), 'sluice deploy '));
});
afterAll(async () => {
  await warehouse.close();
  await aws.stop();
  await rm(folder, { recursive: true });
});

async function written(text: string): Promise<string> {
  const model = join(folder, 'warehouse.yaml');
  await writeFile(model, text);
  return model;
}

interface Outcome {
  readonly document: Record<string, unknown>;
  readonly printed: string;
  readonly error?: CommandError;
}

async function deploy(text: string, options: DeployAssetsOptions = {}): Promise<Outcome> {
  const { context, documents, printed } = recordingContext(aws.env);
  try {
    await deployAssets(context, { model: await written(text), ...options });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { document: {}, printed: '', error };
  }
  return { document: documents[0] as Record<string, unknown>, printed: printed.join('\n') };
}

/** Columns with their types, of every table. */
async function columns(): Promise<Record<string, string>> {
  const { rows } = await warehouse.client.query<{ name: string; type: string }>(
    `SELECT table_schema || '.' || table_name || '.' || column_name AS name,
       data_type || coalesce('(' || character_maximum_length || ')', '') ||
       CASE data_type WHEN 'numeric' THEN '(' || numeric_precision || ',' || numeric_scale || ')' ELSE '' END AS type
     FROM information_schema.columns WHERE table_schema IN ('landing', 'staging', 'dwh') ORDER BY 1`
  );
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

/** Every value of every table as JSON, without what is new. */
async function values(model: string): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {};
  for (const { sql } of compile(parseModel(model, 'model')).setup) {
    const [, schema, table, lines] = /^CREATE TABLE IF NOT EXISTS "(\w+)"\."(\w+)" \(\n([\s\S]*?)\n\)/.exec(sql) ?? [];
    if (!['landing', 'staging', 'dwh'].includes(schema ?? '')) continue;
    const names = lines!.split('\n').flatMap((line) => /^ {2}"(\w+)"/.exec(line)?.[1] ?? []);
    const list = names.map((name) => `trim_scale_text("${name}"::text) AS "${name}"`).join(', ');
    const { rows } = await warehouse.client.query<Row>(`SELECT ${list} FROM "${schema}"."${table}" ORDER BY 1`);
    found[`${schema}.${table}`] = rows;
  }
  return found;
}

async function reset(): Promise<void> {
  await warehouse.client.query('DROP SCHEMA IF EXISTS landing, staging, dwh, sluice CASCADE');
  // 12.34 and 12.3400 are one value.
  await warehouse.client.query(
    `CREATE OR REPLACE FUNCTION trim_scale_text(text) RETURNS text IMMUTABLE LANGUAGE sql AS
     $$ SELECT CASE WHEN $1 ~ '^-?\\d+\\.\\d+$' THEN trim_scale($1::numeric)::text ELSE $1 END $$`
  );
  expect((await deploy(shop)).error).toBeUndefined();
  await warehouse.run(compile(parseModel(shop, 'shop')), items, 'first', '2026-03-03T00:00:00Z');
}

describe('a model that has grown', () => {
  beforeAll(reset);

  it('is planned with every statement, and nothing is changed by that', async () => {
    const before = await columns();
    const { context, documents, printed } = recordingContext(aws.env);
    await plan(context, { model: await written(grown) });
    const { migrations } = documents[0] as {
      migrations: {
        kind: string;
        newTables: string[];
        refusals: [];
        migrations: { title: string; statements: { sql: string }[] }[];
      };
    };
    expect(migrations).toMatchObject({ kind: 'known', refusals: [] });
    expect(migrations.newTables).toEqual([
      'sluice.loads_shop',
      'staging.shopkey',
      'staging.shop_maxkey',
      'staging.shop',
      'dwh.shop',
    ]);
    const unknown = 'bigint; rows that are there take 0, the unknown member';
    expect(migrations.migrations.map(({ title }) => title)).toEqual([
      'widen landing.buyer.name from varchar(10) to varchar(40)',
      'add landing.buyer.phone varchar(30); rows that are there take NULL',
      'widen landing.sale.sale from integer to bigint',
      'add landing.sale.shop varchar(9); rows that are there take NULL',
      'widen landing.sale.amount from decimal(9,2) to decimal(18,4)',
      'widen landing.sale.pieces from integer to bigint',
      'widen staging.buyer.name from varchar(10) to varchar(40)',
      'add staging.buyer.phone varchar(30); rows that are there take NULL',
      'widen dwh.buyer.name from varchar(10) to varchar(40)',
      'add dwh.buyer.phone varchar(30); rows that are there take NULL',
      'widen staging.salekey.sale from integer to bigint',
      `add staging.sale.shopkey ${unknown}`,
      'widen staging.sale.amount from decimal(9,2) to decimal(18,4)',
      'widen staging.sale.pieces from integer to bigint',
      `add dwh.sale.shopkey ${unknown}`,
      'widen dwh.sale.amount from decimal(9,2) to decimal(18,4)',
      'widen dwh.sale.pieces from integer to bigint',
    ]);
    for (const { statements } of migrations.migrations)
      for (const { sql } of statements) expect(printed.join('\n')).toContain(sql);
    expect(await columns()).toEqual(before);
  });

  it('is shown by a dry run, which changes nothing', async () => {
    const before = [await columns(), await values(shop)];
    const { document, printed } = await deploy(grown, { dryRun: true });
    expect(document).toMatchObject({ dryRun: true, nothingToDo: false, setup: 'replaced' });
    expect(printed).toContain('widen dwh.sale.amount from decimal(9,2) to decimal(18,4)');
    expect([await columns(), await values(shop)]).toEqual(before);
  });

  it('is not loaded before it is deployed: the run says what differs', async () => {
    const before = [await columns(), await values(shop)];
    const { startStatements } = createRedshiftActivities(aws.clients);
    const sqls = compile(parseModel(grown, 'grown')).setup.map(({ sql }) => sql);
    const scope = { pipeline: 'shop', runKey: 'early', planHash: 'h' };
    const started = runActivity(startStatements, {
      ...{ scope, stage: 'prepare', step: 'setup 1/1', target: deployment.redshift },
      transactions: [{ step: 'setup 1/1', sqls }],
    });
    await expect(started).rejects.toThrow(
      /landing\.sale\.sale is integer, and the model says bigint; .*dwh\.buyer\.phone is missing/
    );
    expect([await columns(), await values(shop)]).toEqual(before);
  });

  it('is deployed with every row and value in its place', async () => {
    const before = await values(shop);
    expect(before['dwh.sale']).toHaveLength(2);
    const { error } = await deploy(grown);
    expect(error).toBeUndefined();
    expect(await values(shop)).toEqual(before);
    expect(await columns()).toMatchObject({
      'landing.sale.sale': 'bigint',
      'staging.salekey.sale': 'bigint',
      'dwh.sale.amount': 'numeric(18,4)',
      'dwh.sale.pieces': 'bigint',
      'dwh.sale.shopkey': 'bigint',
      'dwh.buyer.name': 'character varying(40)',
      'dwh.buyer.phone': 'character varying(30)',
      'dwh.shop.shop': 'character varying(9)',
    });
    const { rows } = await warehouse.client.query(
      'SELECT shopkey, (SELECT count(*) FROM dwh.shop) AS members FROM dwh.sale'
    );
    expect(rows).toEqual([
      { shopkey: '0', members: '1' },
      { shopkey: '0', members: '1' },
    ]);
  });

  it('leaves nothing to do for a second time', async () => {
    const { document, printed } = await deploy(grown);
    expect(document).toMatchObject({ nothingToDo: true, migrations: [], newTables: [], setup: 'current' });
    expect(printed).toBe('Nothing to do.');
  });

  it('is loaded by the next run, with the keys that were given before', async () => {
    const compiled = compile(parseModel(grown, 'grown'));
    const { rows: keys } = await warehouse.client.query('SELECT buyerkey, buyer FROM dwh.buyer ORDER BY 1');
    const more = [
      item('buyer', 'ann', { ...ann, name: 'Ann of the very long name', phone: '+47 1' }),
      items[1]!,
      item(
        'sale',
        '1',
        { sale: '1', buyer: 'ann', day: '2026-03-01', shop: 'north' },
        { amount: '99999999999.1234', pieces: '5000000000' }
      ),
      items[3]!,
    ];
    await warehouse.run(compiled, more, 'second', '2026-03-04T00:00:00Z');
    expect((await warehouse.client.query('SELECT buyerkey, buyer FROM dwh.buyer ORDER BY 1')).rows).toEqual(keys);
    const { rows } = await warehouse.client.query(
      `SELECT s.amount, s.pieces, b.phone, p.shop FROM dwh.sale s JOIN dwh.buyer b USING (buyerkey) JOIN dwh.shop p USING (shopkey) ORDER BY 1`
    );
    expect(rows).toEqual([
      { amount: '-0.0100', pieces: null, phone: null, shop: 'none' },
      { amount: '99999999999.1234', pieces: '5000000000', phone: '+47 1', shop: 'north' },
    ]);
  });
});

describe('a model that would lose data', () => {
  beforeAll(reset);

  it.each([
    [
      'a narrower text',
      [['name: varchar(10)', 'name: varchar(9)']],
      /dwh\.buyer\.name is varchar\(10\), and the model says varchar\(9\)/,
    ],
    [
      'a narrower number',
      [["'decimal(9,2)'", "'decimal(9,3)'"]],
      /dwh\.sale\.amount is decimal\(9,2\), .* decimal\(9,3\): not all/,
    ],
    [
      'a whole number of a broken one',
      [["'decimal(9,2)'", 'bigint']],
      /dwh\.sale\.amount is decimal\(9,2\), .* bigint: not all/,
    ],
    [
      'another kind of value',
      [['pieces: integer', 'pieces: varchar(20)']],
      /dwh\.sale\.pieces is integer, .*: values would become something else/,
    ],
    [
      'an attribute less',
      [
        ['[name, city]', '[name]'],
        [', city: varchar(20)', ''],
      ],
      /^dwh\.buyer\.city is not in the model, .*ALTER TABLE "dwh"\."buyer" DROP COLUMN "city"\), .*--leave dwh\.buyer\.city$/,
    ],
    ['a dimension less', [['{ buyer: buyer, day: day }', '{ buyer: buyer }']], /dwh\.sale\.daykey is not in the model/],
    [
      'another business key',
      [
        ['key: buyer,', 'key: [buyer, city],'],
        ['[name, city]', '[name]'],
        ['{ buyer: buyer, day: day }', '{ day: day }'],
      ],
      /staging\.buyerkey\.buyerid is missing: the business key has changed/,
    ],
    [
      'versions of what had none',
      [['attributes: [name, city] }', 'attributes: [name, city], scd: 2 }']],
      /staging\.buyerkey\.valid_from is missing: .*docs\/model-reference\.md/,
    ],
    [
      'a finer grain',
      [
        ['grain: [salekey]', 'grain: [salekey, cashkey]'],
        ['{ buyer: buyer, day: day }', '{ buyer: buyer, day: day, cash: { dimension: buyer, on: buyer } }'],
      ],
      /dwh\.sale\.cashkey would be part of the grain/,
    ],
  ] as const)('is refused: %s', async (_what, replacements, message) => {
    const before = [await columns(), await values(shop)];
    const { error } = await deploy(changed(...replacements));
    expect(error).toMatchObject({ exitCode: 2, message: 'The assets cannot be deployed; nothing was changed:' });
    expect(error?.problems).toContainEqual(expect.stringMatching(message));
    expect([await columns(), await values(shop)]).toEqual(before);
  });

  it('may leave a column of dwh as it is, if asked to', async () => {
    const without = changed(['[name, city]', '[name]'], [', city: varchar(20)', '']);
    const before = (await values(shop))['dwh.buyer'];
    const { document, error } = await deploy(without, { leave: ['dwh.buyer.city'] });
    expect(error).toBeUndefined();
    expect(document).toMatchObject({ migrations: [], setup: 'replaced' });
    expect((await values(shop))['dwh.buyer']).toEqual(before);
  });

  it('is undone when a copied value turns out to differ', async () => {
    await warehouse.client.query(`
      CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.sluice_new := NEW.sluice_new + 1; RETURN NEW; END $$;
      CREATE TRIGGER spoil BEFORE UPDATE ON dwh.sale FOR EACH ROW EXECUTE FUNCTION spoil();`);
    const wider = changed(["'decimal(9,2)'", "'decimal(12,2)'"]);
    const before = [(await columns())['dwh.sale.amount'], (await values(shop))['dwh.sale']];
    const { error } = await deploy(wider);
    expect(error).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/widen dwh\.sale\.amount .*: a copied value differs from its original/),
    });
    expect([(await columns())['dwh.sale.amount'], (await values(shop))['dwh.sale']]).toEqual(before);
    await warehouse.client.query('DROP TRIGGER spoil ON dwh.sale');
    expect((await deploy(wider)).error).toBeUndefined();
    expect((await columns())['dwh.sale.amount']).toBe('numeric(12,2)');
    expect((await values(shop))['dwh.sale']).toEqual(before[1]);
  });
});
