import { existsSync, readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoDocument } from '../../client/demo-result.js';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { lastLine, root } from '../client/sluice.js';
import { expectedWarehouse, roundedGrowth } from './expected-warehouse.js';
import type { ExpectedWarehouse } from './expected-warehouse.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

const classicmodels = join(root, '../shared/data/classicmodels');

let scene: Scene;
beforeAll(async () => {
  scene = await makeScene('demo');
});
afterAll(async () => {
  await scene.remove();
});

describe('sluice demo', () => {
  it('with generated items loads what an oracle without SQL expects, and leaves nothing behind', async () => {
    const demo = scene.start(['demo', '--scale', '300', '--json']);
    await demo.seen('Export the table');
    expect(scene.note().length).toBeGreaterThan(0);
    expect(await demo.ended, demo.stderr()).toBe(0);

    const items = [...generateItems({ items: 300 })];
    const expected = expectedWarehouse(items);
    const document = lastLine(demo.stdout()) as DemoDocument;
    expect(demo.stdout().trimEnd().split('\n')).toHaveLength(1);
    expect(document).toMatchObject({ status: 'COMPLETED', items: items.length, tables: expected.tables, rejected: {} });
    expect(document.workflowId).toBe(`elt-ecommerce-${document.runKey}`);
    expect(document.temporalUi).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(Object.keys(document.seconds)).toEqual(['export', 'lake', 'landing', 'staging', 'dwh', 'total']);
    expect(document.historyEvents).toBeGreaterThan(20);
    expect(roundedGrowth(document.growth as ExpectedWarehouse['growth'])).toEqual(roundedGrowth(expected.growth));
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
  });

  it.skipIf(!existsSync(classicmodels))('on classicmodels equals its expected figures', async () => {
    const expected = JSON.parse(readFileSync(join(classicmodels, 'expected.json'), 'utf8')) as Record<string, unknown>;
    const demo = scene.start(['demo', '--items', join(classicmodels, 'items.jsonl.gz'), '--json']);
    expect(await demo.ended, demo.stderr()).toBe(0);
    const document = lastLine(demo.stdout()) as DemoDocument;
    expect(document.items).toBe(3444);
    expect(document.tables).toEqual({
      'landing.customer': expected['customers'],
      'landing.order': expected['orders'],
      'landing.product': expected['order_lines'],
      'landing.address': expected['addresses'],
      'dwh.customer': expected['customers'],
      'dwh.address': expected['addresses'],
      'dwh.product': expected['products'],
      'dwh.date': expected['dates'],
      'dwh.order': expected['order_lines'],
    });
    expect(roundedGrowth(document.growth as ExpectedWarehouse['growth'])).toEqual(expected['growth']);
    expect(document.unknownMembers.filter(({ rows }) => rows > 0)).toEqual([]);
  });

  it('prints tables for people, and with --keep stays to be used until it is interrupted', async () => {
    const demo = scene.start(['demo', '--scale', '300', '--keep']);
    await demo.seen('Everything is left running until Ctrl-C');
    expect(demo.stdout()).toMatch(/│ dwh\.order +│ +\d+ │/);
    expect(demo.stdout()).toContain('Year-on-year sales growth');
    const env = Object.fromEntries(
      [...demo.stderr().matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value])
    );
    const query = scene.start(['query', 'SELECT count(*) AS n FROM landing."order"', '--json'], env);
    expect(await query.ended, query.stderr()).toBe(0);
    expect(lastLine(query.stdout())).toEqual({ columns: [{ name: 'n', type: 'int8' }], rows: [[75]] });
    scene.note();
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect(await scene.leftovers()).toEqual({ processes: [], files: [] });
  });

  it('tells rejected items with reason and keys, and fact rows that took an unknown member', async () => {
    const file = join(scene.folder, 'faulty.jsonl');
    const line = (order: string, price: object): object => ({
      ...{ PK: { S: 'PROD#p' }, SK: { S: `ORD#${order}` }, type: { S: 'product' } },
      ...{ orderid: { S: order }, productid: { S: 'p' }, price },
    });
    const alien = { PK: { S: 'X#1' }, SK: { S: 'X#1' }, type: { S: 'alien' } };
    const items = [line('1', { S: 'cheap' }), line('2', { N: '1.5' }), alien];
    await writeFile(file, items.map((Item) => `${JSON.stringify({ Item })}\n`).join(''));
    const demo = scene.start(['demo', '--items', file, '--json']);
    expect(await demo.ended, demo.stderr()).toBe(0);
    const document = lastLine(demo.stdout()) as DemoDocument;
    expect(document.items).toBe(3);
    expect(document.tables).toMatchObject({ 'landing.product': 1, 'dwh.order': 1, 'dwh.customer': 0 });
    const { items: rejected, reasons } = document.rejected['raw_to_datalake_job'] ?? {};
    expect(rejected).toBe(2);
    expect(reasons?.find(({ attribute }) => attribute === 'price')).toMatchObject({
      ...{ itemType: 'product', expected: 'N', found: 'S', items: 1 },
      sampleKeys: [{ PK: { S: 'PROD#p' }, SK: { S: 'ORD#1' } }],
    });
    expect(document.unknownMembers.filter(({ rows }) => rows === 1).map(({ dimension }) => dimension)).toEqual([
      'address',
      'customer',
      'date',
    ]);
    expect(demo.stdout() + demo.stderr()).not.toContain('cheap');
  });

  it('runs a model of another shape with no other code', async () => {
    const model = join(root, 'examples/game/warehouse.yaml');
    const demo = scene.start(['demo', '--model', model, '--scale', '300', '--json']);
    expect(await demo.ended, demo.stderr()).toBe(0);
    const document = lastLine(demo.stdout()) as DemoDocument;
    expect(document.status).toBe('COMPLETED');
    expect(Object.values(document.tables).every((rows) => rows > 0)).toBe(true);
  });

  it('needs items for a model that has no sample data next to it', async () => {
    const model = join(scene.folder, 'warehouse.yaml');
    await copyFile(join(root, 'examples/ecommerce/warehouse.yaml'), model);
    const demo = scene.start(['demo', '--model', model]);
    expect(await demo.ended).toBe(2);
    expect(demo.stderr()).toContain('no sample data next to it');
    expect(demo.stderr()).toContain('--items');
  });
});
