import { join } from 'node:path';
import { searchAttributes } from '../../model/elt-run.js';
import type { Deployment } from '../../model/configuration.js';
import type { FaultInjector } from '../faults/index.js';
import { startLocalAws } from '../local-aws.js';
import type { LocalAws, LocalAwsEnv } from '../local-aws.js';
import { openDataFolder } from '../process/data-folder.js';
import { Teardown } from '../process/teardown.js';
import { findTemporalServer, startTemporalServer } from '../temporal/index.js';
import type { TemporalServer } from '../temporal/index.js';
import { createAwsClients } from './aws-clients.js';
import type { DynamoDbJsonItem } from './dynamodb-json.js';
import { loadItems } from './load-items.js';
import type { LoadedItems, LoadItemsOptions } from './load-items.js';
import { provision } from './provision.js';
import type { ProvisionedPlan } from './provision.js';
import { findRunningEnvironments, registerEnvironment } from './registry.js';
import type { Registration } from './registry.js';

/** How an environment is started. */
export interface EnvironmentOptions {
  /** What the table, its indexes and the Glue jobs are made from. */
  readonly plan: ProvisionedPlan;
  readonly deployment: Deployment;
  /** Who runs it: `sluice down` ends those of kind `up`. */
  readonly kind: 'up' | 'demo';
  /** Keeps everything, the Temporal server's workflows among it, over a restart; else it is gone with the stop. */
  readonly dataFolder?: string;
  /** Ports asked for; free ones by default. */
  readonly ports?: {
    readonly aws?: number;
    readonly warehouse?: number;
    readonly temporal?: number;
    readonly temporalUi?: number;
  };
  /** Address the AWS endpoint listens on. Default 127.0.0.1. */
  readonly host?: string;
  /** Host names that requests to the AWS endpoint may name besides this machine's, such as a container's. */
  readonly allowedHosts?: readonly string[];
  /** An existing PostgreSQL to use as the warehouse. */
  readonly warehouseUrl?: string;
  /** Where `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `PATH` and the folders for cache and state are read. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes what the user should know, one line each. */
  readonly onEvent: (line: string) => void;
  /** Ends the start: what has been started is stopped, and the start throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Environment variables with which AWS clients, Temporal clients and Sluice itself use the environment. */
export interface EnvironmentVariables extends LocalAwsEnv {
  readonly TEMPORAL_ADDRESS: string;
  readonly TEMPORAL_NAMESPACE: string;
  readonly SLUICE_WORKGROUP: string;
  readonly SLUICE_DATABASE: string;
}

/** A local AWS and a Temporal server that answer, with all that a run of the plan needs. */
export interface Environment {
  readonly env: EnvironmentVariables;
  /** URL of Temporal's Web UI; undefined for a server of the user's own whose UI is not known. */
  readonly temporalUi: string | undefined;
  /** `postgres://…`, for psql; holds a password. */
  readonly warehouse: string;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Makes calls of the local AWS and its jobs fail; nothing fails until faults are set. */
  readonly faults: FaultInjector;
  /** Resolves with the reason when an engine dies unexpectedly; never resolves otherwise. */
  readonly failed: Promise<Error>;
  /** Writes items into the plan's table, see {@link loadItems}. */
  loadItems(
    items: Iterable<DynamoDbJsonItem> | AsyncIterable<DynamoDbJsonItem>,
    options?: LoadItemsOptions
  ): Promise<LoadedItems>;
  /** Stops everything, in a bounded time, and removes a temporary data folder. Safe to call twice; never throws. */
  stop(): Promise<void>;
}

/** The database that the local Redshift has, and the workgroup it answers for. */
const localWarehouse = { workgroup: 'sluice', database: 'salesdwh' } as const;

/**
 * Starts a local AWS and a Temporal server, at the same time, and makes what a run of the plan needs. All processes end
 * with this one, even by SIGKILL. When a part does not start, those that have are stopped.
 * @throws DataFolderInUseError, PortError, TemporalNotFoundError, TemporalStartError, or Error with what to do about it.
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const teardown = new Teardown(options.onEvent);
  try {
    return await start(options, teardown);
  } catch (error) {
    await teardown.run();
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function start(options: EnvironmentOptions, teardown: Teardown): Promise<Environment> {
  const { plan, deployment, signal, env = process.env } = options;
  await findRunningEnvironments(env).catch(() => []); // sweeps what killed processes have left
  const data = await openDataFolder(options.dataFolder);
  const registration = await register(options, data, env);
  await teardown.add('the note of this environment', () => registration.remove());
  await teardown.add('the data folder', () => data.remove(), 30_000);

  const aws = startAws(options, data.path, teardown);
  const awsFailed = new AbortController();
  aws.catch((error: unknown) => awsFailed.abort(error)); // no use in building a Temporal server for minutes then
  // Two servers on one database file would spoil it: on a folder that is kept, the lock of the local AWS comes first.
  const temporal = startTemporal(
    { ...options, signal: AbortSignal.any([awsFailed.signal, ...(signal ? [signal] : [])]) },
    data,
    data.temporary ? Promise.resolve() : aws,
    teardown
  );
  await Promise.allSettled([aws, temporal]);
  const [startedAws, startedTemporal] = [await aws, await temporal];
  signal?.throwIfAborted();

  const clients = createAwsClients(startedAws.env);
  await teardown.add('the AWS clients', () => Promise.resolve(clients.destroy()));
  await provision(clients, plan, deployment);
  const variables: EnvironmentVariables = {
    ...startedAws.env,
    TEMPORAL_ADDRESS: startedTemporal.address,
    TEMPORAL_NAMESPACE: namespaceOf(env),
    SLUICE_WORKGROUP: localWarehouse.workgroup,
    SLUICE_DATABASE: localWarehouse.database,
  };
  const addresses = { env: { ...variables }, temporalUi: startedTemporal.uiUrl, warehouse: startedAws.warehouseUrl };
  await registration.ready(addresses);
  signal?.throwIfAborted();
  return {
    ...addresses,
    env: variables,
    data: data.path,
    faults: startedAws.faults,
    failed: Promise.race([startedAws.failed, temporalFailure(startedTemporal, teardown)]),
    loadItems: (items, loadOptions) => loadItems(clients.dynamodb, plan.source, items, loadOptions),
    stop: () => teardown.run(),
  };
}

const namespaceOf = (env: NodeJS.ProcessEnv): string => env.TEMPORAL_NAMESPACE || 'default';

/** Without a state folder an environment runs as well; only `sluice down` does not find it. */
async function register(
  options: EnvironmentOptions,
  data: { readonly path: string; readonly temporary: boolean },
  env: NodeJS.ProcessEnv
): Promise<Registration> {
  const note = { kind: options.kind, data: data.path, temporary: data.temporary };
  return registerEnvironment(note, env).catch((error: Error) => {
    options.onEvent(`\`sluice down\` will not find this environment: ${error.message}`);
    return { ready: () => Promise.resolve(), remove: () => Promise.resolve() };
  });
}

async function startAws(options: EnvironmentOptions, dataFolder: string, teardown: Teardown): Promise<LocalAws> {
  const aws = await startLocalAws({
    dataFolder,
    durable: options.dataFolder !== undefined,
    port: options.ports?.aws,
    host: options.host,
    allowedHosts: options.allowedHosts,
    warehouseUrl: options.warehouseUrl,
    warehousePort: options.ports?.warehouse,
    glueConnection: options.deployment.glue.connection,
    onEvent: options.onEvent,
  });
  await teardown.add('the local AWS', () => aws.stop(), 60_000);
  return aws;
}

async function startTemporal(
  options: EnvironmentOptions,
  data: { readonly path: string; readonly temporary: boolean },
  dataIsOurs: Promise<unknown>,
  teardown: Teardown
): Promise<TemporalServer> {
  const { env = process.env, onEvent, signal } = options;
  const executable = await findTemporalServer({ env, onEvent, signal });
  await dataIsOurs;
  const server = await startTemporalServer({
    executable,
    dataFile: data.temporary ? undefined : join(data.path, 'temporal.sqlite'),
    port: options.ports?.temporal,
    uiPort: options.ports?.temporalUi,
    namespace: namespaceOf(env),
    searchAttributes: Object.fromEntries(searchAttributes.map((name) => [name, 'Keyword' as const])),
    onEvent,
    env,
    signal,
  });
  await teardown.add('the Temporal server', () => server.stop(), 15_000);
  return server;
}

function temporalFailure(server: TemporalServer, teardown: Teardown): Promise<Error> {
  return new Promise((resolve) => {
    void server.exited.then((code) => {
      if (!teardown.begun) resolve(new Error(`The Temporal server ended unexpectedly with code ${code}.`));
    });
  });
}
