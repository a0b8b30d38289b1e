import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDetails } from '../../client/run-types.js';
import { lastLine, root } from '../client/sluice.js';
import { expectedWarehouse } from './expected-warehouse.js';
import type { Item } from './expected-warehouse.js';
import { hostileShop } from './hostile-shop.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

/** The largest price that decimal(38,2) holds: 38 digits. */
const hugePrice = `${'9'.repeat(36)}.99`;

/** One pipeline, run again and again over a table that changes: what the original pipeline got wrong. */
describe('a pipeline that runs day after day', () => {
  let scene: Scene;
  let env: Record<string, string>;
  let warehouse: pg.Client;
  let dynamodb: DynamoDBClient;
  let s3: S3Client;
  let keepModel: string;
  let deleteModel: string;
  const items: Item[] = hostileShop(5, 30);
  const of = (type: string): Item[] => items.filter((item) => item['type']?.S === type);

  beforeAll(async () => {
    scene = await makeScene('traps');
    const example = readFileSync(join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8').replaceAll(
      'decimal(12,2)',
      'decimal(38,2)'
    );
    keepModel = join(scene.folder, 'keep.yaml');
    deleteModel = join(scene.folder, 'delete.yaml');
    await writeFile(keepModel, example);
    const deleting = example
      .replace('deletes: keep', 'deletes: delete')
      .replaceAll(/^( {2}customer:\n {4}key: .*\n)/gm, '$1    deletes: delete\n')
      .replace('rejects: reject', 'rejects: fail');
    expect(deleting.match(/deletes: delete/g)).toHaveLength(2);
    await writeFile(deleteModel, deleting);

    const up = scene.start(['up', '--model', keepModel, '--json']);
    await up.seen('"temporalUi"');
    scene.note();
    const document = lastLine(up.stdout()) as { env: Record<string, string>; warehouse: string };
    env = document.env;
    warehouse = new pg.Client({ connectionString: document.warehouse });
    await warehouse.connect();
    const settings = {
      endpoint: env['AWS_ENDPOINT_URL'],
      region: env['AWS_REGION'],
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    dynamodb = new DynamoDBClient(settings);
    s3 = new S3Client({ ...settings, forcePathStyle: true });
    for (const item of items) await put(item);
  });
  afterAll(async () => {
    await warehouse?.end();
    dynamodb?.destroy();
    s3?.destroy();
    const down = scene.start(['down']);
    expect(await down.ended, down.stderr()).toBe(0);
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
    await scene.remove();
  });

  async function put(item: Item): Promise<void> {
    await dynamodb.send(new PutItemCommand({ TableName: 'ecommerce', Item: item }));
  }
  async function remove(item: Item): Promise<void> {
    const { PK, SK } = item as Required<Item>;
    await dynamodb.send(new DeleteItemCommand({ TableName: 'ecommerce', Key: { PK: PK!, SK: SK! } }));
  }

  /** Runs the pipeline afresh and gives its exit code, what `sluice show` tells of it, and stderr. */
  async function run(model: string): Promise<{ code: number | null; details: RunDetails; stderr: string }> {
    const started = scene.start(['run', 'elt', '--fresh', '--watch', '--model', model, '--json'], env);
    const code = await started.ended;
    const { runKey } = lastLine(started.stdout()) as { runKey: string };
    const show = scene.start(['show', runKey, '--json'], env);
    expect(await show.ended, show.stderr()).toBe(0);
    return { code, details: lastLine(show.stdout()) as RunDetails, stderr: started.stderr() };
  }

  /** Every row of every table of dwh, surrogate keys included, in an order of its own. */
  async function dump(): Promise<string> {
    const tables = ['customer', 'address', 'date', 'product', 'order'];
    const parts: string[] = [];
    for (const table of tables) {
      const { rows } = await warehouse.query<{ row: string }>(`select t::text as row from dwh."${table}" t order by 1`);
      parts.push(`${table}\n${rows.map(({ row }) => row).join('\n')}`);
    }
    return parts.join('\n\n');
  }
  async function scalar(sql: string): Promise<string> {
    const { rows } = await warehouse.query<{ value: unknown }>(sql);
    return String(rows[0]?.value);
  }

  it('loads what the oracle says, to the cent', async () => {
    const { code, details, stderr } = await run(keepModel);
    expect(code, stderr).toBe(0);
    const expected = expectedWarehouse(items);
    expect(details.result?.tables).toEqual(expected.tables);
    expect(details.result?.rejected).toEqual({});
    expect(await scalar('select sum(price) * 100 as value from dwh."order"')).toBe(`${expected.revenue}.00`);
  });

  it('leaves every byte of dwh as it was when it runs again', async () => {
    const before = await dump();
    expect((await run(keepModel)).code).toBe(0);
    expect(await dump()).toBe(before);
  });

  it('fails a staging load over an emptied landing, and leaves dwh alone', async () => {
    const before = await dump();
    const runKey = await scalar(`select run_key as value from sluice.landing_loads where entity = 'order'`);
    await warehouse.query('delete from landing."order"');
    const call = scene.start(['query', `call staging.load_order('${runKey}')`, '--json'], env);
    expect(await call.ended).toBe(1);
    expect(call.stderr()).toContain('landing.order has 0 rows');
    expect(await dump()).toBe(before);
  });

  it('carries 38 digits from DynamoDB to the warehouse, and is not upset by gaps in surrogate keys', async () => {
    await warehouse.query('begin');
    await warehouse.query(`insert into staging.productkey (productid) values ('gone')`);
    await warehouse.query('rollback');
    const [line] = of('product') as [Item];
    const huge: Item = { ...line, PK: { S: 'PROD#huge' }, productid: { S: 'huge' }, price: { N: hugePrice } };
    items.push(huge);
    await put(huge);

    expect((await run(keepModel)).code).toBe(0);
    expect(await scalar(`select max(price) as value from dwh."order"`)).toBe(hugePrice);
    expect(await scalar(`select count(*) - count(distinct productkey) as value from dwh.product`)).toBe('0');
    expect(
      await scalar(`select count(*) as value from dwh.product where productname is null and productkey <> 0`)
    ).toBe('0');
  });

  it('keeps rows whose items are gone from the source, where the model says keep', async () => {
    const before = await dump();
    for (const item of [...of('customer').slice(0, 3), ...of('order').slice(0, 3), ...of('product').slice(3, 6)]) {
      items.splice(items.indexOf(item), 1);
      await remove(item);
    }
    const { code, details } = await run(keepModel);
    expect(code).toBe(0);
    expect(details.result?.tables['landing.customer']).toBe(of('customer').length);
    for (const table of ['customer', 'address', 'date', 'product']) {
      const part = (text: string): string[] =>
        text
          .split('\n\n')
          .find((t) => t.startsWith(`${table}\n`))!
          .split('\n');
      expect(part(await dump())).toEqual(expect.arrayContaining(part(before)));
    }
    const lines = Number(await scalar('select count(*) as value from dwh."order" where productkey <> 0'));
    expect(lines).toBe(of('product').length + 3);
  });

  it('rejects an item whose price is text, and tells its key but no value of it', async () => {
    const [line] = of('product') as [Item];
    const { PK, SK } = line;
    await put({ ...line, price: { S: 'a secret price' } });
    const { code, details, stderr } = await run(keepModel);
    expect(code, stderr).toBe(0);
    expect(details.result?.rejected).toMatchObject({ raw_to_datalake_job: { items: 1 } });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: 'sluice-lake', Prefix: 'ecommerce/type=rejected/' })
    );
    expect(Contents.length).toBeGreaterThan(0);

    const { reportUri } = details.result!.rejected['raw_to_datalake_job']!;
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(reportUri)!;
    const report = await fetchText(bucket!, key!);
    expect(JSON.parse(report)).toMatchObject({
      rejected: {
        items: 1,
        reasons: [{ itemType: 'product', attribute: 'price', items: 1, sampleKeys: [{ PK, SK }] }],
      },
    });
    expect(report + stderr + JSON.stringify(details)).not.toContain('a secret price');
  });

  it('fails the run instead where the model says so, and changes nothing', async () => {
    const before = await dump();
    const { code, stderr } = await run(deleteModel);
    expect(code).toBe(1);
    expect(stderr).toContain('price');
    expect(stderr).not.toContain('a secret price');
    expect(await dump()).toBe(before);
    await put(of('product')[0]!);
  });

  it('deletes rows whose items are gone from the source, where the model says delete', async () => {
    const { code, details, stderr } = await run(deleteModel);
    expect(code, stderr).toBe(0);
    const expected = expectedWarehouse(items);
    expect(details.result?.tables).toMatchObject({
      'dwh.customer': expected.tables['dwh.customer'],
      'dwh.order': expected.tables['dwh.order'],
    });
    const unknown = details.result?.unknownMembers.find(({ dimension }) => dimension === 'customer');
    expect(unknown?.rows).toBe(expected.unknownMembers['customer']);
  });

  async function fetchText(bucket: string, key: string): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }
});
