import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import type { DescribeStatementCommandOutput, Field, SqlParameter } from '@aws-sdk/client-redshift-data';
import { ClassicLevel } from 'classic-level';
import { startGateway } from '../../../local/gateway/start-gateway.js';
import type { HttpService, JsonService } from '../../../local/gateway/service.js';
import { createRedshiftData, startPostgres } from '../../../local/redshift/index.js';
import type { PostgresServer, RedshiftDataOptions } from '../../../local/redshift/index.js';

/** The members that every request of these tests carries. */
export const target = { WorkgroupName: 'sluice', Database: 'salesdwh' };

/** A Data API with its own state over a PostgreSQL that may be shared. */
export interface LocalRedshift {
  readonly client: RedshiftDataClient;
  readonly service: JsonService;
  /** Runs a statement to its end. */
  run(sql: string, parameters?: SqlParameter[]): Promise<DescribeStatementCommandOutput>;
  /** Runs a statement that must finish and gives its rows: text, numbers, booleans, null. */
  rows(sql: string, parameters?: SqlParameter[]): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** A new folder with a space in its name. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sluice redshift '));
}

/** A PostgreSQL on a folder of its own, which goes with it. */
export async function temporaryPostgres(): Promise<PostgresServer> {
  const folder = await temporaryFolder();
  const server = await startPostgres({ folder, durable: false });
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Data API over a PostgreSQL, each with a folder of its own; all of it goes with `close`. */
export interface RedshiftOnPostgres {
  readonly postgres: PostgresServer;
  readonly redshift: LocalRedshift;
  close(): Promise<void>;
}

/** Starts a {@link RedshiftOnPostgres}. */
export async function redshiftOnPostgres(): Promise<RedshiftOnPostgres> {
  const postgres = await temporaryPostgres();
  const folder = await temporaryFolder();
  const redshift = await openRedshift(folder, postgres.url);
  return {
    postgres,
    redshift,
    close: async () => {
      await redshift.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Data API with limits of its own and state that goes with it. */
export async function limitedRedshift(
  warehouseUrl: string,
  options: Partial<RedshiftDataOptions>
): Promise<LocalRedshift> {
  const folder = await temporaryFolder();
  const redshift = await openRedshift(folder, warehouseUrl, options);
  return {
    ...redshift,
    close: async () => {
      await redshift.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The Data API behind the gateway, with the AWS SDK's client for it. */
export async function openRedshift(
  folder: string,
  warehouseUrl: string,
  options: Partial<RedshiftDataOptions> = {}
): Promise<LocalRedshift> {
  const db = new ClassicLevel<string, string>(join(folder, 'db'));
  const service = await createRedshiftData({
    db,
    warehouseUrl,
    account: '000000000000',
    region: 'us-east-1',
    ...options,
  });
  const faults: unknown[] = [];
  const gateway = await startGateway({
    services: { json: [service], dynamodb: absent('dynamodb'), sts: absent('sts'), s3: absent('s3') },
    account: '000000000000',
    region: 'us-east-1',
    onFault: (error) => faults.push(error),
  });
  const client = new RedshiftDataClient({
    region: 'us-east-1',
    endpoint: gateway.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const run = async (sql: string, parameters?: SqlParameter[]): Promise<DescribeStatementCommandOutput> => {
    const { Id } = await client.send(
      new ExecuteStatementCommand({ ...target, Sql: sql, Parameters: parameters, WaitTimeSeconds: 30 })
    );
    return client.send(new DescribeStatementCommand({ Id }));
  };
  return {
    client,
    service,
    run,
    rows: async (sql, parameters) => {
      const { Id, Status, Error: failure } = await run(sql, parameters);
      if (Status !== 'FINISHED') throw new Error(failure);
      const { Records = [] } = await client.send(new GetStatementResultCommand({ Id }));
      return Records.map((row) => row.map(plain));
    },
    close: async () => {
      client.destroy();
      await gateway.close();
      await service.close();
      await db.close();
      if (faults.length > 0) throw new AggregateError(faults, 'the local Redshift had a fault of its own');
    },
  };
}

/** A field's one value. */
export function plain(field: Field): unknown {
  return field.isNull === true ? null : Object.values(field)[0];
}

function absent(name: string): HttpService {
  return {
    name,
    handle: async (_request, response) => {
      response.writeHead(501).end();
    },
    close: () => Promise.resolve(),
  };
}
