import { loadConfiguration } from '../../model/configuration.js';
import { redshiftTaskQueue, workerQueues } from '../../model/task-queues.js';
import type { WorkerQueue } from '../../model/task-queues.js';
import {
  LineageTargetError,
  ListenAddressError,
  SearchAttributeError,
  TemporalConnectionError,
  startWorker,
} from '../../workers/index.js';
import type { CommandContext } from '../command-context.js';
import { UsageError } from '../errors.js';
import { listenForInterruption } from '../interruption.js';

/** Options of `sluice worker`. */
export interface WorkerOptions {
  /** Default: all. */
  readonly queues?: readonly WorkerQueue[];
}

/**
 * `sluice worker`: works until SIGTERM or SIGINT, then drains; remote jobs go on and are found again by the next worker.
 * A second signal ends it at once. A drained worker is a success for SIGTERM, an interruption for SIGINT.
 */
export async function worker(context: CommandContext, { queues = workerQueues }: WorkerOptions): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const interruption = listenForInterruption((signal) =>
    console.note(`${signal}: draining; a second one ends at once.`)
  );
  const started = await startWorker({ configuration, queues, env, logLevel: 'info', shutdownGraceTime: '20s' }).catch(
    (error: unknown) => {
      const refusals = [TemporalConnectionError, SearchAttributeError, ListenAddressError, LineageTargetError];
      if (error instanceof Error && refusals.some((refusal) => error instanceof refusal)) {
        throw new UsageError(error.message, undefined, { cause: error });
      }
      throw error;
    }
  );
  const { taskQueue } = configuration;
  const served = queues.map((queue) => (queue === 'main' ? taskQueue : redshiftTaskQueue(taskQueue)));
  const named = `task queue${served.length === 1 ? '' : 's'} ${served.join(' and ')}`;
  console.note(`Working on ${named} in namespace ${started.namespace}. SIGTERM drains.`);
  const { version } = started;
  if (version !== undefined) {
    console.note(
      `Version ${version.buildId} of deployment ${version.deploymentName}; new runs come to it once it is the current one:\n` +
        `  temporal worker deployment set-current-version --namespace ${started.namespace} ` +
        `--deployment-name ${version.deploymentName} --build-id ${version.buildId}`
    );
  }
  interruption.signal.addEventListener('abort', () => started.shutdown(), { once: true });
  const running = started.run();
  if (interruption.signal.aborted) started.shutdown();
  try {
    await running;
  } finally {
    interruption.dispose();
  }
  if (interruption.by() === 'SIGINT') await interruption.interrupted;
  console.document({ taskQueue, queues, namespace: started.namespace, ...(version && { version }), drained: true });
}
