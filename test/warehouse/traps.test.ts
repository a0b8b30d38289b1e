import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { customer, deletingPlan, line, order, shopPlan } from './shop.js';
import { Warehouse } from './warehouse.js';
import type { Item, Row } from './warehouse.js';

const paris = { building: 1, street: 'rue Royale', city: 'Paris', postcode: '75001', country: 'France' };
const lyon = { building: 2, street: 'quai', city: 'Lyon', postcode: '69001', country: 'France' };

/** The fact joined to its dimensions, as people read it. */
const readable = `
SELECT k.orderid, c.username, a.city, a.country, d.date, p.productid, CAST(f.price AS varchar(20)) AS price, f.numberofitems
FROM dwh."order" f
JOIN dwh.customer c ON c.customerkey = f.customerkey
JOIN dwh.address a ON a.addresskey = f.addresskey
JOIN dwh.date d ON d.datekey = f.datekey
JOIN dwh.product p ON p.productkey = f.productkey
LEFT JOIN staging.orderkey k ON k.orderkey = f.orderkey
ORDER BY k.orderid, p.productid, f.price`;

describe('the traps of the original load', () => {
  const plan = shopPlan();
  let warehouse: Warehouse;
  let runs = 0;

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    await warehouse.setUp(plan);
  });
  afterAll(() => warehouse.close());
  beforeEach(() => warehouse.empty(plan));

  const run = (...items: Item[]): Promise<void> => warehouse.run(plan, items, `run-${(runs += 1)}`);
  const facts = (): Promise<Row[]> => warehouse.redshift(readable);
  const lines = async (): Promise<unknown[]> =>
    (await facts()).map((row) => [row['orderid'], row['productid'], row['price']]);

  it('does not double an order of a customer with several addresses, and takes the first', async () => {
    await run(customer('ann', paris, lyon), order('1', 'ann'), line('1', 'a', '10'));
    expect((await facts()).map((row) => row['city'])).toEqual(['Paris']);
    expect((await warehouse.counts(plan))['dwh.address']).toBe(2);
  });

  it('takes one address also where the model leaves several to choose from, in its order', async () => {
    const last = shopPlan(['where: { position: 0 }', 'orderBy: position desc']);
    await warehouse.setUp(last);
    await warehouse.run(last, [customer('ann', paris, lyon), order('1', 'ann'), line('1', 'a', '10')], 'last');
    expect((await facts()).map((row) => row['city'])).toEqual(['Lyon']);
    await warehouse.setUp(plan);
  });

  it('takes the address map before the list where a customer has both', async () => {
    const both = { ...customer('ann', lyon, lyon), ...customer('ann', paris) };
    await run(both, order('1', 'ann'), line('1', 'a', '10'));
    expect((await facts()).map((row) => row['city'])).toEqual(['Paris']);
    expect((await warehouse.counts(plan))['landing.address']).toBe(3);
  });

  it('loads an order whose customer is missing with the unknown customer and address, and counts it', async () => {
    await run(customer('ann', paris), order('1', 'ann'), line('1', 'a', '10'), order('2', 'bob'), line('2', 'a', '20'));
    expect(await facts()).toMatchObject([
      { orderid: '1', username: 'ann', country: 'France', price: '10.00' },
      { orderid: '2', username: null, country: null, price: '20.00' },
    ]);
    expect(await warehouse.unknown(plan)).toEqual({ 'order.customer': 1, 'order.address': 1 });
    expect((await warehouse.counts(plan))['dwh.customer']).toBe(1);
  });

  it('loads an order without lines with the unknown product and no price, and counts it', async () => {
    await run(customer('ann', paris), order('1', 'ann'));
    expect(await facts()).toMatchObject([
      { orderid: '1', username: 'ann', productid: null, price: null, numberofitems: 1 },
    ]);
    expect(await warehouse.unknown(plan)).toEqual({ 'order.product': 1 });
  });

  it('loads a line without its order with a key of its own, and everything else unknown', async () => {
    await run(line('9', 'a', '1.25'));
    expect(await facts()).toMatchObject([{ orderid: '9', username: null, date: null, productid: 'a', price: '1.25' }]);
    expect(await warehouse.unknown(plan)).toEqual({ 'order.customer': 1, 'order.address': 1, 'order.date': 1 });
  });

  it('makes the unknown member only where a fact needs it', async () => {
    await run(customer('ann', paris), order('1', 'ann'), line('1', 'a', '10'), line('2', 'a', '10'));
    const zero = async (name: string): Promise<number> =>
      (await warehouse.redshift(`SELECT 1 FROM dwh."${name}" WHERE "${name}key" = 0`)).length;
    expect([await zero('customer'), await zero('address'), await zero('date'), await zero('product')]).toEqual([
      1, 1, 1, 0,
    ]);
  });

  it('keeps addresses with the same building and postcode in different countries apart', async () => {
    const here = { building: 5, postcode: '1000', country: 'Belgium' };
    const there = { ...here, country: 'Denmark' };
    await run(customer('ann', here), customer('bob', there), order('1', 'ann'), order('2', 'bob'));
    expect((await facts()).map((row) => row['country'])).toEqual(['Belgium', 'Denmark']);
  });

  it('keeps business keys apart whose parts only look alike when joined', async () => {
    const one = { building: 1, street: '1|a', city: 'b' };
    const two = { building: 11, street: 'a', city: 'b' };
    const three = { building: 1, street: '', city: '1|ab' };
    const four = { building: 1, city: '1|ab' };
    await run(...[one, two, three, four].map((where, index) => customer(`c${index}`, where)));
    expect((await warehouse.counts(plan))['dwh.address']).toBe(4);
  });

  it('loses no rows with a NULL in a business key, a date or a postcode', async () => {
    const nowhere = { building: 1, city: 'X' };
    const { productid: _, ...nameless } = line('2', 'b', '2.00');
    const { orderid: _orderid, ...orphan } = line('x', 'c', '3.00');
    await run(
      ...[customer('ann', nowhere), customer('bob', nowhere), customer('eve')],
      ...[order('1', 'ann', ''), line('1', 'a', '1.00'), order('2', 'bob'), nameless, orphan, order('3', 'eve')]
    );
    expect(await lines()).toEqual([
      ['1', 'a', '1.00'],
      ['2', null, '2.00'],
      ['3', null, null],
      [null, 'c', '3.00'],
    ]);
    expect((await facts()).map((row) => row['city'])).toEqual(['X', 'X', null, null]);
    expect((await warehouse.counts(plan))['dwh.address']).toBe(1);
    expect(await warehouse.unknown(plan)).toEqual({
      ...{ 'order.date': 2, 'order.product': 2, 'order.customer': 1, 'order.address': 2 },
    });
  });

  it('takes no row for a member when its whole business key is NULL', async () => {
    await run(customer('ann', {}), customer('bob'));
    const counts = await warehouse.counts(plan);
    expect([counts['dwh.customer'], counts['dwh.address']]).toEqual([2, 0]);
  });

  it('keeps cents', async () => {
    await run(order('1', 'ann'), line('1', 'a', '0.01'), line('1', 'b', '9999999999.99'));
    expect(await lines()).toEqual([
      ['1', 'a', '0.01'],
      ['1', 'b', '9999999999.99'],
    ]);
  });

  it('writes identifiers that are SQL words, and dates once however many times of day', async () => {
    await run(order('1', 'ann', '2024-02-29T00:00:01Z'), order('2', 'ann', '2024-02-29T23:59:59Z'));
    expect(await warehouse.redshift('SELECT year, quarter, month, day FROM dwh."date" WHERE datekey <> 0')).toEqual([
      { year: 2024, quarter: 1, month: 2, day: 29 },
    ]);
  });

  it('takes the product as it stands in its latest order', async () => {
    await run(line('1', 'a', '1', 'new'), line('3', 'a', '1', 'new'), line('2', 'a', '1', 'old'));
    expect(await warehouse.redshift('SELECT productname FROM dwh.product')).toEqual([{ productname: 'new' }]);
  });

  const shop = [
    ...[
      customer('ann', paris, lyon),
      customer('bob', lyon),
      order('1', 'ann'),
      line('1', 'a', '1.5'),
      line('1', 'b', '2'),
    ],
    ...[order('2', 'bob', ''), order('3', 'zoe'), line('3', 'a', '4'), line('4', 'c', '5'), line('4', 'd', '6')],
  ];

  it('leaves dwh as it was when everything runs again, and when each step does', async () => {
    await run(...shop);
    const before = await warehouse.dump(plan);
    await run(...shop);
    expect(await warehouse.dump(plan)).toEqual(before);

    await warehouse.landAll(plan, shop, 'again');
    for (const wave of [...plan.staging, ...plan.dimensions, ...plan.facts]) {
      for (const { procedure } of wave) {
        await warehouse.call(procedure, 'again');
        await warehouse.call(procedure, 'again');
      }
    }
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('gives the same keys to two warehouses whatever the order of the items', async () => {
    await run(...shop);
    const before = await warehouse.dump(plan);
    await warehouse.empty(plan);
    await run(...shop.toReversed());
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('gives surrogate keys in the order of the business keys', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `user ${(index * 7919) % 400}`);
    await run(...names.flatMap((name) => [customer(name), order(`order of ${name}`, name)]));
    const inOrder = async (sql: string): Promise<unknown[]> => (await warehouse.redshift(sql)).map((row) => row['id']);
    expect(await inOrder('SELECT username AS id FROM staging.customerkey ORDER BY customerkey')).toEqual(
      names.toSorted()
    );
    expect(await inOrder('SELECT orderid AS id FROM staging.orderkey ORDER BY orderkey')).toEqual(
      names.map((name) => `order of ${name}`).toSorted()
    );
  });

  it('is not harmed by gaps in identity columns', async () => {
    await run(...shop);
    const before = await facts();
    await warehouse.empty(plan);
    for (const name of ['customer', 'order', 'product', 'address', 'date']) {
      await warehouse.client.query(`SELECT nextval(pg_get_serial_sequence('staging."${name}key"', '${name}key'))`);
    }
    await run(...shop.slice(0, 4));
    await warehouse.client.query(
      `SELECT setval(pg_get_serial_sequence('staging.customerkey', 'customerkey'), 5000000000)`
    );
    await run(...shop);
    expect(await facts()).toEqual(before);
    const [max] = await warehouse.redshift(
      'SELECT customermaxkey AS max, (SELECT MAX(customerkey) FROM staging.customerkey) AS key FROM staging.customer_maxkey'
    );
    expect(max!['max']).toBe(max!['key']);
  });

  it('heals fact rows when the customer arrives later', async () => {
    const early = [order('1', 'ann'), line('1', 'a', '1')];
    await run(...early);
    expect(await facts()).toMatchObject([{ username: null, city: null }]);
    await run(customer('ann', paris), ...early);
    expect(await facts()).toMatchObject([{ username: 'ann', city: 'Paris' }]);
    expect(await warehouse.unknown(plan)).toEqual({});
  });

  it('heals a line whose order arrives later, and an order whose lines do', async () => {
    await run(line('1', 'a', '1'), order('2', 'ann'));
    await run(line('1', 'a', '1'), order('2', 'ann'), order('1', 'ann'), line('2', 'b', '2'));
    expect(await lines()).toEqual([
      ['1', 'a', '1.00'],
      ['2', 'b', '2.00'],
    ]);
    expect(await warehouse.unknown(plan)).toEqual({ 'order.customer': 2, 'order.address': 2 });
  });

  it('overwrites what changed (type 1)', async () => {
    await run(customer('ann', paris), order('1', 'ann'), line('1', 'a', '1'));
    const renamed: Item = { ...customer('ann', lyon), email: { S: 'new@example.com' } };
    await run(renamed, order('1', 'ann', '2024-12-31T00:00:00Z'), line('1', 'a', '7.77'));
    expect(await warehouse.redshift('SELECT email FROM dwh.customer WHERE customerkey <> 0')).toEqual([
      { email: 'new@example.com' },
    ]);
    expect(await facts()).toMatchObject([{ city: 'Lyon', price: '7.77' }]);
  });

  describe('items deleted at the source', () => {
    afterEach(() => warehouse.setUp(plan));

    const first = [
      ...[customer('ann', paris), customer('bob', lyon)],
      ...[order('1', 'ann'), line('1', 'a', '1'), line('1', 'b', '2'), order('2', 'bob'), line('2', 'a', '3')],
    ];

    it('stay, at row grain, when the model keeps them', async () => {
      await run(...first);
      await run(customer('ann', paris), order('1', 'ann'), line('1', 'a', '1.5'));
      expect(await facts()).toMatchObject([
        { orderid: '1', productid: 'a', price: '1.50' },
        { orderid: '1', productid: 'b', price: '2.00' },
        { orderid: '2', productid: 'a', price: '3.00', username: 'bob', city: 'Lyon' },
      ]);
      expect(await warehouse.unknown(plan)).toEqual({});
    });

    it('are still found by what refers to them when the model keeps them', async () => {
      await run(...first);
      await run(order('2', 'bob'), line('2', 'a', '3'), line('2', 'c', '4'));
      expect((await facts()).filter(({ orderid }) => orderid === '2')).toMatchObject([
        { productid: 'a', username: 'bob', city: 'Lyon' },
        { productid: 'c', username: 'bob', city: 'Lyon' },
      ]);
    });

    it('leave no placeholder behind when an order keeps its lines, and none comes', async () => {
      await run(...first);
      await run(order('1', 'ann'));
      const before = await warehouse.dump(plan);
      expect(await lines()).toEqual([
        ['1', 'a', '1.00'],
        ['1', 'b', '2.00'],
        ['2', 'a', '3.00'],
      ]);
      await run(order('1', 'ann'));
      expect(await warehouse.dump(plan)).toEqual(before);
    });

    it('keep the placeholder of an order that is gone', async () => {
      await run(order('1', 'ann'));
      await run(order('2', 'ann'));
      expect(await lines()).toEqual([
        ['1', null, null],
        ['2', null, null],
      ]);
    });

    it('go when the model deletes them, with the same keys should they return', async () => {
      const deleting = deletingPlan();
      await warehouse.setUp(deleting);
      await warehouse.run(deleting, first, 'one');
      const before = await warehouse.dump(deleting);
      await warehouse.run(deleting, [order('2', 'bob'), line('2', 'a', '3')], 'two');
      expect(await facts()).toMatchObject([{ orderid: '2', productid: 'a', username: null, city: null }]);
      const counts = await warehouse.counts(deleting);
      expect([counts['dwh.customer'], counts['dwh.address'], counts['dwh.product'], counts['dwh.date']]).toEqual([
        0, 0, 1, 1,
      ]);
      await warehouse.run(deleting, first, 'three');
      const healed = await warehouse.dump(deleting);
      expect(healed['dwh.order']).toEqual(before['dwh.order']);
      expect(healed['dwh.product']).toEqual(before['dwh.product']);
    });

    it('point kept facts at the unknown member when only the dimension deletes them', async () => {
      const mixed = shopPlan(['key: username', 'key: username\n    deletes: delete']);
      await warehouse.setUp(mixed);
      await warehouse.run(mixed, first, 'one');
      const rest = [customer('ann', paris), order('1', 'ann'), line('1', 'a', '1')];
      await warehouse.run(mixed, rest, 'two');
      expect(await facts()).toMatchObject([
        { orderid: '1', productid: 'a', username: 'ann' },
        { orderid: '1', productid: 'b', username: 'ann' },
        { orderid: '2', productid: 'a', username: null, city: 'Lyon' },
      ]);
      const before = await warehouse.dump(mixed);
      await warehouse.run(mixed, rest, 'three');
      expect(await warehouse.dump(mixed)).toEqual(before);
    });
  });

  describe('steps out of order', () => {
    it('fail over an emptied landing table, and leave staging as it was', async () => {
      await run(...shop);
      await warehouse.client.query('DELETE FROM landing.product');
      const key = `run-${runs}`;
      await expect(warehouse.call('staging.load_product', key)).rejects.toThrow(
        'staging.load_product: landing.product has 0 rows, but its load recorded 5; run its land job again'
      );
      const staged = await warehouse.redshift('SELECT COUNT(*) AS n FROM staging.product');
      expect(staged).toEqual([{ n: '4' }]);
    });

    it('fail when landing, staging or dwh was not loaded by this run', async () => {
      await run(...shop);
      await expect(warehouse.call('staging.load_customer', 'other')).rejects.toThrow(
        'landing.customer was not loaded by this run (0 records of it); run its land job first'
      );
      await warehouse.landAll(plan, shop, 'other');
      await expect(warehouse.call('staging.load_order', 'other')).rejects.toThrow(
        'staging.customer was not loaded by this run (0 records of it); call staging.load_customer first'
      );
      await expect(warehouse.call('dwh.merge_customer', 'other')).rejects.toThrow(
        'staging.order was not loaded by this run'
      );
      await expect(warehouse.call('dwh.merge_order', 'other')).rejects.toThrow(
        'dwh.customer was not loaded by this run'
      );
    });

    it('fail over an emptied staging table, and leave dwh as it was', async () => {
      await run(...shop);
      const before = await warehouse.dump(plan);
      await warehouse.client.query('DELETE FROM staging."order"');
      await expect(warehouse.call('dwh.merge_order', `run-${runs}`)).rejects.toThrow(
        'staging.order has 0 rows, but its load recorded 6; call staging.load_order again'
      );
      expect(await warehouse.dump(plan)).toEqual(before);
    });

    it('fail when two orders share an id, rather than double their lines', async () => {
      await expect(run(order('1', 'ann'), order('1', 'bob'), line('1', 'a', '1'))).rejects.toThrow(
        'staging.order got 2 rows for 1 rows of landing.product; landing.order has several rows for one row of landing.product'
      );
    });
  });

  it('can run its set-up again over a loaded warehouse without harm', async () => {
    await run(...shop);
    const before = await warehouse.dump(plan);
    for (const { sql } of plan.setup) await warehouse.redshift(sql);
    expect(await warehouse.dump(plan)).toEqual(before);
    await run(...shop);
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('loads nothing at all without complaint', async () => {
    await run();
    expect(new Set(Object.values(await warehouse.counts(plan)))).toEqual(new Set([0]));
  });

  describe('the growth report', () => {
    const growth = async (): Promise<unknown[]> =>
      (await warehouse.redshift(plan.reports[0]!.sql)).map((row) => [
        ...[row['period'], row['country'], row['category']],
        row['growth'] === null ? null : Number(row['growth']),
      ]);
    const priced = (id: string, date: string, price: string): Item[] => [order(id, 'ann', date), line(id, 'a', price)];

    it('compares quarters with those a year before, by the date in UTC', async () => {
      await run(
        customer('ann', paris),
        ...priced('1', '2023-03-31T23:59:59Z', '100'),
        ...priced('2', '2024-01-01T00:00:00Z', '100.10'),
        ...priced('3', '2024-02-01T00:00:00Z', '50'),
        ...priced('4', '2024-04-01T00:00:00Z', '70')
      );
      expect(await growth()).toEqual([['2024-Q1', 'France', 'things', expect.closeTo(50.1, 10)]]);
    });

    it('leaves out a base of nothing, and names the quarter all the same', async () => {
      await run(
        customer('ann', paris),
        ...priced('1', '2023-01-01T00:00:00Z', '0'),
        ...priced('2', '2024-01-01T00:00:00Z', '5')
      );
      expect(await growth()).toEqual([['2024-Q1', null, null, null]]);
    });
  });
});
