import { Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { PollClock } from '../activities/poll-clock.js';
import { FailureInterceptor } from '../activities/failures.js';
import { createActivities } from '../activities/index.js';
import type { Configuration } from '../model/configuration.js';
import { workerQueues } from '../model/task-queues.js';
import type { WorkerQueue } from '../model/task-queues.js';
import { createAwsClients } from './aws-clients.js';
import { publishBacklog } from './backlog.js';
import { connectionFailure } from './connection-failure.js';
import { workerDeploymentOptions } from './deployment-version.js';
import { serveHealth } from './health.js';
import type { HealthServer } from './health.js';
import { workerIdentity } from './identity.js';
import { lineageTarget } from './lineage-target.js';
import { notificationChannels } from './notification-channels.js';
import { createQueueWorkers } from './queue-workers.js';
import type { WorkerLogLevel } from './runtime.js';
import { createLogger, installRuntime } from './runtime.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { temporalSettings } from './temporal-settings.js';
import { workerTelemetry } from './telemetry/worker-telemetry.js';
import { loadWorkflows } from './workflow-bundle.js';

/** How a worker is started. */
export interface StartWorkerOptions {
  readonly configuration: Pick<Configuration, 'taskQueue' | 'worker'>;
  /** Which of the task queues it serves. Default: all. */
  readonly queues?: readonly WorkerQueue[];
  /**
   * Temporal's connection (`TEMPORAL_ADDRESS`, profiles, …) and AWS's, read as their own libraries do. Default: the
   * process's environment. Another one is for a worker beside a local AWS.
   */
  readonly env?: NodeJS.ProcessEnv;
  /** @default 'warn' */
  readonly logLevel?: WorkerLogLevel;
  /**
   * How long running activities may go on after `shutdown` before they are told, and leave their remote jobs to the
   * next worker.
   * @format milliseconds or ms-formatted string
   * @default '5s'
   */
  readonly shutdownGraceTime?: number | `${number}s`;
  /**
   * Milliseconds after which an AWS call that was not answered is given up and repeated; less than the 30 s that waits
   * for statements take makes more calls.
   * @default 50_000
   */
  readonly requestTimeout?: number;
  /** Time as the waiting activities see it; for tests. */
  readonly clock?: PollClock;
}

/** A worker that is connected and registered. */
export interface SluiceWorker {
  /** Temporal namespace it works for. */
  readonly namespace: string;
  /** Set when the worker is a version of a deployment, which gets new runs once it is made the current one. */
  readonly version?: WorkerDeploymentVersion;
  /** Works until {@link shutdown}; resolves when it has drained. Rejects when the worker fails. Call it once. */
  run(): Promise<void>;
  /**
   * Takes no more tasks and drains: no remote job is stopped. To end at once instead, as on a second SIGTERM, end the
   * process; the next worker finds the remote jobs again. Safe to call twice.
   */
  shutdown(): void;
}

/**
 * Connects to Temporal and AWS, makes sure that the search attributes exist, and registers workflows and activities.
 * Throws a `TemporalConnectionError`, `TemporalSettingsError` or `PayloadKeyError` that says what to do, or a `NotificationChannelError`.
 */
export async function startWorker(options: StartWorkerOptions): Promise<SluiceWorker> {
  const { configuration, env = process.env, logLevel = 'warn', shutdownGraceTime = '5s', clock } = options;
  const channels = notificationChannels(env);
  const settings = temporalSettings(env);
  const { connectionOptions, namespace, dataConverter, encrypted } = settings;
  const lineage = lineageTarget(env);
  installRuntime(logLevel, configuration.worker?.metrics);
  const versioned = configuration.worker?.deployment !== undefined;
  const workflows = loadWorkflows({ versioned, encrypted });
  workflows.catch(() => undefined); // awaited below, after the connection, whose failure comes first
  const connection = await NativeConnection.connect(connectionOptions).catch(async (error: unknown) => {
    throw await connectionFailure(settings, error);
  });
  const clients = createAwsClients(env, options.requestTimeout);
  const telemetry = await workerTelemetry(env);
  telemetry.trace(clients);
  let health: HealthServer | undefined;
  let backlog: ReturnType<typeof publishBacklog> | undefined;
  const release = async (): Promise<void> => {
    backlog?.stop();
    clients.destroy();
    await connection.close();
    await telemetry.flush();
    await health?.close();
  };
  try {
    await ensureSearchAttributes(connection, namespace, (message) => createLogger(logLevel).warn(message));
    const deployment = await workerDeploymentOptions(configuration.worker);
    const workers = await createQueueWorkers({
      taskQueue: configuration.taskQueue,
      queues: options.queues ?? workerQueues,
      settings: configuration.worker,
      workflowBundle: await workflows,
      activities: createActivities({
        ...clients,
        temporal: new Client({ connection, namespace, dataConverter }),
        clock,
        channels,
        lineage,
      }),
      shared: {
        connection,
        namespace,
        dataConverter,
        identity: workerIdentity(),
        interceptors: { activity: [...telemetry.activity, () => ({ inbound: new FailureInterceptor() })] },
        sinks: telemetry.sinks,
        shutdownGraceTime,
        // The activities pace their heartbeats themselves, so that a cancellation comes through in seconds at first.
        maxHeartbeatThrottleInterval: '1s',
        maxConcurrentActivityTaskExecutions: 200,
        ...(deployment && { workerDeploymentOptions: deployment }),
      },
    });
    const address = configuration.worker?.health;
    if (address !== undefined) {
      health = await serveHealth(address, () => {
        const states = workers.states();
        return { healthy: !states.includes('FAILED') && !states.includes('STOPPED'), workers: states };
      });
    }
    if (env.SLUICE_BACKLOG_METRIC === 'emf') {
      backlog = publishBacklog({
        connection,
        namespace,
        taskQueue: configuration.taskQueue,
        write: (line) => process.stderr.write(`${line}\n`),
        onWarning: (message) => createLogger(logLevel).warn(message),
      });
    }
    let ended = false;
    return {
      namespace,
      ...(deployment && { version: deployment.version }),
      async run() {
        const running = workers.run().finally(release);
        if (ended) workers.shutdown();
        await running;
      },
      shutdown() {
        ended = true;
        workers.shutdown();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Runs a worker until the signal aborts, then drains it. Throws as {@link startWorker} does. */
export async function runWorker(options: StartWorkerOptions & { readonly signal: AbortSignal }): Promise<void> {
  const worker = await startWorker(options);
  const running = worker.run();
  if (options.signal.aborted) worker.shutdown();
  options.signal.addEventListener('abort', () => worker.shutdown(), { once: true });
  await running;
}
