import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ClassicLevel } from 'classic-level';
import { createDynamoDb } from '../../local/dynamodb/index.js';
import { provision } from '../../local/environment/provision.js';
import { startGateway } from '../../local/gateway/index.js';
import type { Interceptor } from '../../local/gateway/index.js';
import { createGlue } from '../../local/glue/index.js';
import type { JobScript } from '../../local/glue/index.js';
import { createRedshiftData, startPostgres } from '../../local/redshift/index.js';
import type { RedshiftDataOptions } from '../../local/redshift/index.js';
import { createS3 } from '../../local/s3/index.js';
import { createSecretsManager } from '../../local/secrets-manager/index.js';
import { createEvents } from '../../local/events/index.js';
import type { EventEntry } from '../../local/events/index.js';
import { createSes } from '../../local/ses/index.js';
import { createSns } from '../../local/sns/index.js';
import { createSqs } from '../../local/sqs/index.js';
import { createSts } from '../../local/sts/index.js';
import { TemporarySessions } from '../../local/sts/sessions.js';
import { loadConfiguration } from '../../model/configuration.js';
import type { Deployment } from '../../model/configuration.js';
import { searchAttributes } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import { createAwsClients } from '../../workers/aws-clients.js';
import type { WorkerAwsClients } from '../../workers/aws-clients.js';
import { startTestServer } from '../workers/temporal-server.js';

/** Seams of a local AWS for tests. */
export interface LocalAwsSeams {
  /** Job scripts that stand in for Glue's, by file name. */
  readonly scripts?: Readonly<Record<string, JobScript>>;
  readonly intercept?: readonly Interceptor[];
  /** Length of a minute of a Glue job's timeout, in milliseconds. */
  readonly minuteMs?: number;
  /** Time of DynamoDB and of temporary credentials, milliseconds since the epoch. Default the time of day. */
  readonly clock?: () => number;
  /** How the time passes for which requests of the Data API wait. Default as time does. */
  readonly sleep?: RedshiftDataOptions['sleep'];
}

/** A local AWS of the test's own, with the product's clients on it. */
export interface TestAws {
  readonly env: NodeJS.ProcessEnv;
  readonly clients: WorkerAwsClients;
  readonly warehouseUrl: string;
  /** Where the services keep their data; `sns/messages.jsonl` has what was published. */
  readonly folder: string;
  /** How often each operation was called, such as `glue.StartJobRun`. */
  calls(): Record<string, number>;
  stop(): Promise<void>;
}

/** The deployment that everything has by default. */
export const deployment: Deployment = loadConfiguration({ env: {} }).deployment;

/** Starts all services behind one endpoint, as the environment does, but with seams for faults. */
export async function startTestAws({
  scripts = {},
  intercept = [],
  clock,
  minuteMs,
  sleep,
}: LocalAwsSeams = {}): Promise<TestAws> {
  const identity = { account: '000000000000', region: 'us-east-1' };
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const db = new ClassicLevel<string, string>(join(folder, 'state'));
  await db.open();
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), durable: false });
  const sessions = await TemporarySessions.open(db, clock);
  const { service: s3, store } = await createS3({ folder: join(folder, 's3'), db, region: identity.region, sessions });
  const dynamodb = await createDynamoDb({ folder: join(folder, 'dynamodb'), db, store, ...identity, clock });
  const connections = { warehouse: postgres.url };
  const sqs = await createSqs({ db, ...identity });
  const ses = await createSes({ db, folder: join(folder, 'ses'), region: identity.region });
  const events = await createEvents({ db, ...identity, deliver: (arn, event) => sqs.send(arn, event) });
  const publishEvent = (event: EventEntry): Promise<void> => events.put(event);
  const workFolder = join(folder, 'glue');
  const glue = await createGlue({ db, store, workFolder, ...identity, connections, scripts, publishEvent, minuteMs });
  const redshift = await createRedshiftData({ db, warehouseUrl: postgres.url, ...identity, sleep });
  const sns = await createSns({ db, folder: join(folder, 'sns'), ...identity });
  const sts = createSts({ account: identity.account, sessions });
  const secrets = await createSecretsManager({ db, ...identity });
  const services = { json: [glue, redshift, events, secrets, sqs], dynamodb, sns, ses, sts, s3 };
  const gateway = await startGateway({ services, ...identity, intercept });
  const env = {
    AWS_ENDPOINT_URL: gateway.url,
    AWS_REGION: identity.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const clients = createAwsClients(env);
  return {
    env,
    clients,
    warehouseUrl: postgres.url,
    folder,
    calls: () => gateway.calls(),
    async stop() {
      clients.destroy();
      await gateway.close();
      for (const service of [glue, redshift, sns, sts, dynamodb, s3]) await service.close();
      await db.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Temporal server and a client of it. */
export interface TestTemporal {
  readonly env: NodeJS.ProcessEnv;
  readonly client: Client;
  stop(): Promise<void>;
}

/** Starts a Temporal server that has Sluice's search attributes. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const server = await startTestServer(Object.fromEntries(searchAttributes.map((name) => [name, 'Keyword'])));
  const connection = await Connection.connect({ address: server.address });
  return {
    env: { TEMPORAL_ADDRESS: server.address },
    client: new Client({ connection }),
    async stop() {
      await connection.close();
      await server.stop();
    },
  };
}

/** Makes the resources that a run of a plan needs. */
export async function provisionPlan(aws: Pick<TestAws, 'clients'>, plan: WarehousePlan): Promise<void> {
  await provision(aws.clients, plan, deployment);
}
