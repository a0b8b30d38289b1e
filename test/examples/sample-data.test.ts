import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateItems as generateEcommerce } from '../../examples/ecommerce/sample-data.js';
import { generateItems as generateGame } from '../../examples/game/sample-data.js';

const hash = (items: Iterable<unknown>): string => {
  const sum = createHash('sha256');
  for (const item of items) sum.update(JSON.stringify(item));
  return sum.digest('hex');
};

describe.each([
  ['ecommerce', generateEcommerce, 'PK', 'SK'],
  ['game', generateGame, 'id', 'part'],
] as const)('sample data of %s', (_name, generateItems, partition, sort) => {
  it('is the same each time, and another with another seed', () => {
    const first = hash(generateItems({ items: 3000 }));
    expect(hash(generateItems({ items: 3000 }))).toBe(first);
    expect(hash(generateItems({ items: 3000, seed: 2 }))).not.toBe(first);
  });

  it.each([1, 2, 3, 7, 100, 4999])('has exactly %i items, each with a key of its own', (count) => {
    const keys = [...generateItems({ items: count })].map((item) => `${item[partition]!.S}\n${item[sort]!.S}`);
    expect(keys).toHaveLength(count);
    expect(new Set(keys).size).toBe(count);
  });

  it('comes one after the other, without being made first', () => {
    const items = generateItems({ items: 1_000_000_000 });
    expect(items.next().value).toBeDefined();
    expect(items.next().done).toBe(false);
  });

  it.each([0, -1, 1.5, NaN])('cannot have %d items', (items) => {
    expect(() => generateItems({ items }).next()).toThrow(RangeError);
  });
});

describe('sample data of ecommerce', () => {
  const items = [...generateEcommerce({ items: 5000 })];
  const of = (type: string): typeof items => items.filter((item) => item['type']!.S === type);
  const [customers, orders, lines] = [of('customer'), of('order'), of('product')];

  it('is what it was when it was made: no date of today is in it', () => {
    expect(hash(items)).toBe('ab3c29e68e5b088b482e8a450177ffa4a384196bd467e0d0f010012a656eaa1c');
  });

  it('has 5 % customers, 25 % orders and 70 % lines', () => {
    expect([customers.length, orders.length, lines.length]).toEqual([250, 1250, 3500]);
  });

  it('has customers with one address and with several, and names beyond ASCII', () => {
    expect(customers.filter((item) => item['address'] !== undefined).length).toBeGreaterThan(100);
    expect(customers.filter((item) => (item['addresses']?.L?.length ?? 0) >= 2).length).toBeGreaterThan(20);
    expect(customers.filter((item) => /[^\0-\x7f]/.test(item['fullname']!.S!)).length).toBeGreaterThan(50);
  });

  it('has orders with at least one line, whose amounts and numbers of items are those of their lines', () => {
    const byOrder = new Map<string, string[]>();
    for (const item of lines)
      byOrder.set(item['orderid']!.S!, [...(byOrder.get(item['orderid']!.S!) ?? []), item['price']!.N!]);
    expect(byOrder.size).toBe(orders.length);
    for (const order of orders) {
      const prices = byOrder.get(order['orderid']!.S!)!;
      expect(order['numberofitems']!.N).toBe(String(prices.length));
      const cents = prices.reduce((sum, price) => sum + Math.round(Number(price) * 100), 0);
      expect(order['amount']!.N).toBe((cents / 100).toFixed(2));
    }
    expect(lines.some((item) => !item['price']!.N!.endsWith('.00'))).toBe(true);
  });

  it('has orders over two whole years, in UTC', () => {
    const dates = orders.map((order) => order['orderdate']!.S!);
    for (const date of dates) expect(date).toMatch(/^202[34]-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const quarters = new Set(dates.map((date) => `${date.slice(0, 4)}-${Math.ceil(Number(date.slice(5, 7)) / 3)}`));
    expect(quarters.size).toBe(8);
  });

  it('has products that are the same wherever they are sold', () => {
    const names = new Map<string, string>();
    for (const item of lines) {
      const { productid, productname, category, color } = item;
      const described = [productname, category, color].map((value) => value!.S).join('|');
      expect(names.get(productid!.S!) ?? described).toBe(described);
      names.set(productid!.S!, described);
    }
  });
});
