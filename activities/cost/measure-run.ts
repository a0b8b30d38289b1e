import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExportCommand } from '@aws-sdk/client-dynamodb';
import type { GlueClient } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Deployment } from '../../model/configuration.js';
import { priceUsage } from '../../model/cost/cost.js';
import type { RunCost } from '../../model/cost/cost.js';
import { pricesIn } from '../../model/cost/prices.js';
import type { RunUsage } from '../../model/cost/usage.js';
import type { Interval } from '../../model/cost/warehouse-time.js';
import type { RunRecord } from '../../model/run-record.js';
import type { RunScope } from '../run-scope.js';
import { stepToken } from '../run-scope.js';
import { measureGlue } from './glue-usage.js';
import { measureS3 } from './s3-usage.js';
import { measureTemporal } from './temporal-usage.js';

/** Clients that tell what a run has used. */
export interface CostClients {
  readonly dynamodb: DynamoDBClient;
  readonly glue: GlueClient;
  readonly s3: S3Client;
  readonly temporal: Client;
}

/** What DynamoDB bills the exports by that this execution has started. */
async function measureExports(dynamodb: DynamoDBClient, run: RunRecord, scope: RunScope): Promise<number | null> {
  const steps = run.stages.find(({ name }) => name === 'export')?.steps ?? [];
  let bytes = 0;
  for (const { name, remoteId: ExportArn, reused } of steps) {
    if (ExportArn === undefined || reused) continue;
    const { ExportDescription } = await dynamodb.send(new DescribeExportCommand({ ExportArn }));
    const { BilledSizeBytes, ClientToken, ExportStatus } = ExportDescription ?? {};
    if (ClientToken !== stepToken({ scope, step: name })) continue; // of the execution that this one resumes
    if (ExportStatus === 'FAILED') continue;
    if (BilledSizeBytes === undefined || ExportStatus !== 'COMPLETED') return null;
    bytes += BilledSizeBytes;
  }
  return bytes;
}

/** Stages whose steps work on the warehouse; landing jobs write to it through Glue's connection. */
const warehouseStages = new Set(['landing', 'landing-gates', 'staging', 'dwh', 'dwh-gates', 'counts']);

function warehouseIntervals(run: RunRecord): Interval[] {
  return run.stages.flatMap(({ name: stage, steps }) =>
    steps.flatMap(({ name, startedAt, endedAt, reused }): Interval[] => {
      const works = warehouseStages.has(stage) || (stage === 'prepare' && name.startsWith('setup '));
      if (!works || reused || startedAt === undefined || endedAt === undefined) return [];
      return [[Date.parse(startedAt), Date.parse(endedAt)]];
    })
  );
}

/** What a run has used, as far as AWS and Temporal tell; a part that they do not tell is null, and the log says why. */
export async function measureRun(
  { dynamodb, glue, s3, temporal }: CostClients,
  { buckets }: Pick<Deployment, 'buckets'>,
  run: RunRecord,
  scope: RunScope
): Promise<RunUsage> {
  const asked = async <T>(what: string, ask: Promise<T>): Promise<T | null> =>
    ask.catch((error: unknown) => {
      log.warn('A part of what the run has cost is not known', { what, error });
      return null;
    });
  const [exportBytes, glueRuns, objects, actions] = await Promise.all([
    asked('exports', measureExports(dynamodb, run, scope)),
    asked('Glue', measureGlue(glue, run, scope)),
    asked('S3', measureS3(s3, buckets.lake, run)),
    asked('Temporal', measureTemporal(temporal, run)),
  ]);
  return {
    exportBytes,
    glue: glueRuns,
    warehouse: warehouseIntervals(run),
    s3: objects ?? { puts: null, copies: null, gets: null, bytes: null, archivedBytes: null },
    temporal: actions ?? { actions: null, heartbeats: null },
  };
}

/** What a run has cost, at the prices of the Region that the worker's clients call. */
export async function costOfRun(
  clients: CostClients,
  deployment: Pick<Deployment, 'buckets' | 'cost'>,
  run: RunRecord,
  scope: RunScope
): Promise<RunCost> {
  const usage = await measureRun(clients, deployment, run, scope);
  const prices = pricesIn(await clients.glue.config.region(), deployment.cost?.prices);
  return priceUsage(usage, prices, deployment.cost);
}
