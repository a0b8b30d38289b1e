import { Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { oneLine } from './sources.js';

/** gRPC status codes that are told apart here. */
const grpcStatus = { notFound: 5, alreadyExists: 6 } as const;

/** `INDEXED_VALUE_TYPE_KEYWORD` of temporal.api.enums.v1, by type. */
const indexedValueTypes = { Keyword: 2 } as const;

/** Custom search attributes and their types, in the spelling of `temporal server start-dev --search-attribute`. */
export type SearchAttributes = Readonly<Record<string, keyof typeof indexedValueTypes>>;

/**
 * Connects to the server that `TEMPORAL_ADDRESS` and the other settings of `@temporalio/envconfig` name.
 * @throws Error naming the address when it does not answer within five seconds.
 */
export async function connectByEnvironment(env: NodeJS.ProcessEnv): Promise<Connection> {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(defined) });
  try {
    return await Connection.connect({ ...connectionOptions, connectTimeout: '5s' } as Parameters<
      typeof Connection.connect
    >[0]);
  } catch (error) {
    throw new Error(
      `The Temporal server at TEMPORAL_ADDRESS=${env.TEMPORAL_ADDRESS ?? ''} does not answer (${oneLine(error)}). ` +
        'Start it, correct the address, or unset TEMPORAL_ADDRESS so that Sluice starts a server of its own.',
      { cause: error }
    );
  }
}

/**
 * Checks that the server `TEMPORAL_ADDRESS` names answers.
 * @throws Error naming the address when it does not.
 */
export async function checkServer(env: NodeJS.ProcessEnv): Promise<void> {
  await (await connectByEnvironment(env)).close();
}

/**
 * Checks that the namespace can be used and has the search attributes, and adds those that are absent.
 * @throws Error saying what to run when the namespace does not exist or an attribute cannot be added.
 */
export async function prepareNamespace(
  connection: Connection,
  namespace: string,
  searchAttributes: SearchAttributes
): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (!isGrpcServiceError(error) || Number(error.code) !== grpcStatus.notFound) throw error;
    throw new Error(
      `The Temporal server has no namespace "${namespace}". Create it with: temporal operator namespace create -n ${namespace}`,
      { cause: error }
    );
  }
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  for (const [name, type] of Object.entries(searchAttributes)) {
    if (name in (customAttributes ?? {})) continue;
    await addSearchAttribute(connection, namespace, name, type);
  }
}

async function addSearchAttribute(
  connection: Connection,
  namespace: string,
  name: string,
  type: SearchAttributes[string]
): Promise<void> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { [name]: indexedValueTypes[type] },
    });
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === grpcStatus.alreadyExists) return;
    throw new Error(
      `The search attribute ${name} cannot be added to namespace "${namespace}" (${oneLine(error)}). Add it with: ` +
        `temporal operator search-attribute create -n ${namespace} --name ${name} --type ${type}`,
      { cause: error }
    );
  }
}
