import { z } from 'zod';
import type { PriceList } from './prices.js';
import type { WarehouseCapacity } from './usage.js';

/** What `cost` in `sluice.yaml` says, as workers get it. */
export interface CostSettings extends WarehouseCapacity {
  /** Prices of the user's own, which come before Sluice's. */
  readonly prices?: PriceList;
  /** True when Temporal Cloud runs the workflows, which bills Actions. */
  readonly temporalCloud?: boolean;
}

/** `cost` in `sluice.yaml`; `prices` names a file in the form of `model/cost/prices.json`. */
export const costSchema = z
  .strictObject({
    prices: z.string().min(1).optional(),
    baseCapacity: z.number().int().min(4, 'not a base capacity: 4 RPUs or more').max(1024).optional(),
    nodeType: z
      .string()
      .regex(/^[a-z0-9]+\.[a-z0-9]+$/, 'not a node type like ra3.4xlarge')
      .optional(),
    nodes: z.number().int().min(1).max(128).optional(),
    temporalCloud: z.boolean().optional(),
  })
  .superRefine((cost, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((cost.nodeType === undefined) !== (cost.nodes === undefined)) {
      problem(cost.nodes === undefined ? 'nodes' : 'nodeType', 'nodeType and nodes come together');
    }
    if (cost.baseCapacity !== undefined && cost.nodeType !== undefined) {
      problem('baseCapacity', 'is of a Serverless workgroup, and nodes are of a cluster: give one of the two');
    }
  });
