import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetails } from '../../client/run-types.js';
import type { ArchiveResult, RestoreResult } from '../../workflows/index.js';
import { lastLine, root } from '../client/sluice.js';
import type { Item } from './expected-warehouse.js';
import { hostileShop } from './hostile-shop.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

/** What dwh says, without the surrogate keys. */
const contents = {
  customers: `SELECT concat_ws('|', username, email, fullname) AS row FROM dwh.customer ORDER BY 1`,
  products: `SELECT concat_ws('|', productid, productname, category, color) AS row FROM dwh.product ORDER BY 1`,
  sales: `SELECT concat_ws('|', c.username, a.country, a.city, a.streetname, p.productid, d.date, coalesce(o.price::text, 'none')) AS row
    FROM dwh."order" o JOIN dwh.customer c USING (customerkey) JOIN dwh.address a USING (addresskey)
    JOIN dwh.product p USING (productkey) JOIN dwh.date d USING (datekey) ORDER BY 1`,
};

type Contents = Record<keyof typeof contents, string[]>;

describe('archive and restore on the command line', () => {
  let scene: Scene;
  let env: Record<string, string>;
  let warehouse: pg.Client;
  let s3: S3Client;
  let first: Contents;
  let second: Contents;
  /** When the second run began: the generation that the first one made is named after it. */
  let replacedAt: string;

  const command = async <Document>(...args: string[]) => {
    const process = scene.start([...args, '--json'], env);
    const code = await process.ended;
    const document = lastLine(process.stdout()) as Document & { error: { message: string } };
    return { code, document, stderr: process.stderr() };
  };
  const dwh = async (): Promise<Contents> => {
    const read: Partial<Contents> = {};
    for (const [name, sql] of Object.entries(contents)) {
      const { rows } = await warehouse.query<{ row: string }>(sql);
      read[name as keyof Contents] = rows.map(({ row }) => row);
    }
    return read as Contents;
  };
  const keys = async (Bucket: string): Promise<string[]> => {
    const { Contents: found = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'ecommerce/' }));
    return found.map(({ Key = '' }) => Key).sort();
  };
  const places = async (): Promise<string[][]> =>
    Promise.all(['sluice-raw', 'sluice-lake', 'sluice-raw-archive', 'sluice-lake-archive'].map(keys));

  beforeAll(async () => {
    scene = await makeScene('archive');
    const example = readFileSync(join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8');
    // Without a generator beside it the table is left empty, for these items.
    await writeFile(join(scene.folder, 'warehouse.yaml'), example.replace('deletes: keep', 'deletes: delete'));
    await writeFile(join(scene.folder, 'sluice.yaml'), 'model: warehouse.yaml\n');
    const up = scene.start(['up', '--json']);
    await up.seen('"temporalUi"');
    scene.note();
    const started = lastLine(up.stdout()) as { env: Record<string, string>; warehouse: string };
    env = started.env;
    const settings = {
      endpoint: env['AWS_ENDPOINT_URL'],
      region: env['AWS_REGION'],
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    warehouse = new pg.Client({ connectionString: started.warehouse });
    await warehouse.connect();
    s3 = new S3Client({ ...settings, forcePathStyle: true });
    const dynamodb = new DynamoDBClient(settings);
    const items = hostileShop(11, 8);
    const put = (all: readonly Item[]): Promise<unknown> =>
      Promise.all(all.map((Item) => dynamodb.send(new PutItemCommand({ TableName: 'ecommerce', Item }))));
    try {
      await put(items);
      expect((await command('run', 'elt', '--run-key', 'first', '--watch')).code).toBe(0);
      first = await dwh();
      const lines = items.filter((item) => item['price'] && item['productid']);
      const [gone, ...others] = lines;
      const { PK, SK } = gone as Required<Item>;
      await dynamodb.send(new DeleteItemCommand({ TableName: 'ecommerce', Key: { PK: PK!, SK: SK! } }));
      await put(others.map((item) => ({ ...item, price: { N: '1.23' } })));
      await put(items.filter((item) => item['email']).map((item) => ({ ...item, email: { S: 'new@example.com' } })));
      expect((await command('run', 'elt', '--run-key', 'second', '--watch')).code).toBe(0);
      second = await dwh();
    } finally {
      dynamodb.destroy();
    }
    replacedAt = (await command<RunDetails>('show', 'second')).document.startedAt;
  });
  afterAll(async () => {
    await warehouse?.end();
    s3?.destroy();
    const down = scene.start(['down']);
    expect(await down.ended, down.stderr()).toBe(0);
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
    await scene.remove();
  });

  it('refuses to restore over what the last run left, and changes nothing', async () => {
    expect(first.sales.length).toBeGreaterThan(second.sales.length);
    expect(second.sales.every((row) => /\|(1\.23|none)$/.test(row))).toBe(true);
    const before = await places();
    const { code, document } = await command('restore', '--at', replacedAt);
    expect(code).toBe(2);
    expect(document.error.message).toMatch(
      /s3:\/\/sluice-lake\/ecommerce\/ and s3:\/\/sluice-raw\/ecommerce\/ .*--overwrite/
    );
    expect(await places()).toEqual(before);
    expect(await dwh()).toEqual(second);
  });

  it('brings the first generation back, in the lake and in the warehouse', async () => {
    const [, , , archived] = await places();
    const { code, document, stderr } = await command<RestoreResult>(
      'restore',
      '--at',
      replacedAt,
      '--overwrite',
      '--reload'
    );
    expect(code, stderr).toBe(0);
    const { table, stamp, layers, replaced, reloaded } = document;
    expect({ table, stamp }).toEqual({ table: 'ecommerce', stamp: `${replacedAt.slice(0, 19).replaceAll(':', '-')}Z` });
    const own = `ecommerce/${stamp}/ecommerce/`;
    const expected = archived!
      .filter((key) => key.startsWith(own))
      .map((key) => key.slice(`ecommerce/${stamp}/`.length));
    expect(await keys('sluice-lake')).toEqual(expected);
    expect(layers.lake).toMatchObject({ objects: expected.length });
    expect(replaced?.layers.lake.objects).toBeGreaterThan(0);
    expect(await dwh()).toEqual(first);
    expect(reloaded?.tables['dwh.order']).toBe(first.sales.length);
  });

  it('archives alone, and restores the latest generation where nothing is in the way', async () => {
    const [raw, lake] = await places();
    expect([raw!.length, lake!.length].every((objects) => objects > 3)).toBe(true);
    const { code, document } = await command<ArchiveResult>('archive');
    expect(code).toBe(0);
    expect(document).toMatchObject({
      table: 'ecommerce',
      layers: {
        raw: { objects: raw!.length, deleted: raw!.length, changed: 0 },
        lake: { objects: lake!.length, deleted: lake!.length, changed: 0 },
      },
    });
    expect((await places()).slice(0, 2)).toEqual([[], []]);
    expect(await dwh()).toEqual(first);
    const restored = await command<RestoreResult>('restore');
    expect(restored.code).toBe(0);
    expect(restored.document).toMatchObject({ stamp: document.layers.lake.stamp });
    expect(restored.document).not.toHaveProperty('replaced');
    expect((await places()).slice(0, 2)).toEqual([raw, lake]);
  });

  it('refuses when there is no generation so old', async () => {
    const { code, document } = await command('restore', '--at', '2020-01-01');
    expect(code).toBe(2);
    expect(document.error.message).toMatch(
      /no complete generation at or before 2020-01-01.*The earliest archive is of /
    );
  });
});
