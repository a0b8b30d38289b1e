import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Random, shares } from '../random.js';
import type { SampleOptions } from '../sample-options.js';
import { makeCatalogue } from './catalogue.js';
import type { Product } from './catalogue.js';
import { customerItem, usernameOf } from './people.js';

type Item = Record<string, AttributeValue>;

/** All orders lie in these two years, whatever today is: the same call gives the same items for ever. */
const firstDay = Date.UTC(2023, 0, 1);
const days = 731;

function lineItem(product: Product, orderid: string, price: string): Item {
  return {
    PK: { S: `PROD#${product.id}` },
    SK: { S: `ORD#${orderid}` },
    GSIpk: { S: `ORD#${orderid}` },
    GSIsk: { S: `PROD#${product.id}` },
    type: { S: 'product' },
    orderid: { S: orderid },
    productid: { S: product.id },
    productname: { S: product.name },
    category: { S: product.category },
    color: { S: product.color },
    price: { N: price },
  };
}

const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** An order's lines, of different products, and what they cost together in cents. */
function linesOf(orderid: string, lines: number, random: Random, catalogue: readonly Product[], drift: number) {
  const chosen = new Set<Product>();
  while (chosen.size < lines) chosen.add(random.pick(catalogue));
  let amount = 0;
  const items = [...chosen].map((product) => {
    const quantity = random.next() < 0.7 ? 1 : random.integer(2, 4);
    const cents = quantity * Math.round(product.cents * drift);
    amount += cents;
    return lineItem(product, orderid, money(cents));
  });
  return { items, amount };
}

/**
 * Generates the ecommerce table's items as DynamoDB JSON, one after the other in little memory: about 5 % customers,
 * 25 % orders, each with at least one line, and 70 % lines. Deterministic: the same options give the same items.
 * @throws RangeError when `items` is not a whole number of 1 or more
 */
export function* generateItems({ items, seed = 1 }: SampleOptions): Generator<Item> {
  if (!Number.isInteger(items) || items < 1)
    throw new RangeError(`items must be a whole number of 1 or more: ${items}`);
  const customers = Math.max(1, Math.round(items * 0.05));
  const orders = Math.min(Math.round(items * 0.25), Math.floor((items - customers) / 2));
  const catalogue = makeCatalogue(Math.max(24, Math.round(Math.sqrt(items) * 1.5)), seed);
  for (let index = 0; index < (orders === 0 ? items : customers); index++) yield customerItem(seed, index);

  const random = Random.of(seed, 3, 0);
  const nextShare = shares(items - customers - orders, orders, random);
  for (let index = 0; index < orders; index++) {
    const orderid = String(100_001 + index);
    // The power makes business grow: there are more orders towards the end. Prices rise by about 4 % a year.
    const years = 2 * ((index + random.next()) / orders) ** 0.9;
    const date = new Date(firstDay + Math.floor((years / 2) * days * 86_400) * 1000);
    const customer = { S: `CUST#${usernameOf(random.integer(0, customers - 1))}` };
    const lines = linesOf(orderid, Math.min(nextShare(), catalogue.length), random, catalogue, 1 + 0.04 * years);
    const order = { S: `ORD#${orderid}` };
    yield {
      PK: customer,
      SK: order,
      GSIpk: order,
      GSIsk: order,
      type: { S: 'order' },
      orderid: { S: orderid },
      numberofitems: { N: String(lines.items.length) },
      orderdate: { S: date.toISOString().replace('.000Z', 'Z') },
      amount: { N: money(lines.amount) },
    };
    yield* lines.items;
  }
}
