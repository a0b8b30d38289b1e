import { compile, parseModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/plan.js';

/** A model of one item type, one dimension of it and one of dates, and a fact, all its own by the suffix. */
const smallModel = (suffix: string): string => `
name: small-${suffix}
landingJobs: perEntity
source:
  table: small_${suffix}
  keys: { partition: PK, sort: SK }
  typeAttribute: type
items:
  order:
    keys: { PK: CUST#<username>, SK: ORD#<orderid> }
    attributes: { orderid: S, numberofitems: N as int, orderdate: S, amount: 'N as decimal(12,2)' }
landing:
  order_${suffix}:
    item: order
    columns: { orderid: varchar(64), username: varchar(100), orderdate: timestamp, amount: 'decimal(12,2)' }
dimensions:
  date_${suffix}:
    dates: order_${suffix}.orderdate
    attributes: [year, month]
facts:
  order_${suffix}:
    key: orderid
    grain: [order_${suffix}key]
    dimensions: { date_${suffix}: orderdate }
    measures: [amount]
`;

/** The suffix's plan, with a lake job of its own too, so that no pipeline waits for another's run. */
export function smallPlan(suffix: string): WarehousePlan {
  const plan = compile(parseModel(smallModel(suffix), `small_${suffix}.yaml`));
  // The plan's type knows one name only; nothing but the name of the Glue job depends on it.
  const jobName = `raw_to_datalake_${suffix}_job` as 'raw_to_datalake_job';
  return { ...plan, lake: { ...plan.lake, jobName } };
}
