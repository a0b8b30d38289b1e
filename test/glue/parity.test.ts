import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CreateDataQualityRulesetCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile, loadModel } from '../../model/index.js';
import type { LakeColumn, LakeJobSpec, LandJobSpec, WarehousePlan } from '../../model/plan.js';
import { fitting, hostileColumns, hostileSpec, unfit } from '../local/glue/hostile-items.js';
import { lakeArguments, lakeObjects, putExport } from '../local/glue/local-glue.js';
import type { Item } from '../local/glue/local-glue.js';
import { hostileLanding, landingDdl } from './hostile-landing.js';
import { landingOutcome, lakeOutcome, startParityScene } from './parity-scene.js';
import type { ParityScene } from './parity-scene.js';
import { gluePython } from './spark-jobs.js';

const root = resolve(import.meta.dirname, '../..');
const classicmodels = resolve(root, '../shared/data/classicmodels/items.jsonl.gz');
const python = await gluePython();
const planOf = (example: string): WarehousePlan =>
  compile(loadModel(join(root, 'examples', example, 'warehouse.yaml')));

/** Arguments of the packed land job. */
const packed = (specs: readonly LandJobSpec[], more: Record<string, string> = {}): Record<string, string> => ({
  '--sluice_token': 'token',
  '--run_key': 'run-1',
  '--lake_uri': 's3://lake/shop/',
  '--connection': 'warehouse',
  '--database': 'salesdwh',
  '--watermark': '2026-03-01T00:00:00.25Z',
  '--table_id': 'table-1',
  '--pipeline': 'shop',
  '--report_uri': 's3://lake/_sluice/shop/land_job.json',
  '--specs': JSON.stringify(specs),
  ...more,
});

describe.skipIf(python === undefined)('the Glue scripts under PySpark', { timeout: 300_000 }, () => {
  let scene: ParityScene;
  beforeAll(async () => {
    scene = await startParityScene(python ?? '');
  }, 300_000);
  afterAll(async () => scene?.close());
  beforeEach(async () => {
    for (const key of Object.keys(await lakeObjects(scene.local.store, ''))) {
      await scene.local.store.deleteObject('lake', key);
    }
    await scene.warehouse.query('DROP SCHEMA IF EXISTS landing, sluice CASCADE');
  });

  const lake = () => lakeOutcome(scene, 'lake');
  const landing = () => landingOutcome(scene, 'land_job');
  const makeLake = async (items: readonly Item[], spec: LakeJobSpec) => {
    const half = Math.ceil(items.length / 2);
    const manifest = await putExport(scene.local.store, [items.slice(0, half), items.slice(half)]);
    return await scene.both('raw_to_datalake.py', lakeArguments(manifest, items.length, spec), lake);
  };
  const makeTables = async (statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await scene.warehouse.query(sql);
  };
  const emptyTables = async (): Promise<void> => {
    const { rows } = await scene.warehouse.query<{ sql: string }>(
      `SELECT format('DELETE FROM %I.%I', table_schema, table_name) AS sql FROM information_schema.tables
       WHERE table_schema IN ('landing', 'sluice')`
    );
    await makeTables(rows.map(({ sql }) => sql));
  };

  /** Both jobs over a compiled model, from the items to the rows of landing. */
  const pipeline = async (plan: WarehousePlan, items: readonly Item[]) => {
    const spec = { ...plan.lake.spec, table: 'shop' };
    const made = await makeLake(items, spec);
    expect(made.errors).toEqual([undefined, undefined]);
    expect(made.spark).toEqual(made.duckdb);
    const specs = plan.entities.map((entity) => entity.spec);
    await makeTables(landingDdl(specs));
    const landed = await scene.both('land.py', packed(specs), landing, emptyTables);
    expect(landed.errors).toEqual([undefined, undefined]);
    expect(landed.spark).toEqual(landed.duckdb);
    return landed.spark as { report: { itemsRead: number; rows: Record<string, number> } };
  };

  it.each(['ecommerce', 'game'])('land the items of %s', async (example) => {
    const { generateItems } = (await import(join(root, 'examples', example, 'sample-data.ts'))) as {
      generateItems(options: { items: number; seed: number }): Iterable<Item>;
    };
    const { report } = await pipeline(planOf(example), [...generateItems({ items: 500, seed: 11 })]);
    expect(Object.values(report.rows).every((rows) => rows > 0)).toBe(true);
  });

  it.skipIf(!existsSync(classicmodels))('land a well-known database', async () => {
    const lines = gunzipSync(await readFile(classicmodels))
      .toString('utf8')
      .trim()
      .split('\n');
    const items = lines.map((line) => (JSON.parse(line) as { Item: Item }).Item);
    const { report } = await pipeline(planOf('ecommerce'), items);
    expect(report.rows).toMatchObject({ 'landing.order': 326, 'landing.product': 2996 });
  });

  it('make the same lake of hostile items, and the same bytes again', async () => {
    const items = [...fitting, ...unfit].map(({ item }) => item);
    const { duckdb, spark, errors } = await makeLake(items, hostileSpec(hostileColumns));
    expect(errors).toEqual([undefined, undefined]);
    expect(spark).toEqual(duckdb);
    const objects = await lakeObjects(scene.local.store);
    const again = await makeLake(items, hostileSpec(hostileColumns));
    expect(again.errors).toEqual([undefined, undefined]);
    expect(await lakeObjects(scene.local.store)).toEqual(objects);
  });

  it('land hostile items', async () => {
    const items = fitting.map(({ item }) => item);
    const made = await makeLake([...items, ...hostileLanding.items], hostileLanding.lake);
    expect(made.errors).toEqual([undefined, undefined]);
    expect(made.spark).toEqual(made.duckdb);
    await makeTables(landingDdl(hostileLanding.specs));
    const landed = await scene.both('land.py', packed(hostileLanding.specs), landing, emptyTables);
    expect(landed.errors).toEqual([undefined, undefined]);
    expect(landed.spark).toEqual(landed.duckdb);
    expect(landed.spark).toMatchObject({ report: { rejected: { items: expect.any(Number) } } });
  });

  it('hold the same rows back', async () => {
    const { lake: spec, specs } = hostileLanding;
    const items = fitting.map(({ item }) => item);
    expect((await makeLake(items, spec)).errors).toEqual([undefined, undefined]);
    const ruleset = 'Rules = [ IsComplete "big", ColumnLength "pk" < 12 ]';
    await scene.local.glue.send(new CreateDataQualityRulesetCommand({ Name: 'things', Ruleset: ruleset }));
    await makeTables(landingDdl(specs));
    const args = packed(specs, { '--quarantine_rulesets': '{"thing":"things"}' });
    const landed = await scene.both('land.py', args, landing, emptyTables);
    expect(landed.errors).toEqual([undefined, undefined]);
    expect(landed.spark).toEqual(landed.duckdb);
    expect(landed.spark).toMatchObject({ report: { quarantined: fitting.length - 1 } });
  });

  it('merge the same changes into the same lake', async () => {
    const attribute = (name: string, path: string, type: LakeColumn['type'], lakeType: string, required = false) => ({
      ...{ name, path: [path], type, lakeType, required },
    });
    const keyColumns = [attribute('pk', 'PK', 'S', 'string', true), attribute('sk', 'SK', 'N', 'decimal(9,2)', true)];
    const kind = (name: string, columns: LakeColumn[]) => ({
      ...{ name, match: [{ attribute: 'type', equals: name }], columns: [...keyColumns, ...columns] },
    });
    const spec: LakeJobSpec = {
      ...{ version: 1, table: 'shop', keys: ['PK', 'SK'], onReject: 'reject' },
      itemTypes: [kind('thing', [attribute('size', 'size', 'N', 'string', true)]), kind('other', [])],
    };
    const keys = (id: string): Item => ({ PK: { S: id }, SK: { N: '1.5' } });
    const thing = (id: string, size: object = { N: '1' }): Item => ({ ...keys(id), type: { S: 'thing' }, size });
    const floor = Date.UTC(2026, 2, 1) * 1000;
    const change = (id: string, minutes: number, now?: Item, bare = false): string => {
      const micros = String(floor + minutes * 60_000_000);
      const Metadata = { WriteTimestampMicros: bare ? Number(micros) : { N: micros } };
      return `${JSON.stringify({ Metadata, Keys: keys(id), OldImage: keys(id), ...(now && { NewImage: now }) })}\n`;
    };
    const putChanges = async (name: string, lines: readonly string[]) => {
      const body = gzipSync(lines.join(''));
      await scene.local.store.putObject('raw', `shop/AWSDynamoDB/data/${name}.json.gz`, body);
      const md5Checksum = createHash('md5').update(body).digest('base64');
      const entry = { itemCount: lines.length, md5Checksum, dataFileS3Key: `shop/AWSDynamoDB/data/${name}.json.gz` };
      const key = `shop/AWSDynamoDB/${name}/manifest-files.json`;
      await scene.local.store.putObject('raw', key, `${JSON.stringify(entry)}\n`);
      return { uri: `s3://raw/${key}`, items: lines.length };
    };
    const keep = async (folder: string): Promise<void> => {
      for (const key of Object.keys(await lakeObjects(scene.local.store))) {
        const body = await readFile(await scene.local.store.filePath('lake', key));
        await scene.local.store.putObject('lake', `${folder}/${key}`, body);
      }
    };

    const made = await makeLake(
      ['a', 'b', 'c', 'd', 'bad', 'mended'].map((id) =>
        thing(id, /a|b|c|d$/.test(id) && id.length === 1 ? { N: '1' } : { S: 'no' })
      ),
      spec
    );
    expect(made.errors).toEqual([undefined, undefined]);
    await keep('first');
    const manifests = [
      await putChanges('w1', [
        change('a', 1, thing('a', { N: '2' })),
        change('a', 3, thing('a', { N: '3.50' }), true),
        change('b', 2),
        change('new', 2, thing('new')),
        change('mended', 2, thing('mended')),
      ]),
      await putChanges('w2', [
        change('a', 3, thing('a', { N: '3.50' }), true),
        change('c', 5, { ...keys('c'), type: { S: 'other' } }),
        change('d', 5, thing('d', { S: 'spoilt' })),
        change('new', 6),
      ]),
    ];
    const { '--manifest_uri': _uri, '--expected_items': _items, ...common } = lakeArguments('', 0, spec, 'run-2');
    const changes = {
      ...common,
      '--manifests': JSON.stringify(manifests),
      '--previous': 's3://lake/first/shop/',
      '--changes_from': '2026-03-01T00:00:00Z',
      '--as_of': '2026-03-01T00:15:00Z',
    };
    const merged = await scene.both('raw_to_datalake.py', changes, lake);
    expect(merged.errors).toEqual([undefined, undefined]);
    expect(merged.spark).toEqual(merged.duckdb);
    expect(merged.spark).toMatchObject({ report: { itemsRead: 9, rows: { thing: 2, other: 1, rejected: 2 } } });

    // Into what Spark itself has written: a late replay, and deletes that are no longer remembered.
    await keep('second');
    const replay = await putChanges('w3', [change('a', 2, thing('a', { N: '9' })), change('b', 200, thing('b'))]);
    const later = {
      ...changes,
      '--run_key': 'run-3',
      '--manifests': JSON.stringify([replay]),
      '--previous': 's3://lake/second/shop/',
      '--changes_from': '2026-03-01T03:00:00Z',
    };
    const replayed = await scene.both('raw_to_datalake.py', later, lake);
    expect(replayed.errors).toEqual([undefined, undefined]);
    expect(replayed.spark).toEqual(replayed.duckdb);
    expect(replayed.spark).toMatchObject({ deleted: { rows: [] }, report: { rows: { thing: 3 } } });
  });

  it('fail for the same reasons, and change nothing', async () => {
    const item = fitting[0]?.item ?? {};
    const spec = hostileSpec(hostileColumns);
    const none = async () => ({});
    const refused = async (script: 'raw_to_datalake.py' | 'land.py', args: Record<string, string>) => {
      const before = await lakeObjects(scene.local.store);
      const { errors } = await scene.both(script, args, none);
      expect(await lakeObjects(scene.local.store)).toEqual(before);
      expect(errors[0]).toMatch(/./);
      expect(errors[1]).toBe(errors[0]);
    };
    const manifest = await putExport(scene.local.store, [[item]]);
    await refused('raw_to_datalake.py', lakeArguments(manifest, 2, spec));
    await refused('raw_to_datalake.py', lakeArguments(`${manifest}.none`, 1, spec));
    await refused('raw_to_datalake.py', { ...lakeArguments(manifest, 1, spec), '--spec': '{' });
    const wrong = await putExport(scene.local.store, [[item]], { md5: 'x' });
    await refused('raw_to_datalake.py', lakeArguments(wrong, 1, spec));
    const broken = await putExport(scene.local.store, [gzipSync('{"Item":{}}\n{"Item":')], { itemCounts: [2] });
    await refused('raw_to_datalake.py', lakeArguments(broken, 2, spec));
    const strict = await putExport(scene.local.store, [unfit.map((one) => one.item)]);
    await refused('raw_to_datalake.py', lakeArguments(strict, unfit.length, hostileSpec(hostileColumns, 'fail')));
    await refused('land.py', packed(hostileLanding.specs));
    await refused('land.py', packed(hostileLanding.specs, { '--connection': 'absent' }));
  });
});
