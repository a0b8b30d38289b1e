import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile, parseModel } from '../../model/index.js';
import { Warehouse } from './warehouse.js';
import type { Item } from './warehouse.js';

/**
 * Facts that are told apart by a dimension with versions, alone and with a key; a composite business key; a member found
 * by way of its landing table; two roles with times of their own; several rows of a member.
 */
const model = (deletes: string): string => `
name: hire
source: { table: hire, keys: { partition: PK }, typeAttribute: type }
items:
  car: { attributes: { maker: S, plate: S, depot: S, rank: N, price: N } }
  hire: { attributes: { hire: S, maker: S, plate: S, depot: S, out: S, back: S, amount: N } }
landing:
  car: { columns: { maker: varchar(40), plate: varchar(40), depot: varchar(40), rank: integer, price: integer } }
  hire:
    columns:
      hire: varchar(40)
      maker: varchar(40)
      plate: varchar(40)
      depot: varchar(40)
      out: timestamp
      back: date
      amount: integer
dimensions:
  car: { key: [maker, plate], attributes: [depot, price], orderBy: rank desc, scd: 2, deletes: ${deletes} }
facts:
  hire:
    key: hire
    grain: [hirekey, carkey]
    at: out
    dimensions:
      car: { on: [maker, plate] }
      returned: { dimension: car, on: [maker, plate], at: back }
      nearest: { dimension: car, through: car, on: depot, orderBy: rank }
    measures: [amount]
    deletes: keep
${
  deletes === 'delete'
    ? ''
    : `  use:
    from: hire
    grain: [carkey]
    dimensions: { car: { on: [maker, plate], at: out } }
    measures: [amount]
`
}`;

const day = (number: number): string => new Date(Date.UTC(2024, 0, number)).toISOString();

function car(maker: string, plate: string | undefined, price: string, written: string, more: Item = {}): Item {
  return {
    ...{ PK: { S: `${maker} ${plate} ${price}` }, type: { S: 'car' }, maker: { S: maker }, price: { N: price } },
    ...(plate === undefined ? {} : { plate: { S: plate } }),
    ...{ sluice_written_at: { S: written }, depot: { S: 'north' }, ...more },
  };
}

const hire = (id: string, maker: string, plate: string | undefined, out: string, back: string): Item => ({
  ...{ PK: { S: `hire ${id}` }, type: { S: 'hire' }, hire: { S: id }, maker: { S: maker }, depot: { S: 'north' } },
  ...(plate === undefined ? {} : { plate: { S: plate } }),
  ...{ out: { S: out }, back: { S: back.slice(0, 10) }, amount: { N: id } },
});

describe('a fact of a dimension with versions', () => {
  const plan = compile(parseModel(model('keep'), 'hire'));
  let warehouse: Warehouse;
  let runs = 0;

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    await warehouse.setUp(plan);
  });
  afterAll(() => warehouse.close());
  beforeEach(() => warehouse.empty(plan));

  const run = (loadedTo: string, ...items: Item[]): Promise<void> =>
    warehouse.run(plan, items, `run-${(runs += 1)}`, loadedTo);
  /** Hires with the price of the car when it went out, when it came back, and of the nearest when it went out. */
  const hires = async (): Promise<unknown[]> =>
    (
      await warehouse.redshift(`SELECT k.hire, c.price AS out, r.price AS back, n.price AS near FROM dwh.hire f
JOIN staging.hirekey k ON k.hirekey = f.hirekey JOIN dwh.car c ON c.carkey = f.carkey
JOIN dwh.car r ON r.carkey = f.returnedkey JOIN dwh.car n ON n.carkey = f.nearestkey ORDER BY 1, 2`)
    ).map((row) => Object.values(row));

  it('takes the version of its own time in each role, by a composite key with its NULL parts', async () => {
    const hired = [hire('1', 'A', undefined, day(2), day(4)), hire('2', 'A', '11', day(6), day(7))];
    await run(day(1), car('A', undefined, '10', day(1)), car('A', '11', '70', day(1)), ...hired);
    await run(day(5), car('A', undefined, '20', day(3)), car('A', '11', '70', day(1)), ...hired);
    expect(await hires()).toEqual([
      ['1', 10, 20, 10],
      ['2', 70, 70, 20],
    ]);
  });

  it('is not doubled when a version that begins before it is found after it was loaded', async () => {
    const hired = [hire('1', 'A', 'x', day(6), day(7)), hire('2', 'B', 'x', day(6), day(7))];
    await run(day(1), car('A', 'x', '10', day(1)), ...hired);
    expect(await hires()).toEqual([
      ['1', 10, 10, 10],
      ['2', null, null, 10],
    ]);
    await run(day(8), car('A', 'x', '20', day(5)), car('B', 'x', '5', day(6)), ...hired);
    expect(await hires()).toEqual([
      ['1', 20, 20, 20],
      ['2', 5, 5, 20],
    ]);
    expect(await warehouse.redshift('SELECT amount FROM dwh.use ORDER BY 1')).toEqual([{ amount: 1 }, { amount: 2 }]);
    const before = await warehouse.dump(plan);
    await run(day(8), car('A', 'x', '20', day(5)), car('B', 'x', '5', day(6)), ...hired);
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('keeps its version when it is gone at the source', async () => {
    await run(day(1), car('A', 'x', '10', day(1)), hire('1', 'A', 'x', day(6), day(7)));
    await run(day(8), car('A', 'x', '20', day(5)), hire('2', 'A', 'x', day(6), day(7)));
    expect(await hires()).toEqual([
      ['1', 10, 10, 10],
      ['2', 20, 20, 20],
    ]);
  });

  it('sees a change also where the row that decided is gone and the one before is older', async () => {
    const rank = (number: string): Item => ({ rank: { N: number } });
    const [first, second] = [car('A', 'x', '10', day(1), rank('1')), car('A', 'x', '20', day(3), rank('2'))];
    const hired = [hire('1', 'A', 'x', day(2), day(4)), hire('2', 'A', 'x', day(9), day(9))];
    await run(day(2), first, ...hired);
    await run(day(4), first, second, ...hired);
    await run(day(6), first, ...hired);
    expect((await hires()).map((row) => (row as unknown[]).slice(0, 3))).toEqual([
      ['1', 10, 20],
      ['2', 10, 10],
    ]);
    expect((await warehouse.counts(plan))['dwh.car']).toBe(3);
  });

  it('loses a version that never held to the unknown member', async () => {
    await expect(() => compile(parseModel(model('delete'), 'hire'))).toThrow('must keep its members too');
    const deleting = compile(parseModel(model('delete').replace('[hirekey, carkey]', '[hirekey]'), 'hire'));
    await warehouse.setUp(deleting);
    const load = (loadedTo: string, ...items: Item[]): Promise<void> =>
      warehouse.run(deleting, items, `run-${(runs += 1)}`, loadedTo);
    await load(day(1), car('A', 'x', '10', day(1)));
    await load(day(3), car('A', 'x', '20', day(3)), hire('1', 'A', 'x', day(4), day(4)));
    expect((await hires()).map((row) => (row as unknown[])[1])).toEqual([20]);
    await load(day(3));
    expect((await hires()).map((row) => (row as unknown[])[1])).toEqual([null]);
    expect(await warehouse.redshift('SELECT price, is_current FROM dwh.car WHERE carkey <> 0')).toEqual([
      { price: 10, is_current: false },
    ]);
    const before = await warehouse.dump(deleting);
    await load(day(3));
    expect(await warehouse.dump(deleting)).toEqual(before);
    await load(day(5), car('A', 'x', '30', day(4)), hire('1', 'A', 'x', day(4), day(4)));
    expect((await hires()).map((row) => (row as unknown[])[1])).toEqual([30]);
    await warehouse.setUp(plan);
  });

  it('is loaded beside others, and by the SQL that Redshift has', async () => {
    const items = [car('A', 'x', '10', day(1)), hire('1', 'A', 'x', day(2), day(2))];
    await warehouse.landAll(plan, items, 'together', day(3));
    await warehouse.together(plan, 'together');
    expect(await hires()).toEqual([['1', 10, 10, 10]]);
    for (const { sql } of plan.setup) {
      expect(sql).not.toMatch(/\b(IS (NOT )?DISTINCT FROM|TRUNCATE|COMMIT|RETURNING|FILTER \(|LATERAL|DISTINCT ON)\b/);
      expect(Buffer.byteLength(sql)).toBeLessThan(100_000);
    }
  });
});
