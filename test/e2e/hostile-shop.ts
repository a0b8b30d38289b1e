import type { Item } from './expected-warehouse.js';

/** A small deterministic generator (mulberry32), so that a failing seed can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const countries = ['France', 'UK', 'Österreich', 'USA', 'Côte d’Ivoire'];
const categories = ['Ships', 'Men\'s "Wear"', 'Planes', 'Trains; Buses', '玩具 🧸'];

/**
 * Items of the ecommerce table with everything that trips pipelines: customers with several addresses, with none, in one
 * building with the same postcode in different countries or streets; orders whose customer is missing, without lines,
 * without a date; lines whose order is missing; quotes, emoji, backslashes and empty strings; prices with cents.
 */
export function hostileShop(seed: number, customers: number): Item[] {
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const items: Item[] = [];

  const address = (): Item => ({
    buildingnumber: { N: String(1 + below(3)) },
    streetname: { S: pick(['High Street', 'rue "Royale"', 'Große Straße', '']) },
    city: { S: pick(['Paris', 'London', 'Wien']) },
    ...(next() < 0.9 ? { postcode: { S: pick(['44000', '1010', 'EC2N 1HN']) } } : {}),
    country: { S: pick(countries) },
  });

  const products = Array.from({ length: 12 }, (_, i) => ({
    productid: `S${i}_\\${i * 7}`,
    productname: pick(['Ship 🚢', 'O\'Reilly "set"', 'tab\there', 'naïve']) + ` ${i}`,
    category: categories[i % categories.length] as string,
    color: pick(['none', 'red', '']),
  }));

  let orderNumber = 0;
  const order = (username: string): void => {
    const orderid = String(10_000 + orderNumber++);
    const withOrder = next() < 0.95;
    const lines = next() < 0.1 && withOrder ? 0 : 1 + below(4);
    const month = below(24);
    const day = 1 + below(28);
    const orderdate = `${2022 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}T23:30:00Z`;
    const chosen = [...products].sort(() => next() - 0.5).slice(0, lines);
    let amount = 0;
    for (const product of chosen) {
      const price = 1 + below(500_000);
      amount += price;
      items.push({
        PK: { S: `PROD#${product.productid}` },
        SK: { S: `ORD#${orderid}` },
        GSIpk: { S: `ORD#${orderid}` },
        GSIsk: { S: `PROD#${product.productid}` },
        type: { S: 'product' },
        orderid: { S: orderid },
        productid: { S: product.productid },
        productname: { S: product.productname },
        category: { S: product.category },
        color: { S: product.color },
        price: { N: (price / 100).toFixed(2) },
      });
    }
    if (!withOrder) return;
    items.push({
      PK: { S: `CUST#${username}` },
      SK: { S: `ORD#${orderid}` },
      GSIpk: { S: `ORD#${orderid}` },
      GSIsk: { S: `ORD#${orderid}` },
      type: { S: 'order' },
      orderid: { S: orderid },
      numberofitems: { N: String(lines) },
      ...(next() < 0.95 ? { orderdate: { S: orderdate } } : {}),
      amount: { N: (amount / 100).toFixed(2) },
    });
  };

  for (let i = 0; i < customers; i++) {
    const username = `user.${i}#${pick(['é', '+', '%', "'"])}`;
    const kind = next();
    if (next() < 0.9) {
      items.push({
        PK: { S: `CUST#${username}` },
        SK: { S: `CUST#${username}` },
        type: { S: 'customer' },
        username: { S: username },
        email: { S: `${i}@example.com` },
        fullname: { S: `Zoë \\ “${i}”` },
        ...(kind < 0.5
          ? { address: { M: { ...address() } } }
          : kind < 0.9
            ? { addresses: { L: Array.from({ length: 1 + below(3) }, () => ({ M: { ...address() } })) } }
            : {}),
      });
    }
    for (let n = below(4); n > 0; n--) order(username);
  }
  return items;
}
