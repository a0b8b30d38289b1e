import { DescribeContinuousBackupsCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Deployment } from '../model/configuration.js';
import type { WarehousePlan } from '../model/plan.js';
import { planExports } from '../model/windows.js';
import type { ExportPlan, ExportState } from '../model/windows.js';
import { awsSettings, s3Settings } from '../workers/aws-settings.js';
import { newestLakeBase } from '../workers/lake-base.js';
import { RunFailedError, messageOf } from './errors.js';
import { openWarehouse } from './warehouse.js';

/** What an incremental run would export now; `unknown` where AWS could not be asked. */
export type DueExports = ExportPlan | { readonly kind: 'unknown'; readonly reason: string };

const patienceMs = 10_000;

async function readWatermark(
  plan: WarehousePlan,
  { redshift }: Deployment,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal
): Promise<ExportState['watermark']> {
  if (plan.watermark === undefined) return undefined;
  const warehouse = openWarehouse(redshift, env);
  try {
    const { rows } = await warehouse.query(plan.watermark.sql, signal);
    const [row] = rows;
    return row && { loadedTo: new Date(String(row[0])).toISOString(), tableId: String(row[1]) };
  } catch (error) {
    // Before the first run the set-up statements have not made the table yet.
    if (error instanceof RunFailedError && /\b(relation|schema)\b.*\bdoes not exist/i.test(error.message)) {
      return undefined;
    }
    throw error;
  } finally {
    warehouse.close();
  }
}

/**
 * Plans what an incremental run would export now, as the run itself does: from the source's point-in-time recovery, the
 * lake and the warehouse. Only reads, gives up after 10 s, and never throws.
 */
export async function dueExports(
  plan: WarehousePlan,
  deployment: Deployment,
  env: NodeJS.ProcessEnv
): Promise<DueExports> {
  const settings = { ...awsSettings(env), maxAttempts: 1 };
  const dynamodb = new DynamoDBClient(settings);
  const s3 = new S3Client({ ...s3Settings(env), maxAttempts: 1 });
  const abortSignal = AbortSignal.timeout(patienceMs);
  const TableName = plan.source.table;
  try {
    const { ContinuousBackupsDescription: backups } = await dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName }),
      { abortSignal }
    );
    const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName }), { abortSignal });
    const earliest = backups?.PointInTimeRecoveryDescription?.EarliestRestorableDateTime;
    if (earliest === undefined) return { kind: 'unknown', reason: `point-in-time recovery of ${TableName} is off` };
    const spec = plan.lake.spec;
    const lake = await newestLakeBase(s3, { table: TableName, buckets: deployment.buckets, spec }, abortSignal);
    const watermark = await readWatermark(plan, deployment, env, abortSignal);
    const source = { tableId: table?.TableId ?? '', earliest: earliest.toISOString() };
    return planExports({ now: new Date().toISOString(), source, lake, watermark });
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) };
  } finally {
    dynamodb.destroy();
    s3.destroy();
  }
}
