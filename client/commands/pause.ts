import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { SluiceClient } from '../index.js';
import { operatorName } from '../operator.js';

/** Options of `sluice pause`. */
export interface PauseOptions {
  readonly reason?: string;
  readonly by?: string;
}

/**
 * `sluice pause RUN`: lets the run stand still when its present stage has ended. The document is `{"runKey",
 * "workflowId", "paused": PauseState}`.
 */
export async function pause(context: CommandContext, run: string, options: PauseOptions): Promise<void> {
  const { console, env } = context;
  const by = operatorName(options.by, env);
  const configuration = loadConfiguration({ file: context.configFile, env });
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const { runKey, workflowId } = await client.findRunSummary(run);
    const paused = await client.pause(workflowId, { by, reason: options.reason });
    const when = paused.holding ? 'stands still' : 'stands still when its present stage has ended';
    console.print(`Run ${runKey} ${when}, by ${paused.by}. \`sluice resume ${runKey}\` lets it go on.`);
    console.document({ runKey, workflowId, paused });
  } finally {
    await client.close();
  }
}
