import { CreateDatabaseCommand, CreateJobCommand, GlueServiceException, UpdateJobCommand } from '@aws-sdk/client-glue';
import type { GlueClient, JobUpdate } from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3ServiceException } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import type { Deployment } from '../../model/configuration.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import type { WarehousePlan } from '../../model/plan.js';
import { localAccount, localRegion } from '../local-aws.js';
import type { AwsClients } from './aws-clients.js';
import { provisionTable } from './provision-table.js';
import { provisionUsageTable } from './provision-usage-table.js';

/** The part of the plan that resources are made from. */
export type ProvisionedPlan = Pick<WarehousePlan, 'source' | 'lake' | 'entities' | 'landing'>;

/** Where the scripts of the Glue jobs stand; the local Glue runs their contract without reading them. */
const scriptsUri = 's3://sluice-assets/glue';

const alertsTopic = 'sluice-alerts';

/** ARN of the topic that workers in a local environment tell of failures and recoveries. */
export const alertsTopicArn = `arn:aws:sns:${localRegion}:${localAccount}:${alertsTopic}`;

/**
 * Makes what a run of the plan needs: buckets, a topic for alerts, the table with its indexes and point-in-time recovery,
 * the table of recorded Glue runs,
 * the Glue catalog database and jobs. Doing it again changes nothing, except that jobs are brought up to date.
 * @throws Error when a table of this name exists with other keys or indexes than the plan's.
 */
export async function provision(clients: AwsClients, plan: ProvisionedPlan, deployment: Deployment): Promise<void> {
  await Promise.all([
    ...Object.values(deployment.buckets).map((bucket) => createBucket(clients.s3, bucket)),
    provisionTable(clients.dynamodb, plan.source),
    provisionUsageTable(clients.dynamodb, usageGuardSchema.parse({}).table),
    clients.sns.send(new CreateTopicCommand({ Name: alertsTopic })),
    createCatalogDatabase(clients.glue, deployment.glue.catalogDatabase),
    putJob(clients.glue, plan.lake.jobName, 'raw_to_datalake.py', []),
    ...(plan.landing ? [plan.landing] : plan.entities).map(({ jobName }) =>
      putJob(clients.glue, jobName, 'land.py', [deployment.glue.connection])
    ),
  ]);
}

async function createBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

function alreadyExists(error: unknown): boolean {
  // The second one when a job of the name has another definition.
  const names = ['AlreadyExistsException', 'IdempotentParameterMismatchException'];
  return error instanceof GlueServiceException && names.includes(error.name);
}

async function createCatalogDatabase(glue: GlueClient, name: string): Promise<void> {
  try {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: name } }));
  } catch (error) {
    if (!alreadyExists(error)) throw error;
  }
}

async function putJob(glue: GlueClient, name: string, script: string, connections: string[]): Promise<void> {
  const job: JobUpdate = {
    Role: 'arn:aws:iam::000000000000:role/sluice-glue',
    Command: { Name: 'glueetl', ScriptLocation: `${scriptsUri}/${script}`, PythonVersion: '3' },
    ExecutionProperty: { MaxConcurrentRuns: 1 },
    GlueVersion: '5.0',
    WorkerType: 'G.1X',
    NumberOfWorkers: 2,
    Timeout: 120, // minutes
    ...(connections.length > 0 && { Connections: { Connections: connections } }),
  };
  try {
    await glue.send(new CreateJobCommand({ Name: name, ...job, Role: job.Role, Command: job.Command }));
  } catch (error) {
    if (!alreadyExists(error)) throw error;
    await glue.send(new UpdateJobCommand({ JobName: name, JobUpdate: job }));
  }
}
