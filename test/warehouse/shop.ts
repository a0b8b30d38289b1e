import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compile, parseModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/index.js';
import type { Item } from './warehouse.js';

const file = path.resolve(import.meta.dirname, '../../examples/ecommerce/warehouse.yaml');

/** The ecommerce example's plan, with parts of its text replaced. */
export function shopPlan(...replacements: readonly (readonly [from: string, to: string])[]): WarehousePlan {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the example has no ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  return compile(parseModel(text, file));
}

/** A plan in which everything that is gone at the source goes. */
export const deletingPlan = (): WarehousePlan =>
  shopPlan(['deletes: keep', 'deletes: delete'], ['rejects: reject', 'rejects: reject\ndeletes: delete']);

export interface AddressFields {
  readonly building?: number;
  readonly street?: string;
  readonly city?: string;
  readonly postcode?: string;
  readonly country?: string;
}

function addressMap(fields: AddressFields): Item {
  const { building, street, city, postcode, country } = fields;
  return {
    ...(building === undefined ? {} : { buildingnumber: { N: String(building) } }),
    ...(street === undefined ? {} : { streetname: { S: street } }),
    ...(city === undefined ? {} : { city: { S: city } }),
    ...(postcode === undefined ? {} : { postcode: { S: postcode } }),
    ...(country === undefined ? {} : { country: { S: country } }),
  };
}

/** A customer with one address as a map, several as a list, or none. */
export function customer(username: string, ...addresses: readonly AddressFields[]): Item {
  const [first, ...others] = addresses.map(addressMap);
  const where: Item =
    first === undefined
      ? {}
      : others.length === 0
        ? { address: { M: first } }
        : { addresses: { L: [first, ...others].map((M) => ({ M })) } };
  return {
    PK: { S: `CUST#${username}` },
    SK: { S: `CUST#${username}` },
    type: { S: 'customer' },
    username: { S: username },
    email: { S: `${username}@example.com` },
    ...where,
  };
}

export function order(orderid: string, username: string, date: string | undefined = '2024-02-03T04:05:06Z'): Item {
  return {
    PK: { S: `CUST#${username}` },
    SK: { S: `ORD#${orderid}` },
    type: { S: 'order' },
    orderid: { S: orderid },
    numberofitems: { N: '1' },
    ...(date === '' ? {} : { orderdate: { S: date } }),
  };
}

export function line(orderid: string, productid: string, price: string, name = `product ${productid}`): Item {
  return {
    PK: { S: `PROD#${productid}` },
    SK: { S: `ORD#${orderid}` },
    type: { S: 'product' },
    orderid: { S: orderid },
    productid: { S: productid },
    productname: { S: name },
    category: { S: 'things' },
    price: { N: price },
  };
}
