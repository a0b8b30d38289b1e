import { Random } from '../../examples/random.js';
import type { DynamoDbJsonItem } from '../../local/environment/index.js';

const seed = 20261121;
const countries = [
  'Austria',
  'Brazil',
  'Denmark',
  'France',
  'Germany',
  'Japan',
  'Netherlands',
  'Poland',
  'Spain',
  'UK',
];
const categories = ['Books', 'Electronics', 'Garden', 'Home', 'Music', 'Outdoors', 'Sports', 'Toys'];
const colors = ['black', 'blue', 'bordeaux', 'green', 'none', 'red', 'silver', 'white', 'yellow'];
const words = [
  'amber',
  'brisk',
  'cedar',
  'drift',
  'ember',
  'fjord',
  'grove',
  'haven',
  'inlet',
  'jetty',
  'knoll',
  'lumen',
];

const from = Date.UTC(2021, 0, 1);
const maxLines = 8;
const seconds = 3 * 365 * 86_400;

/** Words up to about `length` characters. */
function text(random: Random, length: number): string {
  let written = random.pick(words);
  while (written.length < length) written += ` ${random.pick(words)}`;
  return written;
}

const S = (value: string): { S: string } => ({ S: value });
const N = (value: number | string): { N: string } => ({ N: String(value) });
const username = (number: number): string => `user${String(number).padStart(8, '0')}`;
const orderid = (number: number): string => `O${String(number).padStart(9, '0')}`;

function customer(number: number): DynamoDbJsonItem {
  const random = Random.of(seed, 1, number);
  const name = username(number);
  return {
    PK: S(`CUST#${name}`),
    SK: S(`CUST#${name}`),
    type: S('customer'),
    username: S(name),
    email: S(`${name}@${random.pick(words)}.example`),
    fullname: S(text(random, 14)),
    address: {
      M: {
        buildingnumber: N(random.integer(1, 400)),
        streetname: S(text(random, 18)),
        city: S(random.pick(words)),
        postcode: S(String(random.integer(10_000, 99_999))),
        country: S(random.pick(countries)),
      },
    },
    preferences: S(text(random, 150)),
  };
}

function order(number: number, customers: number, lines: number): DynamoDbJsonItem {
  const random = Random.of(seed, 2, number);
  const id = orderid(number);
  return {
    PK: S(`CUST#${username(random.integer(0, customers - 1))}`),
    SK: S(`ORD#${id}`),
    type: S('order'),
    GSIpk: S(`ORD#${id}`),
    GSIsk: S(`ORD#${id}`),
    orderid: S(id),
    numberofitems: N(lines),
    orderdate: S(`${new Date(from + random.integer(0, seconds - 1) * 1000).toISOString().slice(0, 19)}Z`),
    amount: N((random.integer(100, 90_000) / 100).toFixed(2)),
    note: S(text(random, 194)),
  };
}

/** Lines of one order differ in their product, as an order and a product make the key. */
function line(ofOrder: number, position: number, products: number): DynamoDbJsonItem {
  const random = Random.of(seed, 3, ofOrder * maxLines + position);
  const product = (Random.of(seed, 5, ofOrder).integer(0, products - 1) + position) % products;
  const shelf = Random.of(seed, 4, product);
  const [id, own] = [orderid(ofOrder), `P${String(product).padStart(6, '0')}`];
  return {
    PK: S(`PROD#${own}`),
    SK: S(`ORD#${id}`),
    type: S('product'),
    GSIpk: S(`ORD#${id}`),
    GSIsk: S(`PROD#${own}`),
    orderid: S(id),
    productid: S(own),
    productname: S(text(shelf, 40)),
    category: S(shelf.pick(categories)),
    color: S(shelf.pick(colors)),
    price: N((random.integer(99, 49_999) / 100).toFixed(2)),
    description: S(text(shelf, 147)),
  };
}

/**
 * A shop's table of `count` items, the same on every machine: 5 % customers, 25 % orders, 70 % lines, by DynamoDB's
 * rules 355 bytes an item on average. Customer and lines come right with their order, as writes to a table do.
 * @param part with `parts`, which of so many parts of the table to give; together they are the whole.
 */
export function* shopItems(count: number, part = 0, parts = 1): Generator<DynamoDbJsonItem> {
  const customers = Math.max(1, Math.round(count * 0.05));
  const orders = Math.max(1, Math.round(count * 0.25));
  const lines = Math.max(orders, count - customers - orders);
  const products = Math.max(maxLines, Math.round(count / 300));
  const next = shares(orders, lines);
  for (let number = 0; number < orders; number += 1) {
    const ofThis = next();
    if (number % parts !== part) continue;
    if (number < customers) yield customer(number);
    yield order(number, customers, ofThis);
    for (let position = 0; position < ofThis; position += 1) yield line(number, position, products);
  }
}

/** Lines per order: 1 to 8 around the mean, and all of them in the end. */
function shares(orders: number, lines: number): () => number {
  const random = new Random(seed);
  let [left, receivers] = [lines, orders];
  return () => {
    const most = Math.min(maxLines, left - (receivers - 1));
    const least = Math.max(1, left - (receivers - 1) * maxLines);
    const mean = left / receivers;
    const share = Math.min(most, Math.max(least, Math.round(mean + (random.next() - 0.5) * 2 * (mean - 1))));
    left -= share;
    receivers -= 1;
    return share;
  };
}
