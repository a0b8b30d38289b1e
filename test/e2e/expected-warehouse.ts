import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item of the ecommerce table in DynamoDB JSON. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** What a right warehouse holds, computed item by item without SQL: the oracle that pipelines are compared with. */
export interface ExpectedWarehouse {
  readonly tables: Readonly<Record<string, number>>;
  /** Cents. */
  readonly revenue: bigint;
  readonly growth: Readonly<Record<string, readonly { country: string; category: string; growth: number }[]>>;
  /** Fact rows that take the unknown member, by dimension. */
  readonly unknownMembers: Readonly<Record<string, number>>;
}

interface Address {
  readonly key: string;
  readonly country: string | undefined;
}

const text = (value: AttributeValue | undefined): string | undefined => value?.S ?? value?.N;

function addressesOf(item: Item): Address[] {
  const maps = [item['address']?.M, ...(item['addresses']?.L ?? []).map((element) => element.M)];
  return maps.flatMap((map) => {
    if (map === undefined) return [];
    const parts = ['buildingnumber', 'streetname', 'city', 'postcode', 'country'].map((name) => text(map[name]));
    return parts.every((part) => part === undefined) ? [] : [{ key: JSON.stringify(parts), country: parts[4] }];
  });
}

const cents = (price: string): bigint => {
  const [whole = '0', fraction = ''] = price.split('.');
  return BigInt(`${whole}${fraction.padEnd(2, '0')}`);
};

const quarterOf = (date: string): string => `${date.slice(0, 4)}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;

/** Computes what the ecommerce warehouse must hold after a full run over `items`. */
export function expectedWarehouse(items: Iterable<Item>): ExpectedWarehouse {
  const customers = new Map<string, Address[]>();
  const orders = new Map<string, { username: string; date: string | undefined }>();
  const lines: { orderid: string; productid: string; category: string; price: string }[] = [];
  for (const item of items) {
    switch (text(item['type'])) {
      case 'customer':
        customers.set(text(item['username']) ?? '', addressesOf(item));
        break;
      case 'order':
        orders.set(text(item['orderid']) ?? '', {
          username: (text(item['PK']) ?? '').slice('CUST#'.length),
          date: text(item['orderdate'])?.slice(0, 10),
        });
        break;
      case 'product':
        lines.push({
          orderid: text(item['orderid']) ?? '',
          productid: text(item['productid']) ?? '',
          category: text(item['category']) ?? '',
          price: text(item['price']) ?? '0',
        });
        break;
    }
  }

  const withLines = new Set(lines.map(({ orderid }) => orderid));
  const unknown: Record<string, number> = { customer: 0, address: 0, date: 0, product: 0 };
  const count = (dimension: string, missing: boolean): void => {
    if (missing) unknown[dimension] = (unknown[dimension] ?? 0) + 1;
  };
  const sums = new Map<string, Map<string, bigint>>();
  const factRows = [
    ...lines,
    ...[...orders.keys()]
      .filter((orderid) => !withLines.has(orderid))
      .map((orderid) => ({ orderid, productid: undefined })),
  ];
  for (const row of factRows) {
    const order = orders.get(row.orderid);
    const customer = order && customers.get(order.username);
    const address = customer?.[0];
    count('customer', customer === undefined);
    count('address', address === undefined);
    count('date', order?.date === undefined);
    count('product', row.productid === undefined);
    if (row.productid === undefined || order?.date === undefined || address?.country === undefined) continue;
    const quarter = sums.get(quarterOf(order.date)) ?? new Map<string, bigint>();
    sums.set(quarterOf(order.date), quarter);
    const pair = JSON.stringify([address.country, row.category]);
    quarter.set(pair, (quarter.get(pair) ?? 0n) + cents(row.price));
  }

  const growth: Record<string, { country: string; category: string; growth: number }[]> = {};
  for (const [quarter, pairs] of sums) {
    const before = sums.get(`${Number(quarter.slice(0, 4)) - 1}${quarter.slice(4)}`);
    if (before === undefined) continue;
    const rows = [...pairs].flatMap(([pair, current]) => {
      const previous = before.get(pair);
      if (previous === undefined || previous === 0n) return [];
      const [country, category] = JSON.parse(pair) as [string, string];
      return [{ country, category, growth: (Number(current - previous) / Number(previous)) * 100 }];
    });
    growth[quarter] = rows.sort((a, b) => compare(a.country, b.country) || compare(a.category, b.category));
  }

  const allAddresses = [...customers.values()].flat();
  return {
    tables: {
      'landing.customer': customers.size,
      'landing.address': allAddresses.length,
      'landing.order': orders.size,
      'landing.product': lines.length,
      'dwh.customer': customers.size,
      'dwh.address': new Set(allAddresses.map(({ key }) => key)).size,
      'dwh.product': new Set(lines.map(({ productid }) => productid)).size,
      'dwh.date': new Set([...orders.values()].flatMap(({ date }) => date ?? [])).size,
      'dwh.order': factRows.length,
    },
    revenue: lines.reduce((sum, { price }) => sum + cents(price), 0n),
    growth,
    unknownMembers: unknown,
  };
}

/** Growth figures at the 4 decimals at which they are compared. */
export function roundedGrowth(growth: ExpectedWarehouse['growth']): ExpectedWarehouse['growth'] {
  return Object.fromEntries(
    Object.entries(growth).map(([period, rows]) => [
      period,
      rows.map((row) => ({ ...row, growth: Number(row.growth.toFixed(4)) })),
    ])
  );
}

/** Orders as the warehouse does: by code point, not by locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
