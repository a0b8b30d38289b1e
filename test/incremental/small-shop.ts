import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { compile, parseModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/index.js';

/** A small model over a table in which any item can become of any type. */
export const smallShopYaml = (table: string): string => `
name: small
source:
  table: ${table}
  keys: { partition: PK, sort: SK N }
  typeAttribute: type
items:
  customer:
    attributes: { username: S required, city: S }
  order:
    attributes: { orderid: S required, buyer: S, price: { type: N, as: 'decimal(12,2)' } }
landing:
  customer: { columns: { username: varchar(100), city: varchar(100) } }
  order: { columns: { orderid: varchar(100), buyer: varchar(100), price: 'decimal(12,2)' } }
dimensions:
  customer: { key: username, attributes: [city] }
facts:
  sale:
    from: order
    key: orderid
    grain: [salekey]
    dimensions: { customer: { dimension: customer, on: { username: buyer } } }
    measures: [price]
deletes: delete
incremental: { onGap: full }
`;

/** The plan of the small shop over a table. */
export function smallShop(table: string, change: (text: string) => string = (text) => text): WarehousePlan {
  return compile(parseModel(change(smallShopYaml(table)), 'small.yaml'));
}

export type Item = Record<string, AttributeValue>;

/** What an item can be; `unfit` and `alien` are rejected by the lake. */
export type Kind = 'customer' | 'order' | 'unfit' | 'alien';

/** The table's keys of an item. */
export const keysOf = (id: number): Item => ({ PK: { S: `ITEM#${id % 3}` }, SK: { N: String(id) } });

/** An item of the table; orders are bought by the customer with the number before theirs. */
export function itemOf(id: number, kind: Kind, value: number): Item {
  const keys = keysOf(id);
  if (kind === 'customer') {
    return { ...keys, type: { S: 'customer' }, username: { S: `user ${id}` }, city: { S: `city ${value}` } };
  }
  if (kind === 'alien') return { ...keys, type: { S: 'alien' } };
  const price = kind === 'order' ? { N: String(value / 100) } : { S: String(value) };
  const order = { orderid: { S: `order ${id}` }, buyer: { S: `user ${id - 1}` }, price };
  return { ...keys, type: { S: 'order' }, ...order };
}

/** What lake and warehouse hold when the table holds these items: computed without SQL. */
export interface Expected {
  /** Rows as JSON, sorted. */
  readonly customers: readonly string[];
  readonly sales: readonly string[];
  readonly rejected: number;
}

/** Computes {@link Expected}. */
export function expected(table: ReadonlyMap<number, { readonly kind: Kind; readonly value: number }>): Expected {
  const all = [...table];
  const customers = new Set(all.filter(([, { kind }]) => kind === 'customer').map(([id]) => id));
  return {
    customers: all
      .filter(([id]) => customers.has(id))
      .map(([id, { value }]) => JSON.stringify({ username: `user ${id}`, city: `city ${value}` }))
      .sort(),
    sales: all
      .filter(([, { kind }]) => kind === 'order')
      .map(([id, { value }]) => {
        const username = customers.has(id - 1) ? `user ${id - 1}` : null;
        return JSON.stringify({ orderid: `order ${id}`, username, price: (value / 100).toFixed(2) });
      })
      .sort(),
    rejected: all.filter(([, { kind }]) => kind === 'unfit' || kind === 'alien').length,
  };
}

/** Statements that read the warehouse in the form of {@link Expected}. */
export const warehouseSql = {
  customers: 'SELECT username, city FROM dwh.customer WHERE customerkey <> 0',
  sales:
    'SELECT k.orderid, c.username, s.price::text AS price FROM dwh.sale s JOIN staging.salekey k USING (salekey) ' +
    'LEFT JOIN dwh.customer c ON c.customerkey = s.customerkey AND c.customerkey <> 0',
} as const;
