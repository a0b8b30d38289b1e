import { resolve } from 'node:path';
import { findRunningEnvironments, stopRunningEnvironment } from '../../local/environment/registry.js';
import type { CommandContext } from '../command-context.js';
import { createProgress } from '../output/progress.js';

/** Options of `sluice down`. */
export interface DownOptions {
  readonly data?: string;
}

/**
 * `sluice down`: stops the environments that `sluice up` runs for this user, or the one on a data folder. The document
 * is `{"stopped": [{"pid", "data"}]}`; finding nothing to stop is a success.
 */
export async function down(context: CommandContext, options: DownOptions): Promise<void> {
  const { console, env } = context;
  const data = options.data === undefined ? undefined : resolve(options.data);
  const running = (await findRunningEnvironments(env)).filter(
    (environment) => environment.kind === 'up' && (data === undefined || environment.data === data)
  );
  const progress = createProgress();
  for (const environment of running) {
    await progress.step(`Stop the environment on ${environment.data}`, () =>
      stopRunningEnvironment(environment, { env })
    );
  }
  if (running.length === 0)
    console.print(data === undefined ? 'Nothing is running.' : `Nothing is running on ${data}.`);
  else console.print(`Stopped: ${running.map((environment) => environment.data).join(', ')}`);
  console.document({ stopped: running.map(({ pid, data: folder }) => ({ pid, data: folder })) });
}
