import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseLakeState } from '../../../model/lake-state.js';
import type { LakeColumn, LakeJobSpec } from '../../../model/plan.js';
import { createJob, lakeArguments, lakeObjects, lakeRows, putExport, readReport } from './local-glue.js';
import { runJob, startLocalGlue, temporaryFolder } from './local-glue.js';
import type { Item, LocalGlue } from './local-glue.js';

const job = 'raw_to_datalake_job';
const minute = 60_000_000;
const floor = Date.UTC(2026, 2, 1) * 1000;

const column = (name: string, path: string, type: LakeColumn['type'], lakeType: string, required = false) => ({
  name,
  path: [path],
  type,
  lakeType,
  required,
});

const ofType = (name: string, columns: LakeColumn[]) => ({
  name,
  match: [{ attribute: 'type', equals: name }],
  columns: [column('pk', 'PK', 'S', 'string', true), column('sk', 'SK', 'N', 'decimal(9,2)', true), ...columns],
});

const spec: LakeJobSpec = {
  version: 1,
  table: 'shop',
  keys: ['PK', 'SK'],
  onReject: 'reject',
  itemTypes: [ofType('thing', [column('size', 'size', 'N', 'string', true)]), ofType('other', [])],
};

const keys = (id: string): Item => ({ PK: { S: id }, SK: { N: '1.5' } });
const thing = (id: string, size: object = { N: '1' }): Item => ({ ...keys(id), type: { S: 'thing' }, size });
const other = (id: string): Item => ({ ...keys(id), type: { S: 'other' } });

interface Change {
  readonly id: string;
  /** Minutes after the full export. */
  readonly at: number;
  readonly now?: Item;
  readonly before?: Item;
}

/** A record as AWS writes it; `bare` leaves out the type descriptor of its time. */
const record = ({ id, at, now, before }: Change, bare = false): string => {
  const micros = String(floor + at * minute);
  const time = bare ? Number(micros) : { N: micros };
  const images = { ...(before && { OldImage: before }), ...(now && { NewImage: now }) };
  return `${JSON.stringify({ Metadata: { WriteTimestampMicros: time }, Keys: keys(id), ...images })}\n`;
};

describe('raw_to_datalake.py with changes', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;
  let exports = 0;

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

  const full = async (items: readonly Item[]) => {
    const ended = await runJob(
      local.glue,
      job,
      lakeArguments(await putExport(local.store, [items]), items.length, spec)
    );
    expect([ended.JobRunState, ended.ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
  };

  /** Puts the data files of an incremental export into the folder that all of them share. */
  const putChanges = async (lines: readonly string[]) => {
    exports += 1;
    const body = gzipSync(lines.join(''));
    await local.store.putObject('raw', `shop/AWSDynamoDB/data/file${exports}.json.gz`, body);
    const entry = {
      itemCount: lines.length,
      md5Checksum: createHash('md5').update(body).digest('base64'),
      etag: 'x-1',
      dataFileS3Key: `AWSDynamoDB/data/file${exports}.json.gz`,
    };
    const key = `shop/AWSDynamoDB/0170000000000${exports}-abcdef12/manifest-files.json`;
    await local.store.putObject('raw', key, `${JSON.stringify(entry)}\n`);
    return { uri: `s3://raw/${key}`, items: lines.length };
  };

  const merge = async (windows: readonly (readonly string[])[], more: Record<string, string> = {}) => {
    const manifests: object[] = [];
    for (const lines of windows) manifests.push(await putChanges(lines));
    const { '--manifest_uri': _uri, '--expected_items': _items, ...common } = lakeArguments('', 0, spec, 'run-2');
    return runJob(local.glue, job, {
      ...common,
      '--manifests': JSON.stringify(manifests),
      '--previous': 's3://lake/shop/',
      '--changes_from': '2026-03-01T00:00:00Z',
      '--as_of': '2026-03-01T12:00:00Z',
      ...more,
    });
  };
  const merged = async (...windows: readonly (readonly string[])[]) => {
    const ended = await merge(windows);
    expect([ended.JobRunState, ended.ErrorMessage]).toEqual(['SUCCEEDED', undefined]);
  };
  const sizes = async () => {
    const rows = (await lakeRows(local.store, 'thing', 'pk, size')) as { pk: string; size: string }[];
    return Object.fromEntries(rows.map(({ pk, size }) => [pk, size]));
  };
  const pks = async (type: string) => ((await lakeRows(local.store, type)) as { pk: string }[]).map((row) => row.pk);

  const digits = '12345678901234567890123456789012345678';

  it('adds, changes and deletes, with the times of the writes', async () => {
    await full([thing('a'), thing('b'), thing('c', { N: digits }), other('d')]);
    await merged([
      record({ id: 'a', at: 1, now: thing('a', { N: '-2' }), before: thing('a') }),
      record({ id: 'b', at: 2 }),
      record({ id: 'd', at: 3, before: other('d') }, true),
      record({ id: 'e', at: 4, now: thing('e', { N: `-${digits}` }) }, true),
    ]);
    expect(await lakeRows(local.store, 'thing')).toEqual([
      { pk: 'a', sk: '1.50', size: '-2', sluice_written_at: '2026-03-01 00:01:00' },
      { pk: 'c', sk: '1.50', size: digits, sluice_written_at: '2026-03-01 00:00:00' },
      { pk: 'e', sk: '1.50', size: `-${digits}`, sluice_written_at: '2026-03-01 00:04:00' },
    ]);
    expect(await lakeRows(local.store, 'other')).toEqual([]);
    expect(await lakeRows(local.store, 'deleted')).toEqual([
      { key: '{"PK":{"S":"b"},"SK":{"N":"1.5"}}', sluice_written_at: '2026-03-01 00:02:00' },
      { key: '{"PK":{"S":"d"},"SK":{"N":"1.5"}}', sluice_written_at: '2026-03-01 00:03:00' },
    ]);
    const state = parseLakeState(await readFile(await local.store.filePath('lake', 'shop/_sluice_state.json'), 'utf8'));
    expect(state).toMatchObject({ runKey: 'run-2', asOf: '2026-03-01T12:00:00Z', tableId: 'table-1' });
    const held = Object.values(state?.datasets ?? {}).flatMap(({ files }) => files.map((file) => `shop/${file}`));
    expect(Object.keys(await lakeObjects(local.store))).toEqual(['shop/_sluice_state.json', ...held.sort()]);
    expect(await readReport(local.store, 'lake')).toMatchObject({
      itemsRead: 4,
      rows: { thing: 3, other: 0, rejected: 0 },
    });
  });

  it('takes the latest of several changes, in whatever order the windows come', async () => {
    const windows = [
      [record({ id: 'a', at: 1, now: thing('a', { N: '1' }) }), record({ id: 'b', at: 1, now: thing('b') })],
      [record({ id: 'a', at: 9 }), record({ id: 'b', at: 9, now: thing('b', { N: '9' }) })],
      [record({ id: 'a', at: 10, now: thing('a', { N: '10' }) })],
    ];
    await full([]);
    await merged(...windows);
    expect(await sizes()).toEqual({ a: '10', b: '9' });
    await full([]);
    await merged(...windows.toReversed());
    expect(await sizes()).toEqual({ a: '10', b: '9' });
  });

  it('lets a late replay of an old window change nothing, not even after a delete', async () => {
    const first = [
      record({ id: 'a', at: 1, now: thing('a', { N: '1' }) }),
      record({ id: 'b', at: 2, now: thing('b') }),
    ];
    const second = [record({ id: 'a', at: 20, now: thing('a', { N: '20' }) }), record({ id: 'b', at: 21 })];
    await full([]);
    await merged(first);
    await merged(second);
    const rows = await lakeRows(local.store, 'thing');
    const objects = await lakeObjects(local.store);
    await merged(first);
    expect(await lakeRows(local.store, 'thing')).toEqual(rows);
    await merged(second, first);
    expect(await lakeObjects(local.store)).toEqual(objects);
    expect(await pks('thing')).toEqual(['a']);
  });

  it('forgets deletes that are older than an hour before the changes', async () => {
    await full([thing('a'), thing('b')]);
    await merged([record({ id: 'a', at: 1 }), record({ id: 'b', at: 30 })]);
    const ended = await merge([[]], { '--changes_from': '2026-03-01T01:15:00Z' });
    expect(ended.JobRunState).toBe('SUCCEEDED');
    expect(await lakeRows(local.store, 'deleted', 'key')).toEqual([{ key: '{"PK":{"S":"b"},"SK":{"N":"1.5"}}' }]);
  });

  it('moves an item that changes its type, becomes unfit or fits again', async () => {
    await full([
      thing('a'),
      thing('b'),
      thing('c', { S: 'big' }),
      { ...keys('d'), type: { S: 'alien' } },
      thing('z', {}),
    ]);
    expect((await readReport(local.store, 'lake')).rejected.items).toBe(3);
    await merged([
      record({ id: 'a', at: 1, now: other('a') }),
      record({ id: 'b', at: 1, now: thing('b', { S: 'small' }) }),
      record({ id: 'c', at: 1, now: thing('c', { N: '3' }) }),
      record({ id: 'd', at: 1, now: other('d') }),
    ]);
    expect(await sizes()).toEqual({ c: '3' });
    expect(await pks('other')).toEqual(['a', 'd']);
    const { rejected } = await readReport(local.store, 'lake');
    expect(rejected.items).toBe(2);
    expect(rejected.reasons.map(({ attribute, sampleKeys }) => [attribute, sampleKeys])).toEqual([
      ['size', [keys('b')]],
      ['size', [keys('z')]],
    ]);
    const kept = (await lakeRows(local.store, 'rejected')) as { item: string; sluice_written_at: string }[];
    expect(kept.map(({ item }): unknown => JSON.parse(item))).toEqual([thing('b', { S: 'small' }), thing('z', {})]);
    expect(kept.map((row) => row.sluice_written_at)).toEqual(['2026-03-01 00:01:00', '2026-03-01 00:00:00']);
    await merged([record({ id: 'b', at: 2 }), record({ id: 'z', at: 2 })]);
    expect(await lakeRows(local.store, 'rejected')).toEqual([]);
  });

  it('fails over rejects that were there before, when the model says so', async () => {
    await full([thing('c', { S: 'big' })]);
    const before = await lakeObjects(local.store, 'shop/');
    const strict = { '--spec': JSON.stringify({ ...spec, onReject: 'fail' }) };
    const ended = await merge([[record({ id: 'a', at: 1, now: thing('a') })]], strict);
    expect(ended).toMatchObject({ JobRunState: 'FAILED', ErrorMessage: expect.stringContaining('1 of 1 items') });
    expect(await lakeObjects(local.store, 'shop/')).toEqual(before);
  });

  const change = record({ id: 'a', at: 1, now: thing('a') });
  const untimed = `${JSON.stringify({ Keys: keys('a'), NewImage: thing('a') })}\n`;
  it.each<[string, readonly string[], Record<string, string>, RegExp, (() => Promise<unknown>)?]>([
    ['another table', [change], { '--table_id': 'table-2' }, /another table of the same name/],
    ['other item types', [change], { '--spec': JSON.stringify({ ...spec, keys: ['PK'] }) }, /made by other item types/],
    ['a folder without a lake', [change], { '--previous': 's3://lake/none/' }, /no complete lake/],
    ['a time that is none', [change], { '--as_of': 'yesterday' }, /--as_of is not a time in UTC/],
    ['a change without its time', [untimed], {}, /1 lines of the export hold no item/],
    [
      'an item instead of a change',
      [`${JSON.stringify({ Item: thing('a') })}\n`],
      {},
      /1 lines of the export hold no item/,
    ],
    [
      'a lake that misses a file',
      [change],
      {},
      /File type=other.* is missing/,
      async () => {
        const [key = ''] = Object.keys(await lakeObjects(local.store, 'shop/type=other/'));
        await local.store.deleteObject('lake', key);
      },
    ],
  ])('refuses %s and leaves the lake', async (_what, lines, more, message, spoil) => {
    await full([thing('b')]);
    await spoil?.();
    const before = await lakeObjects(local.store, 'shop/');
    const ended = await merge([lines], more);
    expect(ended).toMatchObject({ JobRunState: 'FAILED', ErrorMessage: expect.stringMatching(message) });
    expect(await lakeObjects(local.store, 'shop/')).toEqual(before);
  });
});
