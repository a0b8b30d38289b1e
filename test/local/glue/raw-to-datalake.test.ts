import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetTablesCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LakeJobSpec } from '../../../model/plan.js';
import { lakeSpec } from './ecommerce-specs.js';
import { clashingColumn, fitting, hostileColumns, hostileSpec, unfit } from './hostile-items.js';
import {
  createJob,
  lakeArguments,
  lakeObjects,
  lakeRows,
  putExport,
  readReport,
  runJob,
  startLocalGlue,
  temporaryFolder,
} from './local-glue.js';
import type { Item, LocalGlue } from './local-glue.js';

const job = 'raw_to_datalake_job';
const classicmodels = resolve(import.meta.dirname, '../../../../shared/data/classicmodels/items.jsonl.gz');

async function readItems(path: string): Promise<Item[]> {
  const lines = gunzipSync(await readFile(path))
    .toString('utf8')
    .trim()
    .split('\n');
  return lines.map((line) => (JSON.parse(line) as { Item: Item }).Item);
}

describe('raw_to_datalake.py', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    local = await startLocalGlue(place.folder);
    await createJob(local.glue, job, 'raw_to_datalake.py');
  });
  afterAll(async () => {
    await local.close();
    await place.remove();
  });
  beforeEach(async () => {
    for (const key of Object.keys(await lakeObjects(local.store, ''))) await local.store.deleteObject('lake', key);
  });
  const run = async (items: readonly Item[], spec: LakeJobSpec, runKey = 'run-1') => {
    const manifest = await putExport(local.store, [items.slice(0, 3), [], items.slice(3)]);
    return runJob(local.glue, job, lakeArguments(manifest, items.length, spec, runKey));
  };

  it.skipIf(!existsSync(classicmodels))('makes the lake of a well-known database, the same each time', async () => {
    const items = await readItems(classicmodels);
    expect((await run(items, lakeSpec)).ErrorMessage).toBeUndefined();
    const report = await readReport(local.store, 'lake');
    expect(report).toMatchObject({
      version: 1,
      job,
      runKey: 'run-1',
      itemsRead: 3444,
      rows: { customer: 122, order: 326, product: 2996, rejected: 0 },
      rejected: { items: 0, reasons: [] },
    });
    expect(
      await lakeRows(local.store, 'product', 'sum(price) AS revenue, count(DISTINCT productid) AS products')
    ).toEqual([{ revenue: '9604190.61', products: '109' }]);
    expect(await lakeRows(local.store, 'order', `bool_and(pk >= 'CUST#') AS keyed, min(orderdate) AS first`)).toEqual([
      { keyed: true, first: '2003-01-06T00:00:00Z' },
    ]);
    const first = await lakeObjects(local.store);
    const keys = report.files.map((file) => file.uri.replace('s3://lake/', ''));
    expect(Object.keys(first)).toEqual(['shop/_sluice_state.json', ...keys.sort()]);
    await run(items.reverse(), lakeSpec);
    expect(await lakeObjects(local.store)).toEqual(first);
  });

  it.each([
    ['typed', hostileColumns],
    ['JSON', [...hostileColumns, clashingColumn]],
  ])('keeps every value of hostile items exactly, read as %s', async (_, columns) => {
    const { JobRunState, ErrorMessage } = await run(
      fitting.map(({ item }) => item),
      hostileSpec(columns)
    );
    expect([JobRunState, ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
    const empty = columns.map((column) => [column.name, null]);
    const nothing = { ...Object.fromEntries(empty), sluice_written_at: '2026-03-01 00:00:00' };
    const expected = fitting.map(({ item, row }) => ({ ...nothing, pk: (item['PK'] as { S: string }).S, ...row }));
    expect(await lakeRows(local.store, 'thing')).toEqual(expected);
    expect((await readReport(local.store, 'lake')).rows).toEqual({ thing: fitting.length, rejected: 0 });
  });

  it.each([
    ['typed', hostileColumns],
    ['JSON', [...hostileColumns, clashingColumn]],
  ])('rejects every unfit item with its reason and keeps it whole, read as %s', async (_, columns) => {
    const items = [...unfit, ...fitting].map(({ item }) => item);
    expect((await run(items, hostileSpec(columns))).JobRunState).toBe('SUCCEEDED');
    const report = await readReport(local.store, 'lake');
    expect(report.rows).toEqual({ thing: fitting.length, rejected: unfit.length });
    expect(report.rejected.items).toBe(unfit.length);
    const told = report.rejected.reasons.flatMap(({ attribute, expected, found, sampleKeys }) =>
      sampleKeys.map((key) => [(key as { PK: { S: string } }).PK.S, [attribute, expected, found]])
    );
    expect(Object.fromEntries(told)).toMatchObject(
      Object.fromEntries(unfit.map(({ item, reason }) => [(item['PK'] as { S: string }).S, reason]))
    );
    const kept = (await lakeRows(local.store, 'rejected')) as {
      item: string;
      item_type: string | null;
      reasons: string[];
    }[];
    expect(kept.map((row): unknown => JSON.parse(row.item))).toEqual(unfit.map(({ item }) => item));
    expect(kept[0]).toMatchObject({
      item_type: 'thing',
      reasons: ['price: expected N, found S'],
      key: '{"PK":{"S":"r01"},"SK":{"N":"1"}}',
    });
    expect(kept.find((row) => row.item_type === null)?.reasons).toEqual(['no item type']);
  });

  it('counts all items of a reason but shows ten keys, without any other data', async () => {
    const items = Array.from({ length: 25 }, (_, index) => ({
      PK: { S: `k${String(index).padStart(2, '0')}` },
      SK: { S: 'x' },
      type: { S: 'thing' },
      price: { S: 'top secret' },
    }));
    await run(items, hostileSpec(hostileColumns));
    const report = await readReport(local.store, 'lake');
    expect(report.rejected.reasons).toHaveLength(1);
    expect(report.rejected.reasons[0]).toMatchObject({ itemType: 'thing', items: 25 });
    expect(report.rejected.reasons[0]?.sampleKeys.map((key) => (key as { PK: { S: string } }).PK.S)).toEqual(
      items.slice(0, 10).map((item) => item.PK.S)
    );
    expect(JSON.stringify(report)).not.toContain('top secret');
  });

  it('fails as a whole where the model says so, replacing nothing but reporting', async () => {
    await run(
      fitting.map(({ item }) => item),
      hostileSpec(hostileColumns, 'fail'),
      'run-0'
    );
    const before = await lakeObjects(local.store);
    const failed = await run(
      [...fitting, ...unfit].map(({ item }) => item),
      hostileSpec(hostileColumns, 'fail')
    );
    expect(failed.JobRunState).toBe('FAILED');
    expect(failed.ErrorMessage).toContain(
      `${unfit.length} of ${fitting.length + unfit.length} items do not fit the model`
    );
    expect(failed.ErrorMessage).toContain('s3://lake/_sluice/shop/lake.json');
    expect(failed.ErrorMessage).not.toMatch(/r\d\d|12\.50|Berlin/);
    expect(await lakeObjects(local.store)).toEqual(before);
    expect(await readReport(local.store, 'lake')).toMatchObject({
      rejected: { items: unfit.length },
      rows: {},
      files: [],
    });
    expect(await readdir(join(place.folder, 'work'))).toEqual(['data-quality']);
  });

  it('tells types apart by the first match, by pattern as by value', async () => {
    const columns = [hostileColumns[0]!];
    const spec: LakeJobSpec = {
      ...hostileSpec(columns),
      itemTypes: [
        {
          name: 'a',
          columns,
          match: [
            { attribute: 'PK', pattern: 'A#\\d+' },
            { attribute: 'kind', equals: `it's` },
          ],
        },
        { name: 'b', columns, match: [{ attribute: 'PK', pattern: 'A#.*|B' }] },
        { name: 'none', columns, match: [{ attribute: 'PK', equals: 'never' }] },
      ],
    };
    const key = (PK: string, more: Item = {}): Item => ({ PK: { S: PK }, SK: { S: '' }, ...more });
    const its = { kind: { S: `it's` } };
    await run(
      [key('A#1', its), key('A#2'), key('A#x', its), key('A#\n'), key('B'), key('xB'), key('A#3\n', its)],
      spec
    );
    const pks = async (type: string) => ((await lakeRows(local.store, type)) as { pk: string }[]).map((row) => row.pk);
    expect([await pks('a'), await pks('b'), await pks('none')]).toEqual([
      ['A#1'],
      ['A#\n', 'A#2', 'A#3\n', 'A#x', 'B'],
      [],
    ]);
    expect((await readReport(local.store, 'lake')).rows).toEqual({ a: 1, b: 5, none: 0, rejected: 1 });
  });

  it('makes empty datasets of an export without items or files, and lets others be', async () => {
    await run(
      fitting.map(({ item }) => item),
      hostileSpec(hostileColumns),
      'run-0'
    );
    await local.store.putObject('lake', 'shop2/type=thing/x.parquet', 'another table');
    await local.store.putObject('lake', 'shop/type=old/x.parquet', 'a former item type');
    for (const files of [[], [[], []], [Buffer.alloc(0)]]) {
      const manifest = await putExport(local.store, files);
      const ended = await runJob(local.glue, job, lakeArguments(manifest, 0, hostileSpec(hostileColumns)));
      expect([ended.JobRunState, ended.ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
      expect(await lakeRows(local.store, 'thing')).toEqual([]);
      expect(await lakeRows(local.store, 'rejected')).toEqual([]);
      expect(Object.keys(await lakeObjects(local.store, ''))).toEqual([
        '_sluice/shop/lake.json',
        'shop/_sluice_state.json',
        expect.stringMatching(/^shop\/type=deleted\/[0-9a-f]{16}-0\.parquet$/),
        expect.stringMatching(/^shop\/type=rejected\/[0-9a-f]{16}-0\.parquet$/),
        expect.stringMatching(/^shop\/type=thing\/[0-9a-f]{16}-0\.parquet$/),
        'shop2/type=thing/x.parquet',
      ]);
    }
  });

  it('registers one table per dataset, updated by the next run', async () => {
    const tables = async () =>
      (await local.glue.send(new GetTablesCommand({ DatabaseName: 'sluice_lake' }))).TableList ?? [];
    await run(
      fitting.map(({ item }) => item),
      hostileSpec(hostileColumns),
      'run-0'
    );
    await run(
      fitting.slice(0, 2).map(({ item }) => item),
      hostileSpec(hostileColumns),
      'run-1'
    );
    const things = (await tables()).find((table) => table.Name === 'shop_thing');
    expect(things).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Parameters: { classification: 'parquet', recordCount: '2', 'sluice.run_key': 'run-1' },
      StorageDescriptor: {
        Location: 's3://lake/shop/type=thing/',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
    const types = Object.fromEntries(
      (things?.StorageDescriptor?.Columns ?? []).map(({ Name = '', Type }) => [Name, Type])
    );
    const ofSpec = hostileColumns.map((column) => [column.name, column.lakeType]);
    expect(types).toEqual({ ...Object.fromEntries(ofSpec), sluice_written_at: 'timestamp' });
    expect((await tables()).map((table) => table.Name)).toContain('shop_rejected');
  });

  it('takes manifest keys without the prefix of the export', async () => {
    const manifest = await putExport(local.store, [[fitting[0]!.item]], { keyPrefix: 'shop/' });
    const ended = await runJob(local.glue, job, lakeArguments(manifest, 1, hostileSpec(hostileColumns)));
    expect(ended.JobRunState).toBe('SUCCEEDED');
  });

  const one = [fitting[0]!.item];
  const good = gzipSync(`${JSON.stringify({ Item: one[0] })}\n`);
  const lines = (...text: string[]): Buffer => gzipSync(text.map((line) => `${line}\n`).join(''));
  const record = JSON.stringify({ Item: one[0] });
  const broken: [string, () => Promise<string>, number, RegExp][] = [
    ['no manifest', async () => 's3://raw/none/manifest-files.json', 1, /no manifest at s3:\/\/raw\/none/],
    [
      'a count that differs from the export',
      () => putExport(local.store, [one]),
      2,
      /lists 1 items but the export has 2/,
    ],
    ['a wrong checksum', () => putExport(local.store, [one], { md5: 'AAAA' }), 1, /does not have the MD5/],
    [
      'too few items',
      () => putExport(local.store, [good], { itemCounts: [2] }),
      2,
      /hold 1 items but the manifest lists 2/,
    ],
    [
      'a truncated file',
      () => putExport(local.store, [good.subarray(0, good.length - 12)], { itemCounts: [1] }),
      1,
      /file0.json.gz is not DynamoDB JSON lines, or is cut off/,
    ],
    [
      'a file that is not gzip',
      () => putExport(local.store, [Buffer.from('plain')], { itemCounts: [1] }),
      1,
      /file0.json.gz is not compressed by gzip/,
    ],
    [
      'a line that is not JSON',
      () => putExport(local.store, [lines(record, 'secret}')], { itemCounts: [2] }),
      2,
      /file0.json.gz is not DynamoDB JSON/,
    ],
    [
      'an attribute that is not DynamoDB JSON',
      () => putExport(local.store, [lines('{"Item":{"PK":"secret"}}')], { itemCounts: [1] }),
      1,
      /file0.json.gz is not DynamoDB JSON/,
    ],
    [
      'keys that repeat',
      () => putExport(local.store, [[...one, { ...one[0], price: { S: 'x' } }]]),
      2,
      /several items with the same key/,
    ],
    [
      'a line without an item',
      () => putExport(local.store, [lines(record, '{"Keys":{}}')], { itemCounts: [2] }),
      2,
      /1 lines of the export hold no item/,
    ],
  ];
  it.each(broken)('fails over %s and leaves the lake as it was', async (_, put, count, message) => {
    await run(
      fitting.map(({ item }) => item),
      hostileSpec(hostileColumns),
      'run-0'
    );
    const before = await lakeObjects(local.store);
    const ended = await runJob(local.glue, job, lakeArguments(await put(), count, hostileSpec(hostileColumns)));
    expect(ended.JobRunState).toBe('FAILED');
    expect(ended.ErrorMessage).toMatch(message);
    expect(ended.ErrorMessage).not.toContain('secret');
    expect(await lakeObjects(local.store)).toEqual(before);
  });

  const spec = hostileSpec(hostileColumns);
  const wrong: [string, Record<string, string>, RegExp][] = [
    ['--run_key missing', { '--run_key': '' }, /Argument --run_key is missing/],
    ['--lake_uri of a whole bucket', { '--lake_uri': 's3://lake/' }, /--lake_uri/],
    ['--lake_uri that could take a neighbour', { '--lake_uri': 's3://lake/shop' }, /must name a folder/],
    ['--expected_items', { '--expected_items': '-1' }, /--expected_items is not a whole number/],
    ['--spec that is not JSON', { '--spec': '{' }, /--spec is not JSON/],
    [
      '--spec of a reserved name',
      { '--spec': JSON.stringify({ ...spec, itemTypes: [{ ...spec.itemTypes[0], name: 'rejected' }] }) },
      /reserved/,
    ],
    [
      '--spec with an unknown type',
      { '--spec': JSON.stringify(hostileSpec([{ ...hostileColumns[1]!, lakeType: 'money' }])) },
      /do not go together/,
    ],
  ];
  it.each(wrong)('refuses %s', async (_, change, message) => {
    const manifest = await putExport(local.store, [one]);
    const ended = await runJob(local.glue, job, { ...lakeArguments(manifest, 1, spec), ...change });
    expect(ended.JobRunState).toBe('FAILED');
    expect(ended.ErrorMessage).toMatch(message);
    expect(await lakeObjects(local.store, '')).toEqual({});
  });
});
