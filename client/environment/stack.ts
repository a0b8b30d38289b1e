import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  PortError,
  TemporalNotFoundError,
  DataFolderInUseError,
  alertsTopicArn,
  startEnvironment,
} from '../../local/environment/index.js';
import type { Environment, EnvironmentOptions } from '../../local/environment/index.js';
import type { Configuration } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import { defaultWorkerSettings } from '../../model/worker-settings.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import { RunFailedError, UsageError, messageOf } from '../errors.js';
import { TemporalConnection } from '../temporal-connection.js';

/** Milliseconds that a worker may take to drain before the environment is stopped under it. */
const drainMs = 8_000;

/** How a {@link LocalStack} is started. */
export interface LocalStackOptions extends Omit<EnvironmentOptions, 'plan' | 'deployment' | 'env'> {
  readonly plan: WarehousePlan;
  readonly configuration: Configuration;
  readonly env: NodeJS.ProcessEnv;
  /** Whether a worker runs in this process. */
  readonly worker: boolean;
}

/** A local AWS, a Temporal server and, if asked for, a worker in this process. */
export interface LocalStack {
  readonly environment: Environment;
  /** The process's variables with those of the environment: what a client inside this process works with. */
  readonly env: NodeJS.ProcessEnv;
  /** The given configuration, pointed at the local warehouse. */
  readonly configuration: Configuration;
  /** Rejects with a {@link RunFailedError} when a part dies; never resolves. */
  readonly failed: Promise<never>;
  /** Stops everything. Safe to call twice; never throws. */
  stop(): Promise<void>;
}

/**
 * Starts a local environment and a worker for it.
 * @throws UsageError for what the user can mend: a port or a data folder in use, no Temporal server to be had.
 * @throws RunFailedError when a part does not come up.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { worker: withWorker, configuration: given, env: outer, ...environmentOptions } = options;
  // A wrong address is a fault of the configuration, told before anything is started.
  if (outer.TEMPORAL_ADDRESS) await (await TemporalConnection.connect(outer)).close();
  const environment = await startEnvironment({
    ...environmentOptions,
    deployment: given.deployment,
    env: outer,
  }).catch(explain);
  const env = { ...(outer.TEMPORAL_ADDRESS ? outer : withoutTemporal(outer, environment.data)), ...environment.env };
  const { SLUICE_WORKGROUP: workgroup, SLUICE_DATABASE: database } = environment.env;
  const configuration = {
    ...given,
    deployment: { ...given.deployment, redshift: { workgroup, database } },
    worker: { ...defaultWorkerSettings, ...given.worker, redshift: { activitiesPerSecond: 0 } }, // it has no quotas
  };
  try {
    const worker = withWorker
      ? await runInProcess(configuration, { SLUICE_TOPIC_ARN: alertsTopicArn, ...env })
      : undefined;
    let stopping: Promise<void> | undefined;
    const died = environment.failed.then((error) => {
      throw new RunFailedError(messageOf(error), { cause: error });
    });
    const failed = Promise.race([died, ...(worker === undefined ? [] : [worker.failed])]);
    failed.catch(() => undefined);
    return {
      environment,
      env,
      configuration,
      failed,
      stop: () =>
        (stopping ??= (async () => {
          await worker?.drain();
          await environment.stop();
        })()),
    };
  } catch (error) {
    await environment.stop();
    throw error;
  }
}

interface InProcessWorker {
  readonly failed: Promise<never>;
  drain(): Promise<void>;
}

async function runInProcess(configuration: Configuration, env: NodeJS.ProcessEnv): Promise<InProcessWorker> {
  // Retries are part of the run and shown there; a log between the lines of the display would only break it.
  const logLevel = env.SLUICE_DEBUG ? 'info' : 'silent';
  const worker: SluiceWorker = await startWorker({ configuration, env, logLevel, shutdownGraceTime: '1s' });
  const running = worker.run();
  const failed = running.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      throw new RunFailedError(`The worker failed: ${messageOf(error)}`, { cause: error });
    }
  );
  failed.catch(() => undefined);
  return {
    failed,
    drain: async () => {
      worker.shutdown();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.race([running.catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

/** Settings for the user's own server (TLS, API key, a profile) are none for the one that was started here. */
function withoutTemporal(env: NodeJS.ProcessEnv, data: string): NodeJS.ProcessEnv {
  const entries = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  const file = join(data, 'temporal.toml');
  writeFileSync(file, '[profile.default]\n');
  return { ...Object.fromEntries(entries), TEMPORAL_CONFIG_FILE: file };
}

function explain(error: unknown): never {
  if (error instanceof PortError || error instanceof DataFolderInUseError || error instanceof TemporalNotFoundError) {
    throw new UsageError(error.message, undefined, { cause: error });
  }
  throw error;
}
