import type { CommandContext } from '../command-context.js';
import { RunFailedError, failedRun } from '../errors.js';
import { SluiceClient } from '../index.js';
import { listenForInterruption } from '../interruption.js';
import { operatorName } from '../operator.js';
import { createProgress } from '../output/progress.js';
import { loadSettings } from '../settings.js';
import { showStages } from '../show-stages.js';
import { runLink } from '../temporal-ui.js';

/** Options of `sluice resume`. */
export interface ResumeOptions {
  readonly model?: string;
  readonly reason?: string;
  readonly by?: string;
  readonly watch?: boolean;
}

/**
 * `sluice resume RUN`: lets a paused run go on, or goes on with one that failed, was cancelled or was terminated, from
 * the stage that it ended in. The document is `{"runKey", "workflowId", "status", "temporalUi"}` with the pause that was
 * ended or, under `--watch`, the run's result. A run that fails ends the command with exit code 1.
 */
export async function resume(context: CommandContext, run: string, options: ResumeOptions): Promise<void> {
  const { console, env } = context;
  const by = operatorName(options.by, env);
  const { configuration, plan } = loadSettings(context, options.model);
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const started = await client.resume(run, { by, reason: options.reason }, () => plan);
    const { runKey, workflowId, paused } = started;
    const temporalUi = await runLink(env, workflowId);
    const document = { runKey, workflowId, status: started.status, paused, temporalUi };
    console.note(paused ? `Run ${runKey}, paused by ${paused.by}, goes on.` : `Resumed run ${runKey}.`);
    console.print(`Workflow  ${workflowId}${temporalUi === undefined ? '' : `\nWeb UI    ${temporalUi}`}`);
    if (options.watch !== true) {
      console.document(document);
      return;
    }
    const status = await showStages(createProgress(), client.watch(workflowId, interruption.signal));
    const result = await client.result(workflowId, interruption.signal).catch((error: unknown) => {
      if (!(error instanceof RunFailedError)) throw error;
      throw failedRun(error, `The run failed: ${error.message}`, { ...started, status });
    });
    console.document({ ...document, ...result, status });
  } catch (error) {
    if (interruption.signal.aborted) console.note('The run goes on without being watched.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}
