import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WarehousePlan } from '../../model/index.js';
import { customer, line, order, shopPlan } from './shop.js';
import { clinicPlan, patient, visit } from './clinic.js';
import { Warehouse, landingRows } from './warehouse.js';
import type { Item, Row } from './warehouse.js';

const items: Item[] = [customer('ann', { city: 'Paris' }), order('1', 'ann'), line('1', 'a', '10')];

describe('the watermark', () => {
  const plan = shopPlan();
  let warehouse: Warehouse;

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    await warehouse.setUp(plan);
  });
  afterAll(() => warehouse.close());
  beforeEach(() => warehouse.empty(plan));

  const watermark = (of: WarehousePlan = plan): Promise<Row[]> => warehouse.redshift(of.watermark!.sql);
  const targets = async (layer: string): Promise<unknown[]> =>
    (
      await warehouse.redshift(
        ['address', 'customer', 'date', 'order', 'product']
          .map(
            (name) => `SELECT '${layer}.${name}' AS target, run_key, loaded_to
              FROM sluice.loads_${name} WHERE layer = '${layer}' AND pipeline = 'ecommerce'`
          )
          .join(' UNION ALL ') + ' ORDER BY 1'
      )
    ).map((row) => [row['target'], row['run_key'], (row['loaded_to'] as Date).toISOString()]);

  it('is none before a first load, and none of a load that was told none', async () => {
    expect(await watermark()).toEqual([]);
    await warehouse.run(plan, items, 'one');
    expect(await watermark()).toEqual([]);
  });

  it('comes with the load, to the microsecond, and goes when a later load has none', async () => {
    await warehouse.run(plan, items, 'one', '2024-05-06T07:08:09.123456Z');
    expect(await watermark()).toEqual([{ watermark: '2024-05-06T07:08:09.123456Z', table_id: 'table-1' }]);
    await warehouse.run(plan, items, 'two', '2024-05-07T00:00:00Z');
    expect(await watermark()).toEqual([{ watermark: '2024-05-07T00:00:00.000000Z', table_id: 'table-1' }]);
    await warehouse.run(plan, items, 'three');
    expect(await watermark()).toEqual([]);
  });

  it('is the least of what a table is made from', async () => {
    await warehouse.landAll(plan, items, 'one', '2024-01-05T00:00:00Z');
    const earlier = { pipeline: plan.name, loadedTo: '2024-01-02T00:00:00Z', tableId: 'table-1' };
    const entity = plan.entities.find(({ name }) => name === 'order')!;
    await warehouse.land(entity, landingRows(plan, entity, items), 'one', earlier);
    await warehouse.load(plan, 'one');
    const [early, late] = ['2024-01-02T00:00:00.000Z', '2024-01-05T00:00:00.000Z'];
    expect(await targets('staging')).toEqual([
      ...[
        ['staging.address', 'one', late],
        ['staging.customer', 'one', late],
        ['staging.date', 'one', early],
      ],
      ...[
        ['staging.order', 'one', early],
        ['staging.product', 'one', late],
      ],
    ]);
    expect((await targets('dwh')).map((row) => (row as string[])[2])).toEqual([late, late, early, early, late]);
    expect(await watermark()).toEqual([{ watermark: '2024-01-02T00:00:00.000000Z', table_id: 'table-1' }]);
  });

  it('is none where one table was left out, or comes from another source table', async () => {
    await warehouse.landAll(plan, items, 'one', '2024-01-05T00:00:00Z');
    const entity = plan.entities.find(({ name }) => name === 'order')!;
    const rows = landingRows(plan, entity, items);
    const other = { pipeline: plan.name, loadedTo: '2024-01-05T00:00:00Z', tableId: 'table-2' };
    await warehouse.land(entity, rows, 'one', other);
    await warehouse.load(plan, 'one');
    expect((await targets('staging')).map((row) => (row as string[])[0])).not.toContain('staging.order');
    expect(await watermark()).toEqual([]);

    await warehouse.landAll(plan, items, 'two', '2024-01-05T00:00:00Z', 'table-2');
    await warehouse.load(plan, 'two');
    expect(await watermark()).toEqual([{ watermark: '2024-01-05T00:00:00.000000Z', table_id: 'table-2' }]);
    await warehouse.client.query(`DELETE FROM sluice.loads_date WHERE layer = 'dwh'`);
    expect(await watermark()).toEqual([]);
  });

  it('is taken over from the tables that all loads shared in 0.2.0', async () => {
    await warehouse.run(plan, items, 'one', '2024-01-05T00:00:00Z');
    const [before, staged, merged] = [await watermark(), await targets('staging'), await targets('dwh')];
    for (const name of ['address', 'customer', 'date', 'order', 'product']) {
      const loads = `sluice.loads_${name}`;
      await warehouse.client.query(`
        INSERT INTO sluice.staging_loads SELECT '${name}', run_key, row_count FROM ${loads} WHERE layer = 'staging' AND pipeline IS NULL;
        INSERT INTO sluice.dwh_loads SELECT '${name}', run_key, row_count FROM ${loads} WHERE layer = 'dwh' AND pipeline IS NULL;
        INSERT INTO sluice.watermarks SELECT pipeline, layer || '.${name}', run_key, loaded_to, table_id FROM ${loads} WHERE pipeline IS NOT NULL;
        DROP TABLE ${loads};`);
    }
    for (let time = 1; time <= 2; time += 1) for (const { sql } of plan.setup) await warehouse.redshift(sql);
    expect([await watermark(), await targets('staging'), await targets('dwh')]).toEqual([before, staged, merged]);
    await warehouse.call('dwh.merge_order', 'one');
  });

  it('moves in the transaction of the load, which each step may repeat', async () => {
    await warehouse.run(plan, items, 'one', '2024-01-01T00:00:00Z');
    const before = await targets('dwh');
    await warehouse.landAll(plan, items, 'two', '2024-01-02T00:00:00Z');
    for (const { procedure } of plan.staging.flat()) {
      await warehouse.call(procedure, 'two');
      await warehouse.call(procedure, 'two');
    }
    await warehouse.client.query('DELETE FROM staging."order"');
    for (const { procedure } of plan.dimensions.flat()) await warehouse.call(procedure, 'two');
    await expect(warehouse.call('dwh.merge_order', 'two')).rejects.toThrow('call staging.load_order again');
    expect((await targets('dwh'))[3]).toEqual(before[3]);
    expect(await watermark()).toEqual([{ watermark: '2024-01-01T00:00:00.000000Z', table_id: 'table-1' }]);
    await warehouse.call('staging.load_order', 'two');
    await warehouse.call('dwh.merge_order', 'two');
    await warehouse.call('dwh.merge_order', 'two');
    expect(await watermark()).toEqual([{ watermark: '2024-01-02T00:00:00.000000Z', table_id: 'table-1' }]);
  });

  it("is each pipeline's own, where two load the same tables with the same run key", async () => {
    const other = shopPlan(['name: ecommerce', 'name: other-shop']);
    await warehouse.run(plan, items, 'day', '2024-01-01T00:00:00Z');
    for (const { sql } of other.setup) await warehouse.redshift(sql);
    await warehouse.run(other, items, 'day', '2024-01-09T00:00:00Z');
    expect(await watermark()).toEqual([{ watermark: '2024-01-01T00:00:00.000000Z', table_id: 'table-1' }]);
    expect(await watermark(other)).toEqual([{ watermark: '2024-01-09T00:00:00.000000Z', table_id: 'table-1' }]);
    await warehouse.setUp(plan);
  });

  it('is carried by a dimension with versions too', async () => {
    const clinic = clinicPlan('keep');
    await warehouse.setUp(clinic);
    await warehouse.run(clinic, [patient('a', {}), visit('1', 'a')], 'one', '2024-01-03T00:00:00Z');
    expect(await watermark(clinic)).toEqual([{ watermark: '2024-01-03T00:00:00.000000Z', table_id: 'table-1' }]);
    await warehouse.setUp(plan);
  });

  it('stands in the plan beside how gaps are dealt with', () => {
    expect(plan.incremental).toEqual({ onGap: 'approve', approvalSeconds: 259_200 });
    const text = shopPlan(['rejects: reject', 'rejects: reject\nincremental: { onGap: full, approvalHours: 0.5 }']);
    expect(text.incremental).toEqual({ onGap: 'full', approvalSeconds: 1800 });
  });
});
