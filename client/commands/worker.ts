import { loadConfiguration } from '../../model/configuration.js';
import { SearchAttributeError, TemporalConnectionError, startWorker } from '../../workers/index.js';
import type { CommandContext } from '../command-context.js';
import { UsageError } from '../errors.js';
import { listenForInterruption } from '../interruption.js';

/**
 * `sluice worker`: works until SIGTERM or SIGINT, then drains; remote jobs go on and are found again by the next worker.
 * A second signal ends it at once. A drained worker is a success for SIGTERM, an interruption for SIGINT.
 */
export async function worker(context: CommandContext): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const interruption = listenForInterruption((signal) =>
    console.note(`${signal}: draining; a second one ends at once.`)
  );
  const started = await startWorker({ configuration, env, logLevel: 'info', shutdownGraceTime: '20s' }).catch(
    (error: unknown) => {
      if (error instanceof TemporalConnectionError || error instanceof SearchAttributeError) {
        throw new UsageError(error.message, undefined, { cause: error });
      }
      throw error;
    }
  );
  const { taskQueue } = configuration;
  console.note(`Working on task queue ${taskQueue} in namespace ${started.namespace}. SIGTERM drains.`);
  interruption.signal.addEventListener('abort', () => started.shutdown(), { once: true });
  const running = started.run();
  if (interruption.signal.aborted) started.shutdown();
  try {
    await running;
  } finally {
    interruption.dispose();
  }
  if (interruption.by() === 'SIGINT') await interruption.interrupted;
  console.document({ taskQueue, namespace: started.namespace, drained: true });
}
