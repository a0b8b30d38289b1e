import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FoundGeneration, RestoreCursor } from '../../../activities/archive/index.js';
import { AwsError } from '../../../local/gateway/aws-error.js';
import { runActivity } from '../activity-environment.js';
import { archiveScene, archiveTable, lake, laterAttempt, raw, stepOf } from './archive-scene.js';
import type { ArchiveScene } from './archive-scene.js';

describe('restoring', () => {
  let scene: ArchiveScene;
  let tables = 0;
  beforeAll(async () => {
    scene = await archiveScene();
  });
  afterEach(() => scene.misbehave(() => undefined));
  afterAll(async () => scene?.close());

  const put = (bucket: string, key: string, Body: string, more: object = {}) =>
    scene.s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ...more }));

  /** A table with two generations, of 1 and 2 March: `a` and `b`, then `a` changed and `c`. */
  const tableWithTwo = async (): Promise<string> => {
    const table = `table-${++tables}`;
    await put('lake', `${table}/type=x/a`, 'first', { Tagging: 'k=v', Metadata: { m: '1' } });
    await put('lake', `${table}/type=x/b`, 'first');
    await put('lake', `${table}/_sluice_state.json`, '{}');
    await put('raw', `${table}/AWSDynamoDB/1`, 'export');
    await archiveTable(scene, table, runActivity, { runKey: 'one' });
    await put('lake', `${table}/type=x/a`, 'second');
    await put('lake', `${table}/type=x/c`, 'second');
    await archiveTable(scene, table, runActivity, { runKey: 'two', stamp: '2026-03-02T00-00-00Z' });
    return table;
  };
  const find = (table: string, notAfter?: string): Promise<FoundGeneration> =>
    runActivity(scene.activities.findGeneration, {
      ...stepOf('restore'),
      table,
      layers: [lake, raw],
      ...(notAfter && { notAfter }),
    });
  const restore = async (table: string, { stamp, layers }: FoundGeneration): Promise<void> => {
    for (const { layer: name, pages } of layers) {
      const layer = name === 'raw' ? raw : lake;
      const from: RestoreCursor = { page: 0, objects: 0, bytes: 0 };
      const input = { ...stepOf('restore'), table, stamp, layer, pages, from, pagesPerActivity: 100 };
      const { finished } = await runActivity(scene.activities.restoreObjects, input, laterAttempt());
      expect(finished).toBe(true);
    }
  };

  it('brings the latest generation at or before a time back to where it was', async () => {
    const table = await tableWithTwo();
    const found = await find(table, '2026-03-01T23-59-59Z');
    expect(found).toEqual({
      stamp: '2026-03-01T00-00-00Z',
      layers: [
        { layer: 'lake', objects: 3, bytes: 12, pages: 1, others: false },
        { layer: 'raw', objects: 1, bytes: 6, pages: 1, others: false },
      ],
    });
    await restore(table, found);
    expect(await scene.keys('lake', `${table}/`)).toEqual([
      `${table}/_sluice_state.json`,
      `${table}/type=x/a`,
      `${table}/type=x/b`,
    ]);
    expect(await scene.text('lake', `${table}/type=x/a`)).toBe('first');
    expect(await scene.text('raw', `${table}/AWSDynamoDB/1`)).toBe('export');
    const head = await scene.s3.client.send(new HeadObjectCommand({ Bucket: 'lake', Key: `${table}/type=x/a` }));
    expect(head).toMatchObject({ TagCount: 1, Metadata: { m: '1' } });
    expect(head.StorageClass).toBeUndefined();
    // It is copied, not moved; and what is there already does not stand in its own way.
    expect((await find(table, '2026-03-01T23-59-59Z')).layers.map(({ others }) => others)).toEqual([false, false]);
    expect((await find(table)).stamp).toBe('2026-03-02T00-00-00Z');
  });

  it('sees objects that are not of the generation', async () => {
    const table = await tableWithTwo();
    const others = async () => (await find(table)).layers.map((layer) => layer.others);
    expect(await others()).toEqual([false]);
    await put('lake', `${table}/type=x/a`, 'secomd');
    expect(await others()).toEqual([true]);
    await put('lake', `${table}/type=x/a`, 'second');
    expect(await others()).toEqual([false]);
    await put('lake', `${table}/type=x/z`, '');
    expect(await others()).toEqual([true]);
  });

  it('puts the lake’s state back after everything else', async () => {
    const table = await tableWithTwo();
    const found = await find(table, '2026-03-01T00-00-00Z');
    scene.misbehave(async ({ operation, phase }) => {
      if (operation !== 'CopyObject' || phase !== 'after') return;
      const keys = await scene.keys('lake', `${table}/`);
      if (keys.includes(`${table}/_sluice_state.json`)) expect(keys).toHaveLength(3);
      else if (keys.length === 2) throw new AwsError('InternalError', 'crash', 500);
    });
    await expect(restore(table, found)).rejects.toThrow();
    expect(await scene.keys('lake', `${table}/`)).not.toContain(`${table}/_sluice_state.json`);
    scene.misbehave(() => undefined);
    await restore(table, found);
    expect(await scene.keys('lake', `${table}/`)).toContain(`${table}/_sluice_state.json`);
  });

  it('passes over generations that are incomplete or empty', async () => {
    const table = await tableWithTwo();
    await put('raw', `${table}/AWSDynamoDB/3`, 'third');
    scene.misbehave(({ operation, phase }) => {
      if (operation === 'CopyObject' && phase === 'before') throw new AwsError('InternalError', 'crash', 500);
    });
    const third = { runKey: 'three', stamp: '2026-03-03T00-00-00Z' };
    await expect(archiveTable(scene, table, runActivity, third)).rejects.toThrow();
    expect((await find(table)).stamp).toBe('2026-03-02T00-00-00Z');
  });

  it('says when there is none, and refuses one with an object missing or changed', async () => {
    await expect(find('never-archived')).rejects.toThrow(/no complete generation.*None has been archived yet/);
    const table = await tableWithTwo();
    await expect(find(table, '2026-02-01T00-00-00Z')).rejects.toThrow(
      /no complete generation at or before 2026-02-01T00-00-00Z.*earliest archive is of 2026-03-01T00-00-00Z/
    );
    const copy = `${table}/2026-03-01T00-00-00Z/${table}/type=x/b`;
    await put('lake-archive', copy, 'changed');
    await expect(find(table, '2026-03-01T00-00-00Z')).rejects.toThrow(/1 of 3 objects are missing or not what was/);
    await scene.s3.store.deleteObject('lake-archive', copy);
    await expect(find(table, '2026-03-01T00-00-00Z')).rejects.toMatchObject({ type: 'Permanent' });
    expect(await scene.keys('lake', `${table}/`)).toEqual([]);
  });
});
