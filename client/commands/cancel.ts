import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { RunFailedError } from '../errors.js';
import { SluiceClient } from '../index.js';
import { listenForInterruption } from '../interruption.js';
import { createProgress } from '../output/progress.js';
import { showStages } from '../show-stages.js';

/** Options of `sluice cancel`. */
export interface CancelOptions {
  readonly wait?: boolean;
}

/**
 * `sluice cancel RUN`: asks the run to stop its remote jobs and to end. The document is `{"runKey", "workflowId",
 * "status", "notes"}`; the status is `RUNNING` unless `--wait` was given and the run has ended. With `--wait`, a run that
 * ended FAILED ends the command with exit code 1; one that completed meanwhile does not.
 */
export async function cancel(context: CommandContext, run: string, options: CancelOptions): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const { runKey, workflowId, status: before } = await client.cancel(run);
    if (before === 'CANCELLED') console.note(`Run ${runKey} was cancelled before.`);
    else console.note(`Asked run ${runKey} to end; its remote jobs are stopped first.`);
    if (options.wait === true && before === 'RUNNING') {
      await showStages(createProgress(), client.watch(workflowId, interruption.signal));
    }
    const { status, progress, failure } = await client.describeRun(workflowId);
    const steps = progress?.stages.flatMap((stage) => stage.steps) ?? [];
    const notes = steps.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
    for (const note of notes) console.note(note);
    if (options.wait === true && status === 'FAILED') {
      throw new RunFailedError(`The run failed instead: ${failure}`, {
        run: { runKey, workflowId, status, alreadyRan: true },
      });
    }
    console.print(`Run ${runKey}: ${status}`);
    console.document({ runKey, workflowId, status, notes });
  } catch (error) {
    if (interruption.signal.aborted) console.note('The run ends without being watched.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}
