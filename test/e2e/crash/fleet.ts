import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { DynamoDbJsonItem } from '../../../local/environment/index.js';
import { loadItems } from '../../../local/environment/load-items.js';
import { eltWorkflowOptions } from '../../../model/elt-run.js';
import type { WarehousePlan } from '../../../model/plan.js';
import type { elt } from '../../../workflows/index.js';
import { deployment, provisionPlan } from '../../workflows/stack.js';
import type { TestAws } from '../../workflows/stack.js';
import { shopItems, shopPlan } from './shop.js';

/** A shop with its table loaded, and objects of an earlier generation in its prefixes of the raw bucket and the lake. */
export interface Shop {
  readonly suffix: string;
  readonly plan: WarehousePlan;
  /** Starts its run. */
  start(client: Client, runKey?: string): Promise<WorkflowHandle<typeof elt>>;
}

/** Opens a shop, ready to be run: with all tables its own and the items of all shops, unless told otherwise. */
export async function openShop(
  aws: TestAws,
  number: number,
  { customer, items = shopItems }: { readonly customer?: string; readonly items?: readonly DynamoDbJsonItem[] } = {}
): Promise<Shop> {
  const suffix = `p${String(number).padStart(3, '0')}`;
  const plan = shopPlan(suffix, customer);
  const { table } = plan.source;
  await provisionPlan(aws, plan);
  await loadItems(aws.clients.dynamodb, plan.source, items);
  const { raw, lake } = deployment.buckets;
  const earlier = [
    { Bucket: raw, Key: `${table}/AWSDynamoDB/earlier/data/part.json.gz` },
    { Bucket: raw, Key: `${table}/AWSDynamoDB/earlier/manifest-summary.json` },
    { Bucket: lake, Key: `${table}/type=gone/part.parquet` },
  ];
  for (const object of earlier) await aws.clients.s3.send(new PutObjectCommand({ ...object, Body: object.Key }));
  return {
    suffix,
    plan,
    start: (client, runKey = 'run-1') =>
      client.workflow.start<typeof elt>('elt', eltWorkflowOptions(plan, deployment, runKey)),
  };
}
