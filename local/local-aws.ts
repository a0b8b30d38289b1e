import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { createDynamoDb } from './dynamodb/index.js';
import { FaultInjector } from './faults/index.js';
import type { FaultInput } from './faults/index.js';
import { startGateway } from './gateway/index.js';
import { createEvents } from './events/index.js';
import type { EventEntry } from './events/index.js';
import { createGlue } from './glue/index.js';
import { createIam } from './iam/index.js';
import { openDataFolder } from './process/data-folder.js';
import { isLocked } from './process/folder-lock.js';
import { checkPort } from './process/ports.js';
import { Teardown } from './process/teardown.js';
import { createRedshiftData, startPostgres } from './redshift/index.js';
import { createS3 } from './s3/index.js';
import { createSecretsManager } from './secrets-manager/index.js';
import { createSes } from './ses/index.js';
import { createSns } from './sns/index.js';
import { createSqs } from './sqs/index.js';
import { createSts } from './sts/index.js';
import { TemporarySessions } from './sts/sessions.js';

/** The account and Region that the local AWS plays. */
export const localAccount = '000000000000';
export const localRegion = 'us-east-1';

/** Environment variables with which any AWS client uses the local AWS. */
export interface LocalAwsEnv {
  readonly AWS_ENDPOINT_URL: string;
  readonly AWS_REGION: string;
  /** The same Region for boto3 and the AWS CLI 1, which do not read `AWS_REGION`. */
  readonly AWS_DEFAULT_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

/** How a local AWS is started. */
export interface LocalAwsOptions {
  /** Keeps tables, objects, catalog and warehouse over a restart. Without it a temporary folder goes with the stop. */
  readonly dataFolder?: string;
  /** False gives up safety against a crash of the machine for speed. Default: true with a data folder. */
  readonly durable?: boolean;
  /** Port of the AWS endpoint; a free one by default. */
  readonly port?: number;
  /** Address the AWS endpoint listens on. Default 127.0.0.1; nothing checks who calls. */
  readonly host?: string;
  /** Host names that requests to the endpoint may name besides this machine's, such as a container's. */
  readonly allowedHosts?: readonly string[];
  /** An existing PostgreSQL to use as the warehouse, `postgres://…`; one of our own by default. */
  readonly warehouseUrl?: string;
  /** Port of our own PostgreSQL; a free one by default. */
  readonly warehousePort?: number;
  /** Name of the Glue connection that leads to the warehouse. Default `warehouse`. */
  readonly glueConnection?: string;
  /** Faults to inject from the start; later ones by {@link LocalAws.faults}. */
  readonly faults?: readonly FaultInput[];
  /** Takes what the user should know, one line each; every injected fault among it. */
  readonly onEvent: (line: string) => void;
}

/** A local AWS that answers. */
export interface LocalAws {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  /** `postgres://…` of the warehouse, for psql; holds a password. */
  readonly warehouseUrl: string;
  readonly dataFolder: string;
  readonly env: LocalAwsEnv;
  /** Makes calls and jobs fail, and tells how often it did. */
  readonly faults: FaultInjector;
  /** How often each operation was called, by `<service>.<operation>`, such as `glue.StartJobRun`. */
  calls(): Record<string, number>;
  /** Resolves with the reason when an engine dies unexpectedly; never resolves otherwise. */
  readonly failed: Promise<Error>;
  /** Stops everything, in a bounded time, and removes a temporary folder. Safe to call twice; never throws. */
  stop(): Promise<void>;
}

/** A data folder that another process, or another environment of this one, has open. */
export class DataFolderInUseError extends Error {
  constructor(readonly folder: string) {
    super(`The data folder ${folder} is in use by another Sluice. Stop that one, or choose another folder.`);
    this.name = 'DataFolderInUseError';
  }
}

/**
 * Starts S3, DynamoDB, Glue, the Redshift Data API, SNS and STS behind one endpoint, with PostgreSQL as the warehouse.
 * Engines end with this process, even by SIGKILL. When a part does not start, those that have are stopped.
 * @throws DataFolderInUseError when another has the data folder open; FaultScriptError for faults that cannot be.
 * @throws PortError when the endpoint's port was asked for and cannot be had; Error when an engine does not start.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const teardown = new Teardown(options.onEvent);
  try {
    return await start(options, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function start(options: LocalAwsOptions, teardown: Teardown): Promise<LocalAws> {
  const faults = new FaultInjector(options.onEvent);
  faults.set(options.faults ?? []);
  const host = options.host ?? '127.0.0.1';
  if (options.port !== undefined) await checkPort(options.port, 'the AWS endpoint', host);
  const data = await openDataFolder(options.dataFolder);
  await teardown.add('the data folder', () => data.remove(), 30_000);
  const folder = (name: string): string => join(data.path, name);
  const db = await openState(folder('state'), data.path);
  await teardown.add('the state', () => db.close());

  const identity = { account: localAccount, region: localRegion };
  const sessions = await TemporarySessions.open(db);
  const [warehouse, objects] = await allSettledOrThrow([
    startWarehouse(options, folder('postgres'), teardown),
    startObjects(folder, db, identity, sessions, teardown),
  ]);
  const { s3, dynamodb, store } = objects;
  const connections = { [options.glueConnection ?? 'warehouse']: warehouse.url };
  const sns = await createSns({ db, folder: folder('sns'), ...identity });
  await teardown.add('SNS', () => sns.close());
  const sqs = await createSqs({ db, ...identity });
  const ses = await createSes({ db, folder: folder('ses'), region: localRegion });
  await teardown.add('SES', () => ses.close());
  const deliver = (arn: string, event: string): Promise<void> =>
    arn.startsWith('arn:aws:sqs:') ? sqs.send(arn, event) : sns.publish(arn, event);
  const events = await createEvents({ db, ...identity, deliver });
  const publishEvent = (event: EventEntry): Promise<void> => events.put(event);
  const glue = await createGlue({ db, store, workFolder: folder('glue'), ...identity, connections, publishEvent });
  await teardown.add('Glue', () => glue.close());
  const redshift = await createRedshiftData({ db, warehouseUrl: warehouse.url, ...identity });
  await teardown.add('the Redshift Data API', () => redshift.close());
  const sts = createSts({ account: localAccount, sessions });
  await teardown.add('STS', () => sts.close());
  const iam = await createIam({ db, account: localAccount });

  const secretsManager = await createSecretsManager({ db, ...identity });
  const services = { json: [glue, redshift, events, secretsManager, sqs], dynamodb, sns, ses, iam, sts, s3 };
  const gateway = await startGateway({
    services,
    host,
    port: options.port,
    allowedHosts: options.allowedHosts,
    dataFolder: data.path,
    ...identity,
    intercept: [faults.intercept],
    onFault: (error, requestId) => options.onEvent(`The local AWS failed at request ${requestId}: ${reasonOf(error)}`),
  });
  await teardown.add('the AWS endpoint', () => gateway.close());
  return {
    endpoint: gateway.url,
    warehouseUrl: warehouse.url,
    dataFolder: data.path,
    env: {
      AWS_ENDPOINT_URL: gateway.url,
      AWS_REGION: localRegion,
      AWS_DEFAULT_REGION: localRegion,
      AWS_ACCESS_KEY_ID: 'sluice',
      AWS_SECRET_ACCESS_KEY: 'sluice',
    },
    faults,
    calls: () => gateway.calls(),
    failed: warehouse.failed,
    stop: () => teardown.run(),
  };
}

/** LevelDB lets one process open it: its lock is also the data folder's. */
async function openState(location: string, dataFolder: string): Promise<ClassicLevel<string, string>> {
  const db = new ClassicLevel<string, string>(location);
  try {
    await db.open();
    return db;
  } catch (error) {
    if (isLocked(error)) throw new DataFolderInUseError(dataFolder);
    throw new Error(`The state in ${location} cannot be opened: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function startWarehouse(
  options: LocalAwsOptions,
  folder: string,
  teardown: Teardown
): Promise<{ url: string; failed: Promise<Error> }> {
  if (options.warehouseUrl !== undefined) {
    return { url: options.warehouseUrl, failed: new Promise(() => undefined) };
  }
  if (options.warehousePort !== undefined) await checkPort(options.warehousePort, 'the warehouse (PostgreSQL)');
  const durable = options.durable ?? options.dataFolder !== undefined;
  const postgres = await startPostgres({ folder, port: options.warehousePort, durable });
  await teardown.add('PostgreSQL', () => postgres.stop(), 35_000);
  const failed = new Promise<Error>((resolve) => {
    void postgres.exited.then((code) => {
      if (!teardown.begun) resolve(new Error(`The warehouse's PostgreSQL ended unexpectedly with code ${code}.`));
    });
  });
  return { url: postgres.url, failed };
}

async function startObjects(
  folder: (name: string) => string,
  db: ClassicLevel<string, string>,
  identity: { readonly account: string; readonly region: string },
  sessions: TemporarySessions,
  teardown: Teardown
) {
  const { service: s3, store } = await createS3({ folder: folder('s3'), db, region: identity.region, sessions });
  await teardown.add('S3', () => s3.close());
  const dynamodb = await createDynamoDb({ folder: folder('dynamodb'), db, store, ...identity });
  await teardown.add('DynamoDB', () => dynamodb.close());
  return { s3, store, dynamodb };
}

/** Waits for both even when one fails, so that nothing is still starting when what has started is stopped. */
async function allSettledOrThrow<A, B>(work: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
