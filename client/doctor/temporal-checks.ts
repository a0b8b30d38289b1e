import type { Configuration } from '../../model/configuration.js';
import { searchAttributes } from '../../model/elt-run.js';
import { redshiftTaskQueue } from '../../model/task-queues.js';
import { versionOfIdentity } from '../../workers/identity.js';
import { UsageError } from '../errors.js';
import { driftLines, scheduleDrift } from '../schedules/drift.js';
import { TemporalConnection } from '../temporal-connection.js';
import { fail, ok, unknown, warn } from './check.js';
import type { Check, Outcome } from './check.js';

/** temporal.api.enums.v1.TaskQueueType */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** Milliseconds since its last poll after which a worker counts as gone: a poll stays open for a minute. */
const goneAfterMs = 90_000;

const grpcNotFound = 5;
const grpcPermissionDenied = 7;
const grpcUnauthenticated = 16;

const codeOf = (error: unknown): number => Number((error as { code?: unknown }).code);

interface Poller {
  readonly identity: string;
  readonly buildId?: string;
}

async function pollers(
  { client, namespace }: TemporalConnection,
  name: string,
  taskQueueType: number
): Promise<Poller[]> {
  const answer = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  return (answer.pollers ?? [])
    .filter(({ lastAccessTime: at }) => Date.now() - Number(at?.seconds ?? 0) * 1000 < goneAfterMs)
    .map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      ...(deploymentOptions?.buildId && { buildId: deploymentOptions.buildId }),
    }));
}

async function workerOutcomes(
  temporal: TemporalConnection,
  taskQueue: string,
  version: string
): Promise<Record<string, Outcome>> {
  const redshift = redshiftTaskQueue(taskQueue);
  const [workflows, activities, statements] = await temporal.call(() =>
    Promise.all([
      pollers(temporal, taskQueue, queueTypes.workflow),
      pollers(temporal, taskQueue, queueTypes.activity),
      pollers(temporal, redshift, queueTypes.activity),
    ])
  );
  const start = (queue: string): string => `Start one: \`sluice worker\` with task queue ${queue} in sluice.yaml.`;
  const present = (queue: string, found: readonly Poller[]): Outcome =>
    found.length === 0
      ? fail(`no worker asks for work on task queue ${queue}: runs would wait`, start(taskQueue))
      : ok(`${new Set(found.map(({ identity }) => identity)).size} on task queue ${queue}`);
  const main = workflows.length === 0 ? workflows : activities;
  const others = [...workflows, ...activities, ...statements];
  return {
    'temporal.workers': present(taskQueue, main),
    'temporal.workers.redshift': present(redshift, statements),
    ...(others.length > 0 && { 'temporal.worker-version': versionOutcome(others, version) }),
  };
}

function versionOutcome(found: readonly Poller[], version: string): Outcome {
  const versions = new Map(found.map(({ identity }) => [identity, versionOfIdentity(identity)]));
  const differing = [...versions].filter(([, one]) => one !== version);
  if (differing.length === 0) return ok(`${version}, as this command`);
  const told = differing.map(
    ([identity, one]) => `${identity.split(' ')[0]} ${one === undefined ? 'tells none' : `is ${one}`}`
  );
  const message = `workers are of another version than this command, ${version}: ${told.join('; ')}`;
  return warn(message, 'Deploy the same version of Sluice to workers and clients.');
}

/** One look at the server, with a connection of its own. */
function withTemporal(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
  look: (temporal: TemporalConnection) => Promise<Record<string, Outcome>>
): Check {
  return {
    names,
    async run() {
      const temporal = await TemporalConnection.connect(env);
      try {
        return await look(temporal);
      } finally {
        await temporal.close();
      }
    },
  };
}

/** Server and namespace. */
function serverCheck(env: NodeJS.ProcessEnv): Check {
  return {
    names: ['temporal.server', 'temporal.namespace'],
    async run(): Promise<Record<string, Outcome>> {
      let temporal: TemporalConnection;
      try {
        temporal = await TemporalConnection.connect(env);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        const fix = 'Check TEMPORAL_ADDRESS, or the profile and its TLS settings; `sluice up` starts a server here.';
        const [told = ''] = error.message.split(' Start one');
        return { 'temporal.server': fail(told, fix), 'temporal.namespace': unknown('not checked: no server answers') };
      }
      const { address, namespace } = temporal;
      try {
        await temporal.call(() => temporal.client.workflowService.describeNamespace({ namespace }));
        return { 'temporal.server': ok(address), 'temporal.namespace': ok(namespace) };
      } catch (error) {
        const server = ok(address);
        if (codeOf(error) === grpcNotFound) {
          const fix = `Set TEMPORAL_NAMESPACE, or create it: temporal operator namespace create -n ${namespace}`;
          return {
            'temporal.server': server,
            'temporal.namespace': fail(`${address} has no namespace ${namespace}`, fix),
          };
        }
        if ([grpcPermissionDenied, grpcUnauthenticated].includes(codeOf(error))) {
          const fix = 'Check TEMPORAL_API_KEY, or the client certificate of the profile.';
          return { 'temporal.server': server, 'temporal.namespace': fail(`no access to namespace ${namespace}`, fix) };
        }
        throw error;
      } finally {
        await temporal.close();
      }
    },
  };
}

function attributeCheck(env: NodeJS.ProcessEnv): Check {
  const name = 'temporal.search-attributes';
  return withTemporal(env, [name], async (temporal): Promise<Record<string, Outcome>> => {
    const { namespace } = temporal;
    try {
      // The client has no operator service of its own; the workflow service tells them too.
      const { customAttributes = {} } = await temporal.call(() =>
        temporal.operatorService.listSearchAttributes({ namespace })
      );
      const missing = searchAttributes.filter((one) => !Object.hasOwn(customAttributes ?? {}, one));
      if (missing.length === 0) return { [name]: ok(searchAttributes.join(', ')) };
      const flags = missing.map((one) => `--name ${one} --type Keyword`).join(' ');
      const fix = `temporal operator search-attribute create -n ${namespace} ${flags}`;
      return { [name]: fail(`namespace ${namespace} lacks ${missing.join(', ')}`, fix) };
    } catch (error) {
      if (codeOf(error) === grpcNotFound) return {}; // told by temporal.namespace
      if (codeOf(error) === grpcPermissionDenied) {
        return { [name]: unknown('not checked: the server does not tell, as Temporal Cloud', 'See them in its UI.') };
      }
      throw error;
    }
  });
}

/** Server, namespace, search attributes, workers and, where any are declared, schedules. */
export function temporalChecks(
  env: NodeJS.ProcessEnv,
  configuration: Configuration | undefined,
  version: string
): Check[] {
  const base = [serverCheck(env), attributeCheck(env)];
  if (configuration === undefined) return base;
  const { taskQueue, schedules } = configuration;
  const names = ['temporal.workers', 'temporal.workers.redshift', 'temporal.worker-version'];
  const workers = withTemporal(env, names, (temporal) => workerOutcomes(temporal, taskQueue, version));
  const drift: Check = {
    names: ['temporal.schedules'],
    async run(): Promise<Record<string, Outcome>> {
      const found = await scheduleDrift(configuration, env);
      if (found === undefined) return {};
      if (found.kind === 'unknown') return { 'temporal.schedules': unknown(`not checked: ${found.reason}`) };
      const lines = driftLines({ ...found, schedules: found.schedules.filter((one) => one.outcome !== 'unchanged') });
      if (lines.length === 0) return { 'temporal.schedules': ok(`${found.schedules.length} as declared`) };
      return { 'temporal.schedules': warn(lines.join('; '), 'Run `sluice schedule apply`.') };
    },
  };
  return [...base, workers, ...(schedules.length > 0 ? [drift] : [])];
}
