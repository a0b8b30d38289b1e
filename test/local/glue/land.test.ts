import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BatchStopJobRunCommand, CreateDataQualityRulesetCommand, StartJobRunCommand } from '@aws-sdk/client-glue';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../../local/glue/duckdb/session.js';
import { startPostgres } from '../../../local/redshift/index.js';
import type { LandJobSpec, LandingColumn } from '../../../model/plan.js';
import { lakeSpec, landSpecs, landingTables } from './ecommerce-specs.js';
import {
  awaitRun,
  createJob,
  lakeArguments,
  lakeObjects,
  lakeRows,
  landArguments,
  putExport,
  readReport,
  runJob,
  startLocalGlue,
  temporaryFolder,
} from './local-glue.js';
import type { Item, LocalGlue } from './local-glue.js';

const classicmodels = resolve(import.meta.dirname, '../../../../shared/data/classicmodels/items.jsonl.gz');

describe('land.py', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let warehouse: pg.Client;

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    server = await startPostgres({ folder: join(place.folder, 'postgres'), durable: false });
    const connections = { warehouse: server.url, nobody: 'postgres://u:secret@127.0.0.1:1/x' };
    local = await startLocalGlue(place.folder, { connections });
    await createJob(local.glue, 'lake', 'raw_to_datalake.py');
    await createJob(local.glue, 'land', 'land.py', { ExecutionProperty: { MaxConcurrentRuns: 4 } });
    warehouse = new pg.Client(server.url);
    warehouse.setTypeParser(1114, (text) => text); // timestamps as the server writes them
    await warehouse.connect();
  });
  afterAll(async () => {
    await warehouse.end();
    await local.close();
    await server.stop();
    await place.remove();
  });
  beforeEach(async () => {
    for (const key of Object.keys(await lakeObjects(local.store, ''))) await local.store.deleteObject('lake', key);
    await warehouse.query(`DROP SCHEMA IF EXISTS landing, sluice CASCADE; ${landingTables}`);
  });

  const fillLake = async (items: readonly Item[], runKey = 'run-1'): Promise<void> => {
    const manifest = await putExport(local.store, [items]);
    const run = await runJob(local.glue, 'lake', lakeArguments(manifest, items.length, lakeSpec, runKey));
    expect([run.JobRunState, run.ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
  };
  const land = (spec: LandJobSpec, runKey = 'run-1') => runJob(local.glue, 'land', landArguments(spec, runKey));
  const rows = async (table: string): Promise<unknown[]> =>
    (await warehouse.query(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows;
  const loads = () => rows('sluice.landing_loads');

  it.skipIf(!existsSync(classicmodels))('lands a well-known database, and the same when run twice', async () => {
    const lines = gunzipSync(await readFile(classicmodels))
      .toString('utf8')
      .trim()
      .split('\n');
    await fillLake(lines.map((line) => (JSON.parse(line) as { Item: Item }).Item));
    const digest = async (): Promise<string> => {
      const all = await Promise.all(Object.values(landSpecs).map((spec) => rows(`landing."${spec.entity}"`)));
      return createHash('md5').update(JSON.stringify(all)).digest('hex');
    };
    const digests: string[] = [];
    for (let time = 0; time < 2; time++) {
      const runs = await Promise.all(Object.values(landSpecs).map((spec) => land(spec)));
      expect(runs.map((run) => [run.JobRunState, run.ErrorMessage])).toEqual(runs.map(() => ['SUCCEEDED', undefined]));
      expect(await loads()).toEqual([
        { entity: 'address', run_key: 'run-1', row_count: '122' },
        { entity: 'customer', run_key: 'run-1', row_count: '122' },
        { entity: 'order', run_key: 'run-1', row_count: '326' },
        { entity: 'product', run_key: 'run-1', row_count: '2996' },
      ]);
      digests.push(await digest());
    }
    expect(digests[0]).toBe(digests[1]);
    const { rows: revenue } = await warehouse.query(
      'SELECT sum(price) AS sum, count(DISTINCT productid) AS n FROM landing.product'
    );
    expect(revenue).toEqual([{ sum: '9604190.61', n: '109' }]);
    const { rows: dates } = await warehouse.query(
      'SELECT count(DISTINCT orderdate) AS n, min(orderdate) AS first FROM landing."order"'
    );
    expect(dates).toEqual([{ n: '265', first: '2003-01-06 00:00:00' }]);
    expect(await readReport(local.store, 'product')).toMatchObject({
      job: 'land_product_job',
      itemsRead: 2996,
      rows: { 'landing.product': 2996 },
      rejected: { items: 0, reasons: [] },
    });
  });

  describe('as the packed job', () => {
    const specs = [landSpecs.customer, landSpecs.address, landSpecs.order];
    const packedArguments = (given: readonly LandJobSpec[] = specs): Record<string, string> => {
      const { '--spec': _spec, ...args } = landArguments(landSpecs.customer);
      const uri = 's3://lake/_sluice/shop/land_job.json';
      return { ...args, '--report_uri': uri, '--specs': JSON.stringify(given) };
    };
    const address = (country: string) => ({ M: { buildingnumber: { N: '1' }, country: { S: country } } });
    const items = (): Item[] => [
      customer('a', { email: { S: 'a@x' }, fullname: { S: 'A' }, address: address('FR') }),
      customer('b', { fullname: { S: 'B' }, address: address('UK') }),
      { PK: { S: 'CUST#a' }, SK: { S: 'ORD#1' }, type: { S: 'order' }, orderid: { S: '1' }, orderdate: { S: 'soon' } },
      { PK: { S: 'CUST#b' }, SK: { S: 'ORD#2' }, type: { S: 'order' }, orderid: { S: '2' } },
    ];
    const counts = async (): Promise<unknown> =>
      Object.fromEntries(((await loads()) as Record<string, string>[]).map((row) => [row['entity'], row['row_count']]));

    it('replaces all tables and reports on all, items that several are made of once', async () => {
      const ruleset = 'Rules = [ IsComplete "email" ]';
      await local.glue.send(new CreateDataQualityRulesetCommand({ Name: 'emails', Ruleset: ruleset }));
      await fillLake(items());
      const args = { ...packedArguments(), '--quarantine_rulesets': '{"customer":"emails"}' };
      for (let time = 0; time < 2; time += 1) {
        expect((await runJob(local.glue, 'land', args)).ErrorMessage).toBeUndefined();
        expect(await counts()).toEqual({ customer: '1', address: '1', order: '1' });
        expect(await rows('landing.customer')).toMatchObject([{ username: 'a' }]);
      }
      const { files, rejected, ...report } = await readReport(local.store, 'land_job');
      expect(report).toMatchObject({
        job: 'land_job',
        itemsRead: 4,
        quarantined: 1,
        rows: { 'landing.customer': 1, 'landing.address': 1, 'landing.order': 1 },
      });
      expect(rejected).toMatchObject({ items: 1, reasons: [{ target: 'landing.order', attribute: 'orderdate' }] });
      expect(files.map(({ uri }) => uri.replace(/[0-9a-f]{16}/, '<run>'))).toEqual([
        's3://lake/shop/type=quarantined_customer/<run>-0.parquet',
        's3://lake/shop/type=rejected/<run>-land_order-0.parquet',
      ]);
    });

    it('reads its specifications from S3 where they are too long for arguments', async () => {
      await fillLake(items());
      await local.store.putObject('lake', '_sluice/specs.json', JSON.stringify(specs));
      const args = { ...packedArguments(), '--specs': 's3://lake/_sluice/specs.json' };
      expect((await runJob(local.glue, 'land', args)).ErrorMessage).toBeUndefined();
      expect(await counts()).toEqual({ customer: '2', address: '2', order: '1' });
      const absent = await runJob(local.glue, 'land', { ...args, '--specs': 's3://lake/_sluice/none.json' });
      expect(absent.ErrorMessage).toBe('There is no object at s3://lake/_sluice/none.json');
    });

    it('replaces no table when rows of one are rejected and that is to fail', async () => {
      await fillLake(items());
      const strict = specs.map((spec) => ({ ...spec, onReject: 'fail' as const }));
      const run = await runJob(local.glue, 'land', packedArguments(strict));
      expect(run.JobRunState).toBe('FAILED');
      expect(run.ErrorMessage).toContain('order.orderdate expected timestamp');
      expect(await counts()).toEqual({});
      const twice = await runJob(local.glue, 'land', packedArguments([landSpecs.order, landSpecs.order]));
      expect(twice.ErrorMessage).toContain('targets must differ');
    });
  });

  it('keeps the rows that fail a quality gate out of landing, each with its reasons', async () => {
    const ruleset = 'Rules = [ IsComplete "email", ColumnLength "fullname" < 6, RowCount > 0 ]';
    await local.glue.send(new CreateDataQualityRulesetCommand({ Name: 'customers', Ruleset: ruleset }));
    await fillLake([
      customer('a', { email: { S: 'a@x' }, fullname: { S: 'A' } }),
      customer('b', { fullname: { S: 'B is long' } }),
      customer('c', { email: { S: 'c@x' }, fullname: { S: 'C is long' } }),
    ]);
    const args = { ...landArguments(landSpecs.customer, 'run-1'), '--quarantine_ruleset': 'customers' };
    for (let time = 0; time < 2; time += 1) {
      expect((await runJob(local.glue, 'land', args)).JobRunState).toBe('SUCCEEDED');
      expect(await rows('landing.customer')).toMatchObject([{ username: 'a' }]);
      expect(await loads()).toMatchObject([{ entity: 'customer', row_count: '1' }]);
      const bad = (await lakeRows(local.store, 'quarantined_customer')) as Record<string, unknown>[];
      expect(bad.map((row) => [row['username'], row['DataQualityRulesFail']])).toEqual([
        ['b', ['Rule_1', 'Rule_2']],
        ['c', ['Rule_2']],
      ]);
      expect(await readReport(local.store, 'customer')).toMatchObject({ itemsRead: 3, quarantined: 2 });
    }
    const absent = await runJob(local.glue, 'land', { ...args, '--quarantine_ruleset': 'none' });
    expect([absent.JobRunState, absent.ErrorMessage]).toEqual(['FAILED', expect.stringContaining('named none')]);
  });

  const customer = (name: string, more: Item = {}): Item => ({
    PK: { S: `CUST#${name}` },
    SK: { S: `CUST#${name}` },
    type: { S: 'customer' },
    username: { S: name },
    ...more,
  });
  const place1 = (city: string, number = '1'): object => ({ M: { buildingnumber: { N: number }, city: { S: city } } });

  it('gives a row per address, counting positions over map and list', async () => {
    await fillLake([
      customer('both', {
        address: place1('Map'),
        addresses: { L: [place1('First', '2'), { NULL: true }, place1('Third', '3')] },
      }),
      customer('list', { addresses: { L: [place1('Only')] } }),
      customer('map', { address: place1('Map') }),
      customer('none'),
      customer('empty', { address: { M: {} }, addresses: { L: [] } }),
      customer('blank', { addresses: { L: [{ M: {} }] } }),
    ]);
    expect((await land(landSpecs.address)).ErrorMessage).toBeUndefined();
    const found = (await rows('landing.address')) as {
      username: string;
      position: number;
      city: string;
      buildingnumber: number;
    }[];
    expect(found.map((row) => [row.username, row.position, row.city, row.buildingnumber])).toEqual([
      ['blank', 0, null, null],
      ['both', 0, 'Map', 1],
      ['both', 1, 'First', 2],
      ['both', 3, 'Third', 3],
      ['list', 0, 'Only', 1],
      ['map', 0, 'Map', 1],
    ]);
    expect(await readReport(local.store, 'address')).toMatchObject({ itemsRead: 6, rows: { 'landing.address': 6 } });
  });

  it('keeps texts as they are: empty, quotes, line breaks, end-of-data marks, emoji', async () => {
    const texts = ['', '"', ',', 'a\nb\r\nc', '\\.', '\\N', 'NULL', '  spaced ', '😀 ü', "it's", '\t', '\\'];
    await fillLake([
      ...texts.map((text, index) => customer(`c${String(index).padStart(2, '0')}`, { email: { S: text } })),
      customer('z'),
    ]);
    expect((await land(landSpecs.customer)).ErrorMessage).toBeUndefined();
    const found = (await rows('landing.customer')) as { email: string | null }[];
    expect(found.map((row) => row.email)).toEqual([...texts, null]);
  });

  /** Values of one attribute and what a column of the type makes of them; undefined for those that are rejected. */
  const casts: [string, LandingColumn['type'], 'S' | 'N', Record<string, unknown>][] = [
    [
      'varchar counts bytes',
      'varchar(4)',
      'S',
      { abcd: 'abcd', abcde: undefined, '😀': '😀', ééa: undefined, 'a\0': undefined },
    ],
    ['integer', 'integer', 'N', { '7': 7, '2147483648': undefined, '1.5': undefined, '2E2': 200 }],
    ['bigint', 'bigint', 'N', { '9223372036854775807': '9223372036854775807', '9223372036854775808': undefined }],
    ['decimal', 'decimal(5,2)', 'N', { '999.99': '999.99', '1000': undefined, '0.001': undefined, '1.10': '1.10' }],
    [
      '38 digits',
      'decimal(38,0)',
      'N',
      { '99999999999999999999999999999999999999': '99999999999999999999999999999999999999' },
    ],
    ['double precision', 'double precision', 'N', { '0.1': 0.1, '0.12345678901234567890': undefined }],
    [
      'number as text',
      'varchar(40)',
      'N',
      { '12345678901234567890123456789012345678': '12345678901234567890123456789012345678' },
    ],
    ['number in a text', 'integer', 'S', { '42': 42, ' 42': undefined, forty: undefined, '': undefined }],
    [
      'timestamp',
      'timestamp',
      'S',
      { '2004-02-29T01:30:00+02:00': '2004-02-28 23:30:00', '2003-02-29T00:00:00Z': undefined, '1/2/03': undefined },
    ],
    ['date', 'date', 'S', { '2004-02-29': '2004-02-29', '2004-02-29T12:00:00Z': undefined }],
  ];
  it.each(casts)('casts exactly or rejects: %s', async (_, type, descriptor, expected) => {
    const attribute = descriptor === 'N' ? 'amount' : 'orderdate';
    const values = Object.keys(expected);
    const items = values.map((value, index) => ({
      PK: { S: `CUST#${index}` },
      SK: { S: `ORD#${index}` },
      type: { S: 'order' },
      orderid: { S: String(index) },
      [attribute]: { [descriptor]: value },
    }));
    await fillLake(items);
    const source = { kind: 'column', column: attribute } as const;
    const columns = [landSpecs.order.columns[1]!, { name: 'v', type, source, required: false }];
    const spec: LandJobSpec = { ...landSpecs.order, target: 'landing.typed', columns };
    await warehouse.query(`CREATE TABLE landing.typed (orderid varchar(64), v ${type})`);
    expect((await land(spec)).ErrorMessage).toBeUndefined();
    const found = (
      await warehouse.query(`SELECT orderid, ${type === 'date' ? 'v::text AS v' : 'v'} FROM landing.typed`)
    ).rows;
    const landed = Object.fromEntries(
      (found as { orderid: string; v: unknown }[]).map((row) => [values[Number(row.orderid)], row.v])
    );
    const fitting = Object.entries(expected).filter(([, value]) => value !== undefined);
    expect(landed).toEqual(Object.fromEntries(fitting));
    const report = await readReport(local.store, 'order');
    expect(report.rejected.items).toBe(values.length - fitting.length);
    for (const reason of report.rejected.reasons) {
      expect(reason).toMatchObject({
        itemType: 'order',
        attribute: 'v',
        expected: type,
        found: 'a value that does not fit',
      });
    }
  });

  it('keeps rejected rows in the lake, replaced by the next try of the same run', async () => {
    const short: LandJobSpec = {
      ...landSpecs.customer,
      columns: [{ ...landSpecs.customer.columns[0]!, type: 'varchar(3)' }],
    };
    await fillLake([customer('ann', { email: { S: 'secret@x' } }), customer('bartholomew', { email: { S: 'b@x' } })]);
    for (let time = 0; time < 2; time++) {
      expect((await land(short)).JobRunState).toBe('SUCCEEDED');
      expect(await rows('landing.customer')).toEqual([{ username: 'ann', email: null, fullname: null }]);
      const rejected = (await lakeRows(local.store, 'rejected')) as Record<string, string>[];
      expect(rejected).toHaveLength(1);
      expect(rejected[0]).toMatchObject({
        item_type: 'customer',
        reasons: ['username: expected varchar(3), found a key that does not match or fit'],
        key: '{"pk":{"S":"CUST#bartholomew"},"sk":{"S":"CUST#bartholomew"}}',
      });
      expect(JSON.parse(rejected[0]?.['item'] ?? '')).toMatchObject({ row: { username: 'bartholomew', email: 'b@x' } });
    }
    const report = await readReport(local.store, 'customer');
    expect(report.files.map((file) => file.uri)).toEqual([
      expect.stringMatching(/type=rejected\/[0-9a-f]{16}-land_customer-0\.parquet$/),
    ]);
    expect(JSON.stringify(report)).not.toMatch(/secret|b@x/);
    expect((await land(landSpecs.customer)).JobRunState).toBe('SUCCEEDED');
    expect(await lakeRows(local.store, 'rejected')).toEqual([]);
    expect(await rows('landing.customer')).toHaveLength(2);
  });

  it('rejects rows that lack a required value', async () => {
    await fillLake([customer('ann', { email: { S: 'a' } }), customer('bob')]);
    const columns = landSpecs.customer.columns.map((column) => ({ ...column, required: column.name !== 'fullname' }));
    await land({ ...landSpecs.customer, columns });
    expect((await rows('landing.customer')).length).toBe(1);
    expect((await readReport(local.store, 'customer')).rejected.reasons).toEqual([
      {
        itemType: 'customer',
        attribute: 'email',
        expected: 'varchar(255)',
        found: 'missing',
        items: 1,
        sampleKeys: [{ pk: { S: 'CUST#bob' }, sk: { S: 'CUST#bob' } }],
      },
    ]);
  });

  it('fails as a whole where the model says so, leaving landing and lake as they were', async () => {
    await fillLake([customer('ann')]);
    await land(landSpecs.customer);
    await fillLake([customer('bob'), customer('bartholomew')], 'run-2');
    const lake = await lakeObjects(local.store);
    const columns = [{ ...landSpecs.customer.columns[0]!, type: 'varchar(3)' }];
    const failed = await land({ ...landSpecs.customer, columns, onReject: 'fail' }, 'run-2');
    expect(failed.JobRunState).toBe('FAILED');
    expect(failed.ErrorMessage).toContain(
      'customer.username expected varchar(3), found a key that does not match or fit (1)'
    );
    expect(failed.ErrorMessage).not.toContain('bartholomew');
    expect(await rows('landing.customer')).toEqual([{ username: 'ann', email: null, fullname: null }]);
    expect(await loads()).toEqual([{ entity: 'customer', run_key: 'run-1', row_count: '1' }]);
    expect(await lakeObjects(local.store)).toEqual(lake);
    expect((await readReport(local.store, 'customer')).rejected.items).toBe(1);
  });

  it('replaces rows when an item type has become empty', async () => {
    await fillLake([customer('ann', { address: place1('Rome') })]);
    await Promise.all([land(landSpecs.customer), land(landSpecs.address)]);
    await fillLake([], 'run-2');
    await Promise.all([land(landSpecs.customer, 'run-2'), land(landSpecs.address, 'run-2')]);
    expect([await rows('landing.customer'), await rows('landing.address')]).toEqual([[], []]);
    expect(await loads()).toEqual([
      { entity: 'address', run_key: 'run-2', row_count: '0' },
      { entity: 'customer', run_key: 'run-2', row_count: '0' },
    ]);
  });

  it('loads one table from several runs in turn, never doubling its rows', async () => {
    await fillLake(Array.from({ length: 500 }, (_, index) => customer(`c${index}`)));
    const runs = await Promise.all(['a', 'b', 'c', 'd'].map((runKey) => land(landSpecs.customer, runKey)));
    expect(runs.map((run) => run.JobRunState)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(await rows('landing.customer')).toHaveLength(500);
    expect(await loads()).toHaveLength(1);
  });

  it('reads only its own generation when an earlier lake run was cut short', async () => {
    await fillLake([customer('old')], 'run-1');
    const old = Object.keys(await lakeObjects(local.store, 'shop/type=customer/'))[0] ?? '';
    const bytes = await readFile(await local.store.filePath('lake', old));
    await fillLake([customer('new')], 'run-2');
    await local.store.putObject('lake', old, bytes);
    await land(landSpecs.customer, 'run-2');
    expect(await rows('landing.customer')).toEqual([{ username: 'new', email: null, fullname: null }]);
    const other = await land(landSpecs.customer, 'run-3');
    expect(other.ErrorMessage).toContain('holds files of several lake runs');
  });

  const watermarkTable = `CREATE TABLE sluice.watermarks (pipeline varchar(128), target varchar(256),
    run_key varchar(512), loaded_to timestamp, table_id varchar(256))`;
  const watermark = (loadedTo: string): Record<string, string> => ({
    ...{ '--watermark': loadedTo, '--table_id': 'abc', '--pipeline': 'shop' },
  });

  it('records how far the lake reaches together with the rows, for each pipeline', async () => {
    await warehouse.query(watermarkTable);
    await fillLake([customer('ann')]);
    const landUpTo = (runKey: string, more: Record<string, string>) =>
      runJob(local.glue, 'land', { ...landArguments(landSpecs.customer, runKey), ...more });
    const loaded = async (): Promise<unknown[]> =>
      ((await rows('sluice.watermarks')) as Record<string, string>[]).map((row) => Object.values(row).join(' '));
    expect((await landUpTo('run-1', watermark('2024-05-06T07:08:09.123456Z'))).ErrorMessage).toBeUndefined();
    expect(await loaded()).toEqual(['shop landing.customer run-1 2024-05-06 07:08:09.123456 abc']);
    await landUpTo('run-2', { ...watermark('2024-05-07T00:00:00Z'), '--pipeline': 'other' });
    await landUpTo('run-2', watermark('2024-05-08T00:00:00Z'));
    const wanted = [
      'other landing.customer run-2 2024-05-07 00:00:00 abc',
      'shop landing.customer run-2 2024-05-08 00:00:00 abc',
    ];
    expect(await loaded()).toEqual(wanted);
    const { '--table_id': _, ...incomplete } = watermark('2024-05-09T00:00:00Z');
    expect((await landUpTo('run-3', incomplete)).ErrorMessage).toContain('Argument --table_id is missing');
    for (const wrong of ['yesterday', '2024-05-09', '2024-13-09T00:00:00Z', '2024-05-09T00:00:00+02:00']) {
      expect((await landUpTo('run-3', watermark(wrong))).ErrorMessage).toContain('--watermark is not a time in UTC');
    }
    await warehouse.query(`ALTER TABLE sluice.watermarks ADD CHECK (run_key <> 'run-3')`);
    const refused = await landUpTo('run-3', watermark('2024-05-09T00:00:00Z'));
    expect(refused.ErrorMessage).toContain('SQLSTATE 23514');
    expect(await loaded()).toEqual(wanted);
    expect(await loads()).toEqual([{ entity: 'customer', run_key: 'run-2', row_count: '1' }]);
  });

  it.each([
    ['a time', `TIMESTAMP '2024-02-29 01:02:03.456789'`, '2024-02-29 01:02:03.456789'],
    ['a time in UTC', `to_timestamp(1709168523)`, '2024-02-29 01:02:03'],
    ['no time', undefined, null],
  ])('lands when an item was written, of a lake with %s', async (_, written, wanted) => {
    await fillLake([customer('ann', { addresses: { L: [place1('A'), place1('B')] } })]);
    const [key = ''] = Object.keys(await lakeObjects(local.store, 'shop/type=customer/'));
    const session = await openDuckDb(await mkdtemp(join(place.folder, 'lake-')), new AbortController().signal);
    const file = join(place.folder, 'written.parquet');
    const source = `read_parquet('${await local.store.filePath('lake', key)}')`;
    const columns = `COLUMNS(c -> c <> 'sluice_written_at')${written === undefined ? '' : `, ${written} AS sluice_written_at`}`;
    await session.run(`COPY (SELECT ${columns} FROM ${source}) TO '${file}' (FORMAT parquet)`);
    session.close();
    await local.store.putObject('lake', key, await readFile(file));
    const columnsOf = (spec: LandJobSpec): LandingColumn[] => [
      ...spec.columns.slice(0, 1),
      { name: 'sluice_written_at', type: 'timestamp', source: { kind: 'writtenAt' }, required: false },
    ];
    for (const spec of [landSpecs.customer, landSpecs.address]) {
      await warehouse.query(`ALTER TABLE ${spec.target} ADD COLUMN sluice_written_at timestamp`);
      expect((await land({ ...spec, columns: columnsOf(spec) })).ErrorMessage).toBeUndefined();
      const landed = (await rows(spec.target)) as { sluice_written_at: string | null }[];
      expect(landed.map((row) => row.sluice_written_at)).toEqual(landed.map(() => wanted));
      expect(landed.length).toBeGreaterThan(0);
    }
  });

  it('rolls back and ends STOPPED when stopped while the warehouse keeps it waiting', async () => {
    await fillLake([customer('ann')]);
    await land(landSpecs.customer);
    await fillLake([customer('bob')], 'run-2');
    const blocker = new pg.Client(server.url);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE landing.customer IN ACCESS EXCLUSIVE MODE');
    const start = new StartJobRunCommand({ JobName: 'land', Arguments: landArguments(landSpecs.customer, 'run-2') });
    const { JobRunId = '' } = await local.glue.send(start);
    const waits = `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'land_customer_job'`;
    while ((await warehouse.query<{ n: string }>(waits)).rows[0]?.n !== '1');
    await local.glue.send(new BatchStopJobRunCommand({ JobName: 'land', JobRunIds: [JobRunId] }));
    expect((await awaitRun(local.glue, 'land', JobRunId)).JobRunState).toBe('STOPPED');
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await rows('landing.customer')).toEqual([{ username: 'ann', email: null, fullname: null }]);
    expect(await loads()).toEqual([{ entity: 'customer', run_key: 'run-1', row_count: '1' }]);
    expect(await readdir(join(place.folder, 'work'))).toEqual(['data-quality']);
  });

  const withColumn = (change: Partial<LandingColumn>): LandJobSpec => ({
    ...landSpecs.customer,
    columns: [{ ...landSpecs.customer.columns[1]!, ...change }],
  });
  const failures: [string, Record<string, string>, RegExp][] = [
    ['a warehouse that does not answer', { '--connection': 'nobody' }, /warehouse cannot be reached \(ECONNREFUSED\)/],
    ['an unknown connection', { '--connection': 'elsewhere' }, /no Glue connection named elsewhere/],
    ['an unknown database', { '--database': 'nodb' }, /SQLSTATE 3D000\): the database does not exist/],
    [
      'a lake without the item type',
      { '--lake_uri': 's3://lake/other/' },
      /no dataset at s3:\/\/lake\/other\/type=customer\//,
    ],
    [
      'a target outside landing',
      { '--spec': JSON.stringify({ ...landSpecs.customer, target: 'dwh.customer' }) },
      /must be landing/,
    ],
    [
      'a target that is SQL',
      { '--spec': JSON.stringify({ ...landSpecs.customer, target: 'landing.x; DROP TABLE y' }) },
      /must be landing/,
    ],
    [
      'a missing table',
      { '--spec': JSON.stringify({ ...landSpecs.customer, target: 'landing.none' }) },
      /42P01\): a table is missing: run the set-up/,
    ],
    ['a missing column', { '--spec': JSON.stringify(withColumn({ name: 'nocolumn' })) }, /42703/],
    [
      'an unknown lake column',
      { '--spec': JSON.stringify(withColumn({ source: { kind: 'column', column: 'nope' } })) },
      /lake dataset has no column nope/,
    ],
    [
      'an unknown field',
      { '--spec': JSON.stringify(withColumn({ source: { kind: 'field', field: 'nope' } })) },
      /unknown field nope/,
    ],
    [
      'a pattern that is not RE2',
      { '--spec': JSON.stringify(withColumn({ source: { kind: 'key', column: 'pk', pattern: '(?<=x)(y)' } })) },
      /is not an RE2 expression/,
    ],
    [
      'a pattern without a group',
      { '--spec': JSON.stringify(withColumn({ source: { kind: 'key', column: 'pk', pattern: 'CUST#.*' } })) },
      /is not an RE2 expression with a group/,
    ],
    [
      'an explosion of a text',
      { '--spec': JSON.stringify({ ...landSpecs.customer, explode: [{ kind: 'list', column: 'email' }] }) },
      /email is not a list of maps/,
    ],
  ];
  it.each(failures)('fails over %s without touching landing', async (_, change, message) => {
    await fillLake([customer('ann')]);
    await warehouse.query(`INSERT INTO landing.customer (username) VALUES ('before')`);
    const run = await runJob(local.glue, 'land', { ...landArguments(landSpecs.customer), ...change });
    expect(run.JobRunState).toBe('FAILED');
    expect(run.ErrorMessage).toMatch(message);
    expect(await rows('landing.customer')).toEqual([{ username: 'before', email: null, fullname: null }]);
  });

  it('fails when the warehouse ends its connection, and can be run again', async () => {
    await fillLake([customer('ann')]);
    const blocker = new pg.Client(server.url);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE landing.customer IN ACCESS EXCLUSIVE MODE');
    const running = land(landSpecs.customer);
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND application_name = 'land_customer_job'`;
    while ((await warehouse.query(kill)).rowCount === 0);
    const failed = await running;
    expect(failed.JobRunState).toBe('FAILED');
    expect(failed.ErrorMessage).toMatch(/57P01\): it was shut down|cannot be reached/);
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect((await land(landSpecs.customer)).JobRunState).toBe('SUCCEEDED');
    expect(await rows('landing.customer')).toHaveLength(1);
  });

  it('rolls everything back when the warehouse refuses a row, without telling the row', async () => {
    await fillLake([customer('ann', { email: { S: 'ann@secret' } })]);
    await warehouse.query(
      `INSERT INTO landing.customer (username) VALUES ('before'); ALTER TABLE landing.customer ADD CHECK (username <> 'ann')`
    );
    const run = await land(landSpecs.customer);
    expect(run.ErrorMessage).toContain('SQLSTATE 23514');
    expect(run.ErrorMessage).not.toMatch(/ann|secret/);
    expect(await rows('landing.customer')).toEqual([{ username: 'before', email: null, fullname: null }]);
    expect(await loads()).toEqual([]);
  });
});
