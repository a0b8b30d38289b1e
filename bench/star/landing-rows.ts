import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { shopItems } from '../elt/shop-items.js';

type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string; readonly M?: Attributes }>>;

/** A landing table of the ecommerce model: its columns with types, and what the land job sorts its rows by. */
export interface LandingTable {
  readonly name: 'customer' | 'order' | 'product' | 'address';
  readonly columns: string;
  readonly order: string;
}

/** The landing tables of the ecommerce model. */
export const landingTables: readonly LandingTable[] = [
  {
    name: 'customer',
    columns: 'username varchar(100), email varchar(320), fullname varchar(200)',
    order: 'username',
  },
  {
    name: 'order',
    columns: 'orderid varchar(64), username varchar(100), numberofitems integer, orderdate timestamp',
    order: 'username, orderid',
  },
  {
    name: 'product',
    columns:
      'orderid varchar(64), productid varchar(64), productname varchar(200), category varchar(100), color varchar(50), price decimal(12,2)',
    order: 'productid, orderid',
  },
  {
    name: 'address',
    columns:
      'username varchar(100), "position" integer, buildingnumber bigint, streetname varchar(200), city varchar(100), postcode varchar(32), country varchar(100)',
    order: 'username',
  },
];

const row = (item: Attributes, ...names: readonly string[]): string[] =>
  names.map((name) => item[name]?.S ?? item[name]?.N ?? '');

function* rows(items: number, table: LandingTable['name']): Generator<string> {
  let held: string[] = [];
  for (const item of shopItems(items) as Iterable<Attributes>) {
    const type = item['type']?.S;
    let cells: string[] | undefined;
    if (table === 'customer' && type === 'customer') cells = row(item, 'username', 'email', 'fullname');
    else if (table === 'address' && type === 'customer') {
      const parts = ['buildingnumber', 'streetname', 'city', 'postcode', 'country'];
      cells = [...row(item, 'username'), '0', ...row(item['address']?.M ?? {}, ...parts)];
    } else if (table === 'order' && type === 'order') {
      const [orderid = '', ...rest] = row(item, 'orderid', 'numberofitems', 'orderdate');
      cells = [orderid, (item['PK']?.S ?? '').slice('CUST#'.length), ...rest];
    } else if (table === 'product' && type === 'product') {
      cells = row(item, 'orderid', 'productid', 'productname', 'category', 'color', 'price');
    }
    if (cells === undefined) continue;
    held.push(cells.join('\t'));
    if (held.length === 1_000) {
      yield `${held.join('\n')}\n`;
      held = [];
    }
  }
  if (held.length > 0) yield `${held.join('\n')}\n`;
}

/** Fills `source.<table>` with what the items of a shop's table of that size give, sorted as a land job sorts. */
export async function makeSource(client: pg.Client, items: number): Promise<void> {
  await client.query('CREATE SCHEMA source');
  for (const { name, columns, order } of landingTables) {
    await client.query(`CREATE UNLOGGED TABLE source.unsorted (${columns})`);
    await pipeline(Readable.from(rows(items, name)), client.query(copyFrom('COPY source.unsorted FROM STDIN')));
    await client.query(`CREATE UNLOGGED TABLE source."${name}" AS SELECT * FROM source.unsorted ORDER BY ${order}`);
    await client.query('DROP TABLE source.unsorted');
  }
}
