import { compile, parseModel } from '../../../model/index.js';
import type { WarehousePlan } from '../../../model/plan.js';
import { generateItems } from '../../../examples/ecommerce/sample-data.js';
import type { DynamoDbJsonItem } from '../../../local/environment/index.js';

/**
 * A small model whose DynamoDB table, lake, jobs and warehouse tables are all its own, told by a suffix; except, where
 * told so, the dimension of customers.
 */
export const shopModel = (suffix: string, customer = `customer_${suffix}`): string => `
name: shop-${suffix}
landingJobs: perEntity
source:
  table: shop_${suffix}
  keys: { partition: PK, sort: SK }
  typeAttribute: type
items:
  customer:
    keys: { PK: CUST#<username>, SK: CUST#<username> }
    attributes: { username: S required, email: S }
  order:
    keys: { PK: CUST#<username>, SK: ORD#<orderid> }
    attributes: { orderid: S, numberofitems: N as int, orderdate: S, amount: 'N as decimal(12,2)' }
landing:
  customer_${suffix}:
    item: customer
    columns: { username: varchar(100), email: varchar(320) }
  order_${suffix}:
    item: order
    columns: { orderid: varchar(64), username: varchar(100), orderdate: timestamp, amount: 'decimal(12,2)' }
dimensions:
  ${customer}:
    from: customer_${suffix}
    key: username
    attributes: [email]
  date_${suffix}:
    dates: order_${suffix}.orderdate
    attributes: [year, month]
facts:
  order_${suffix}:
    key: orderid
    grain: [order_${suffix}key]
    dimensions: { ${customer}: username, date_${suffix}: orderdate }
    measures: [amount]
`;

/** The suffix's plan. Its lake job, too, is its own, so that pipelines do not wait for each other's runs; so are its land jobs. */
export function shopPlan(suffix: string, customer?: string): WarehousePlan {
  const plan = compile(parseModel(shopModel(suffix, customer), `shop_${suffix}.yaml`));
  // The plan's type knows one name only; nothing but the name of the Glue job depends on it.
  const jobName = `raw_to_datalake_${suffix}_job` as 'raw_to_datalake_job';
  return { ...plan, lake: { ...plan.lake, jobName } };
}

/** The same customers and orders for every shop. */
export const shopItems: readonly DynamoDbJsonItem[] = [...generateItems({ items: 60, seed: 3 })].filter(
  ({ type }) => type?.S !== 'product'
);
