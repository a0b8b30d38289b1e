import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeExportCommand,
  DynamoDBClient,
  ExportTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import type {
  CreateTableCommandInput,
  ExportDescription,
  ExportTableToPointInTimeCommandInput,
} from '@aws-sdk/client-dynamodb';
import { ClassicLevel } from 'classic-level';
import { createDynamoDb } from '../../../local/dynamodb/index.js';
import { startGateway } from '../../../local/gateway/index.js';
import type { HttpService } from '../../../local/gateway/service.js';
import { createS3 } from '../../../local/s3/index.js';
import type { ObjectStore } from '../../../local/s3/object-store.js';

export const account = '000000000000';
export const region = 'us-east-1';
export const bucket = 'sluice-raw';

/** A local DynamoDB over real HTTP and a real local S3. */
export interface LocalDynamoDb {
  client: DynamoDBClient;
  store: ObjectStore;
  /** Stops everything and starts it again on the same folder; `between` runs while it is stopped. */
  restart(between?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const elsewhere: HttpService = {
  name: 'elsewhere',
  handle: () => Promise.reject(new Error('only DynamoDB is here')),
  close: () => Promise.resolve(),
};

/** A client of a local DynamoDB that does not retry. */
export function clientOf(url: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint: url, region, credentials, maxAttempts: 1 });
}

/** Serves the DynamoDB of a folder, in this process. */
export async function serveDynamoDb(
  folder: string,
  clock?: () => number
): Promise<{ url: string; store: ObjectStore; stop(): Promise<void> }> {
  const db = new ClassicLevel<string, string>(join(folder, 'db'));
  await db.open();
  const { service: s3, store } = await createS3({ folder: join(folder, 's3'), db, region });
  await store.createBucket(bucket);
  const dynamodb = await createDynamoDb({ folder: join(folder, 'dynamodb'), db, store, account, region, clock });
  const services = { json: [], dynamodb, sts: elsewhere, s3: elsewhere };
  const gateway = await startGateway({ services, account, region });
  const stop = async (): Promise<void> => {
    await gateway.close();
    await dynamodb.close();
    await s3.close();
    await db.close();
  };
  return { url: gateway.url, store, stop };
}

/** Serves a folder that stays when it is closed. */
export async function openLocalDynamoDb(folder: string, clock?: () => number): Promise<LocalDynamoDb> {
  let server = await serveDynamoDb(folder, clock);
  const stop = async (): Promise<void> => {
    local.client.destroy();
    await server.stop();
  };
  const local: LocalDynamoDb = {
    client: clientOf(server.url),
    store: server.store,
    async restart(between) {
      await stop();
      await between?.();
      server = await serveDynamoDb(folder, clock);
      local.client = clientOf(server.url);
      local.store = server.store;
    },
    close: stop,
  };
  return local;
}

/** Serves a temporary folder that goes when it is closed. */
export async function startLocalDynamoDb(clock?: () => number): Promise<LocalDynamoDb> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice dynamodb-'));
  const local = await openLocalDynamoDb(folder, clock);
  const close = async (): Promise<void> => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  const stop = local.close;
  local.close = close;
  return local;
}

/** The table of the single-table design: PK, SK and a GSI over GSIpk, GSIsk. */
export function singleTable(name: string): CreateTableCommandInput {
  const key = (hash: string, range: string): CreateTableCommandInput['KeySchema'] => [
    { AttributeName: hash, KeyType: 'HASH' },
    { AttributeName: range, KeyType: 'RANGE' },
  ];
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['PK', 'SK', 'GSIpk', 'GSIsk'].map((attribute) => ({
      AttributeName: attribute,
      AttributeType: 'S',
    })),
    KeySchema: key('PK', 'SK'),
    GlobalSecondaryIndexes: [
      { IndexName: 'GSI', KeySchema: key('GSIpk', 'GSIsk'), Projection: { ProjectionType: 'ALL' } },
    ],
  };
}

export async function createTable(client: DynamoDBClient, name: string, recovery = true): Promise<string> {
  const { TableDescription: table } = await client.send(new CreateTableCommand(singleTable(name)));
  if (recovery) await setRecovery(client, name, true);
  return table?.TableArn ?? '';
}

export async function setRecovery(client: DynamoDBClient, name: string, enabled: boolean): Promise<void> {
  const specification = { PointInTimeRecoveryEnabled: enabled };
  await client.send(
    new UpdateContinuousBackupsCommand({ TableName: name, PointInTimeRecoverySpecification: specification })
  );
}

/** Polls an export to its end. */
export async function finished(client: DynamoDBClient, arn: string | undefined): Promise<ExportDescription> {
  for (;;) {
    const { ExportDescription: description } = await client.send(new DescribeExportCommand({ ExportArn: arn }));
    if (description && description.ExportStatus !== 'IN_PROGRESS') return description;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs an export to its end. */
export async function runExport(
  client: DynamoDBClient,
  input: Omit<ExportTableToPointInTimeCommandInput, 'S3Bucket'> & { S3Bucket?: string }
): Promise<ExportDescription> {
  const started = await client.send(new ExportTableToPointInTimeCommand({ S3Bucket: bucket, ...input }));
  return finished(client, started.ExportDescription?.ExportArn);
}
