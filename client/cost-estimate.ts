import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Deployment } from '../model/configuration.js';
import { estimateCost } from '../model/cost/estimate.js';
import type { CostEstimate } from '../model/cost/estimate.js';
import { pricesIn } from '../model/cost/prices.js';
import type { WarehousePlan } from '../model/plan.js';
import { awsSettings } from '../workers/aws-settings.js';
import { RunCosts } from './run-costs.js';

/** What a run is expected to cost, by what it exports. */
export interface CostEstimates {
  readonly full: CostEstimate;
  readonly incremental: CostEstimate;
}

const patienceMs = 10_000;

/** So many of the latest runs are looked at. */
const runs = 3;

/**
 * What a run would cost now: from the latest recorded runs and the size of the table. What AWS does not tell stays
 * unknown. Only reads, gives up after 10 s, and never throws.
 */
export async function estimateRuns(
  plan: WarehousePlan,
  { redshift, cost }: Deployment,
  env: NodeJS.ProcessEnv
): Promise<CostEstimates> {
  const abortSignal = AbortSignal.timeout(patienceMs);
  const dynamodb = new DynamoDBClient({ ...awsSettings(env), maxAttempts: 1 });
  const costs = new RunCosts(redshift, env);
  try {
    const [region, bytes, full, incremental] = await Promise.all([
      dynamodb.config.region().catch(() => 'unknown'),
      dynamodb.send(new DescribeTableCommand({ TableName: plan.source.table }), { abortSignal }).then(
        ({ Table }) => Table?.TableSizeBytes ?? null,
        () => null
      ),
      costs.latest(plan.name, 'full', runs, abortSignal).catch(() => []),
      costs.latest(plan.name, 'incremental', runs, abortSignal).catch(() => []),
    ]);
    const prices = pricesIn(region, cost?.prices);
    return { full: estimateCost(full, prices, cost, bytes), incremental: estimateCost(incremental, prices, cost) };
  } finally {
    dynamodb.destroy();
    costs.close();
  }
}
