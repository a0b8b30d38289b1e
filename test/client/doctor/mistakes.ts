import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteDatabaseCommand,
  DeleteJobCommand,
  GetJobCommand,
  GlueClient,
  UpdateJobCommand,
} from '@aws-sdk/client-glue';
import type { JobUpdate } from '@aws-sdk/client-glue';
import { IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { PutObjectCommand, PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { Connection } from '@temporalio/client';
import { openWarehouse } from '../../../client/warehouse.js';
import type { DiagnosisOptions } from '../../../client/doctor/diagnose.js';
import type { CheckStatus } from '../../../client/doctor/check.js';
import type { FaultInput } from '../../../local/faults/index.js';
import { alertsTopicArn } from '../../../local/environment/index.js';
import { root } from '../sluice.js';
import { healthyConfiguration } from './healthy-environment.js';
import type { HealthyEnvironment } from './healthy-environment.js';

/** How the environment is examined once a mistake is in it. */
type Examination = DiagnosisOptions & { readonly env?: Readonly<Record<string, string>>; readonly config?: string };

/** A mistake, and everything that a diagnosis finds that is not ok: what it says, or what it says to do. */
export interface Mistake {
  readonly what: string;
  readonly seed?: (healthy: HealthyEnvironment) => Promise<Examination | void>;
  readonly faults?: readonly FaultInput[];
  readonly examination?: Examination;
  readonly found: Readonly<Record<string, readonly [CheckStatus, RegExp]>>;
}

const denied = (operation: string, where?: Record<string, string>): FaultInput => ({
  operation,
  fault: 'error',
  code: operation.startsWith('s3') ? 'AccessDenied' : 'AccessDeniedException',
  status: operation.startsWith('s3') ? 403 : 400,
  ...(where && { where }),
});

async function writeConfiguration({ folder }: HealthyEnvironment, name: string, text: string): Promise<Examination> {
  const config = join(folder, `${name}.yaml`);
  await writeFile(config, text);
  return { config };
}

/** A configuration with a changed copy of the example's model. */
async function changedModel(
  healthy: HealthyEnvironment,
  name: string,
  change: (text: string) => string
): Promise<Examination> {
  const text = await readFile(join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${name} changes nothing`);
  await writeFile(join(healthy.folder, `${name}-model.yaml`), changed);
  const own = healthyConfiguration.replace(/model: .*/, `model: ${name}-model.yaml`);
  return writeConfiguration(healthy, name, own);
}

const added = (name: string, lines: string) => (healthy: HealthyEnvironment) =>
  writeConfiguration(healthy, name, `${healthyConfiguration}${lines}\n`);

async function changeJob({ client }: HealthyEnvironment, JobName: string, change: JobUpdate): Promise<void> {
  const glue = new GlueClient(client);
  const { Job } = await glue.send(new GetJobCommand({ JobName }));
  const { Name: _name, CreatedOn: _created, LastModifiedOn: _modified, ...rest } = Job ?? {};
  await glue.send(new UpdateJobCommand({ JobName, JobUpdate: { ...(rest as JobUpdate), ...change } }));
  glue.destroy();
}

async function recovery({ client }: HealthyEnvironment, TableName: string, days: number): Promise<void> {
  const dynamodb = new DynamoDBClient(client);
  const PointInTimeRecoverySpecification =
    days === 0
      ? { PointInTimeRecoveryEnabled: false }
      : { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: days };
  await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  dynamodb.destroy();
}

/** Has a job run a script that stands elsewhere than its release. */
async function changeScript(healthy: HealthyEnvironment, JobName: string, key: string, body?: string): Promise<void> {
  const glue = new GlueClient(healthy.client);
  const { Job } = await glue.send(new GetJobCommand({ JobName }));
  glue.destroy();
  if (body !== undefined) {
    const s3 = new S3Client({ ...healthy.client, forcePathStyle: true });
    await s3.send(new PutObjectCommand({ Bucket: 'sluice-assets', Key: key, Body: body }));
    s3.destroy();
  }
  await changeJob(healthy, JobName, { Command: { ...Job?.Command, ScriptLocation: `s3://sluice-assets/${key}` } });
}

/** Mistakes in variables, in files and in answers: the environment stays as it was. */
export const mistakes: readonly Mistake[] = [
  {
    what: 'a setting that does not exist',
    seed: added('typo', 'taskQueu: other'),
    found: { configuration: ['fail', /taskQueu: there is no such setting/] },
  },
  {
    what: 'a model that cannot be used',
    seed: (healthy) => changedModel(healthy, 'wrong', (text) => text.replace('deletes: keep', 'deletes: maybe')),
    found: { model: ['fail', /deletes/] },
  },
  {
    what: 'a version of Node that is too old',
    examination: { nodeVersion: 'v18.20.8' },
    found: { node: ['fail', /v18\.20\.8 is too old.*Install Node 20\.19/] },
  },
  {
    what: 'a clock ten minutes ahead',
    examination: { now: () => Date.now() + 600_000 },
    found: { 'aws.clock': ['fail', /\d{3} s ahead of AWS's.*NTP/] },
  },
  {
    what: 'a clock a minute behind',
    examination: { now: () => Date.now() - 60_000 },
    found: { 'aws.clock': ['warn', /\d\d s behind AWS's/] },
  },
  {
    what: 'another Region',
    examination: { env: { AWS_REGION: 'eu-west-1' } },
    found: {
      'dynamodb.table': ['fail', /ecommerce is in us-east-1, but the Region is eu-west-1.*AWS_REGION=us-east-1/],
      's3.raw': ['fail', /sluice-raw is in us-east-1, but the Region is eu-west-1/],
      's3.lake': ['fail', /us-east-1/],
      's3.rawArchive': ['fail', /us-east-1/],
      's3.lakeArchive': ['fail', /us-east-1/],
      's3.quality': ['fail', /us-east-1/],
      'sns.topic': ['fail', /is in us-east-1, but the Region is eu-west-1/],
    },
  },
  {
    what: 'credentials that have expired',
    faults: [{ operation: 'sts.GetCallerIdentity', fault: 'error', code: 'ExpiredToken', status: 403 }],
    found: {
      'aws.credentials': ['fail', /have expired.*Log in again/],
      'aws.permissions': ['unknown', /have expired/],
    },
  },
  {
    what: 'a source table that does not exist',
    seed: (healthy) => changedModel(healthy, 'no-table', (text) => text.replace('table: ecommerce', 'table: shop')),
    found: { 'dynamodb.table': ['fail', /there is no table shop in us-east-1.*source\.table/] },
  },
  {
    what: 'a table with other keys than the model, without its index and without point-in-time recovery',
    seed: async (healthy: HealthyEnvironment): Promise<Examination> => {
      const dynamodb = new DynamoDBClient(healthy.client);
      const TableName = 'differing';
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        })
      );
      await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 1 }, { TableName });
      dynamodb.destroy();
      return changedModel(healthy, 'keys', (text) => text.replace('table: ecommerce', `table: ${TableName}`));
    },
    found: {
      'dynamodb.keys': ['fail', /its keys are id N, but the model says PK S, SK S/],
      'dynamodb.indexes': ['warn', /is missing/],
      'dynamodb.pitr': ['fail', /recovery is off.*update-continuous-backups --table-name differing/],
    },
  },
  {
    what: 'a permission that is missing, to look',
    faults: [denied('dynamodb.DescribeContinuousBackups')],
    found: { 'dynamodb.pitr': ['fail', /may not call dynamodb:DescribeContinuousBackups, which every run does/] },
  },
  {
    what: 'a permission that is missing, to run statements',
    faults: [denied('redshift-data.ExecuteStatement')],
    found: {
      'redshift.login': ['fail', /may not call redshift-data:ExecuteStatement/],
      'redshift.tables': ['fail', /may not call redshift-data:ExecuteStatement/],
    },
  },
  {
    what: 'a permission that only the doctor lacks',
    faults: [denied('s3.GetBucketEncryption', { Bucket: 'sluice-lake' })],
    found: { 's3.lake.encryption': ['unknown', /may not call s3:GetEncryptionConfiguration/] },
  },
  {
    what: 'an identity of the workers that nobody knows',
    examination: { principal: 'arn:aws:iam::000000000000:role/none' },
    found: { 'aws.permissions': ['unknown', /NoSuchEntity.*role\/none/] },
  },
  {
    what: 'a bucket that does not exist',
    seed: added('bucket', 'buckets: { raw: nowhere-to-be-found }'),
    found: { 's3.raw': ['fail', /there is no bucket nowhere-to-be-found.*buckets\.raw/] },
  },
  {
    what: 'a bucket without encryption',
    faults: [
      {
        operation: 's3.GetBucketEncryption',
        where: { Bucket: 'sluice-quality' },
        fault: 'error',
        code: 'ServerSideEncryptionConfigurationNotFoundError',
        status: 404,
      },
    ],
    found: { 's3.quality.encryption': ['warn', /no default encryption/] },
  },
  {
    what: 'a connection that does not exist',
    seed: added('connection', 'glue: { connection: nowhere }'),
    found: {
      'glue.connection': ['fail', /there is no connection nowhere/],
      'glue.job.land_job': ['fail', /does not have the connection nowhere/],
    },
  },
  {
    what: 'a service that fails',
    faults: [{ operation: 'glue.GetConnection', fault: 'server-error' }],
    found: { 'glue.connection': ['unknown', /InternalServiceException/] },
  },
  {
    what: 'a workgroup that does not exist',
    examination: { env: { SLUICE_WORKGROUP: 'elsewhere' } },
    found: { 'redshift.login': ['fail', /there is no workgroup elsewhere.*SLUICE_WORKGROUP/] },
  },
  {
    what: 'a database that does not exist',
    examination: { env: { SLUICE_DATABASE: 'nosuch' } },
    found: { 'redshift.login': ['fail', /has no database nosuch.*SLUICE_DATABASE/] },
  },
  {
    what: 'a secret that does not exist',
    seed: added(
      'secret',
      `redshift: { secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf' }`
    ),
    found: { 'redshift.secret': ['fail', /there is no secret arn:.*secret:none-AbCdEf.*redshift\.secretArn/] },
  },
  {
    what: 'a webhook without TLS',
    examination: { env: { SLUICE_WEBHOOK_URL: 'http://hooks.example.com/very-secret-path' } },
    found: { notifications: ['fail', /SLUICE_WEBHOOK_URL: it must begin with https/] },
  },
  {
    what: 'a topic that does not exist',
    seed: (healthy) =>
      writeConfiguration(healthy, 'topic', healthyConfiguration.replace(alertsTopicArn, `${alertsTopicArn}-none`)),
    found: { 'sns.topic': ['fail', /there is no topic .*-none/] },
  },
  {
    what: 'a subscription that nobody confirmed',
    seed: async (healthy: HealthyEnvironment): Promise<Examination> => {
      const sns = new SNSClient(healthy.client);
      const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'pending' }));
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'on-call@example.com' }));
      sns.destroy();
      return writeConfiguration(healthy, 'pending', healthyConfiguration.replace(alertsTopicArn, TopicArn));
    },
    found: { 'sns.subscriptions': ['fail', /nobody is told.*0 confirmed, 1 waiting.*Follow the link/] },
  },
  {
    what: 'nobody to tell of failures',
    seed: (healthy) => writeConfiguration(healthy, 'silent', healthyConfiguration.replace(/notifications: .*/, '')),
    found: { notifications: ['warn', /nobody is told/] },
  },
  {
    what: 'a Temporal server that does not answer',
    examination: { env: { TEMPORAL_ADDRESS: '127.0.0.1:9' } },
    found: {
      'temporal.server': ['fail', /No Temporal server answers at 127\.0\.0\.1:9.*TEMPORAL_ADDRESS/],
      'temporal.namespace': ['unknown', /not checked/],
      'temporal.search-attributes': ['unknown', /not checked/],
      'temporal.workers': ['unknown', /not checked/],
      'temporal.workers.redshift': ['unknown', /not checked/],
      'temporal.worker-version': ['unknown', /not checked/],
    },
  },
  {
    what: 'a namespace that does not exist',
    examination: { env: { TEMPORAL_NAMESPACE: 'elsewhere' } },
    found: {
      'temporal.namespace': ['fail', /has no namespace elsewhere.*namespace create/],
      'temporal.workers': ['unknown', /not checked/],
      'temporal.workers.redshift': ['unknown', /not checked/],
      'temporal.worker-version': ['unknown', /not checked/],
    },
  },
  {
    what: 'a namespace without search attributes and workers',
    seed: async ({ env }: HealthyEnvironment): Promise<Examination> => {
      const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS });
      const seconds = { seconds: 24 * 3600 } as unknown as { seconds: never };
      await connection.workflowService.registerNamespace({
        namespace: 'bare',
        workflowExecutionRetentionPeriod: seconds,
      });
      await connection.close();
      return { env: { TEMPORAL_NAMESPACE: 'bare' } };
    },
    found: {
      'temporal.search-attributes': ['fail', /lacks SluiceTable, SluiceStage.*search-attribute create -n bare/],
      'temporal.workers': ['fail', /no worker asks for work on task queue sluice:/],
      'temporal.workers.redshift': ['fail', /task queue sluice-redshift:/],
    },
  },
  {
    what: 'a task queue that no worker serves',
    seed: added('queue', 'taskQueue: forgotten'),
    found: {
      'temporal.workers': ['fail', /no worker asks for work on task queue forgotten/],
      'temporal.workers.redshift': ['fail', /task queue forgotten-redshift/],
    },
  },
  {
    what: 'workers of another version',
    examination: { version: '99.0.0' },
    found: { 'temporal.worker-version': ['warn', /another version than this command, 99\.0\.0: \d+@\S+ is \d/] },
  },
  {
    what: 'schedules that were not applied, of two pipelines that share a job',
    seed: added(
      'schedules',
      `schedules:
  - { name: nightly, cron: '0 3 * * *', timeZone: UTC }
  - { name: games, cron: '0 3 * * *', timeZone: UTC, model: ${join(root, 'examples/game/warehouse.yaml')} }`
    ),
    found: {
      'temporal.schedules': ['warn', /nightly: not applied yet.*games: not applied yet.*sluice schedule apply/],
      'glue.job.raw_to_datalake_job.concurrency': ['warn', /may run 1 at the same time, and 2 pipelines use it/],
      'glue.job.land_job.concurrency': ['warn', /2 pipelines/],
    },
  },
];

/** Mistakes in what stands on AWS. They stay, so that each adds to what those before it left. */
export const lastingMistakes: readonly Mistake[] = [
  {
    what: 'point-in-time recovery of two days',
    seed: (healthy) => recovery(healthy, 'ecommerce', 2),
    found: { 'dynamodb.pitr': ['warn', /2 days only/] },
  },
  {
    what: 'point-in-time recovery that is off',
    seed: (healthy) => recovery(healthy, 'ecommerce', 0),
    found: { 'dynamodb.pitr': ['fail', /is off, and exports need it/] },
  },
  {
    what: 'a permission that is missing, to change something',
    seed: async ({ client }: HealthyEnvironment): Promise<void> => {
      const iam = new IAMClient(client);
      const Statement = [
        { Effect: 'Deny', Action: 'dynamodb:Export*', Resource: '*' },
        { Effect: 'Deny', Action: 's3:PutObject', Resource: 'arn:aws:s3:::sluice-lake/*' },
      ];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new PutUserPolicyCommand({ UserName: 'local', PolicyName: 'mistake', PolicyDocument }));
      iam.destroy();
    },
    found: {
      'aws.permissions': [
        'fail',
        /user\/local may not: dynamodb:ExportTableToPointInTime on arn:aws:dynamodb:us-east-1:000000000000:table\/ecommerce; s3:PutObject on arn:aws:s3:::sluice-lake\/ecommerce\/object Grant it/,
      ],
    },
  },
  {
    what: 'a bucket that may be opened to the public',
    seed: async ({ client }: HealthyEnvironment): Promise<void> => {
      const s3 = new S3Client({ ...client, forcePathStyle: true });
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: false,
      };
      await s3.send(new PutPublicAccessBlockCommand({ Bucket: 'sluice-raw', PublicAccessBlockConfiguration }));
      s3.destroy();
    },
    found: { 's3.raw.public-access': ['fail', /BlockPublicPolicy, RestrictPublicBuckets not set/] },
  },
  {
    what: 'a script of another version',
    seed: (healthy) => changeScript(healthy, 'raw_to_datalake_job', 'old/raw_to_datalake.py', '# of last year\n'),
    found: { 'glue.job.raw_to_datalake_job.script': ['fail', /is not the glue\/raw_to_datalake\.py of this version/] },
  },
  {
    what: 'a script that is not there',
    seed: (healthy) => changeScript(healthy, 'land_job', 'nowhere/land.py'),
    found: { 'glue.job.land_job.script': ['fail', /nowhere\/land\.py does not exist.*deploy-assets/] },
  },
  {
    what: 'a job without the package of its script',
    seed: (healthy) => changeJob(healthy, 'land_job', { DefaultArguments: {} }),
    found: { 'glue.job.land_job.script': ['fail', /does not have sluice_jobs\.zip/] },
  },
  {
    what: 'a warehouse table that is older than the model',
    seed: async ({ env }: HealthyEnvironment): Promise<void> => {
      const warehouse = openWarehouse({ workgroup: env.SLUICE_WORKGROUP, database: env.SLUICE_DATABASE ?? '' }, env);
      await warehouse.query('CREATE SCHEMA IF NOT EXISTS landing');
      await warehouse.query('CREATE TABLE landing."order" (username varchar(8))');
      warehouse.close();
    },
    found: { 'redshift.tables': ['fail', /older than the model: .*landing\.order\.\w+.*deploy-assets/] },
  },
  {
    what: 'a job on an old Glue without its connection',
    seed: (healthy) => changeJob(healthy, 'raw_to_datalake_job', { GlueVersion: '3.0' }),
    found: { 'glue.job.raw_to_datalake_job': ['fail', /runs on Glue 3\.0/] },
  },
  {
    what: 'a job without its connection',
    seed: (healthy) => changeJob(healthy, 'land_job', { Connections: { Connections: [] } }),
    found: { 'glue.job.land_job': ['fail', /does not have the connection warehouse/] },
  },
  {
    what: 'a job that does not exist',
    seed: async ({ client }: HealthyEnvironment): Promise<void> => {
      const glue = new GlueClient(client);
      await glue.send(new DeleteJobCommand({ JobName: 'land_job' }));
      glue.destroy();
    },
    found: { 'glue.job.land_job': ['fail', /there is no job land_job/] },
  },
  {
    what: 'a catalog database that does not exist',
    seed: async ({ client }: HealthyEnvironment): Promise<void> => {
      const glue = new GlueClient(client);
      await glue.send(new DeleteDatabaseCommand({ Name: 'sluice_lake' }));
      glue.destroy();
    },
    found: { 'glue.catalog': ['fail', /there is no catalog database sluice_lake/] },
  },
];
