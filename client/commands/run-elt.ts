import { SluiceClient } from '../index.js';
import type { CommandContext } from '../command-context.js';
import { drawGates } from '../draw-gates.js';
import { RunFailedError, failedRun } from '../errors.js';
import { listenForInterruption } from '../interruption.js';
import { createProgress } from '../output/progress.js';
import { count, table } from '../output/table.js';
import type { EltResult } from '../../workflows/index.js';
import { chosenRunKey } from '../run-key.js';
import type { StartedRun } from '../run-types.js';
import { loadSettings } from '../settings.js';
import { showStages } from '../show-stages.js';
import { runLink } from '../temporal-ui.js';

/** Options of `sluice run elt`. */
export interface RunEltOptions {
  readonly model?: string;
  readonly runKey?: string;
  readonly fresh?: boolean;
  readonly incremental?: boolean;
  readonly watch?: boolean;
}

/**
 * `sluice run elt`: starts the run of a key or reports the one that is there. The document is `{"runKey", "workflowId",
 * "status", "alreadyRan", "temporalUi"}`, with `--watch` also the run's result. A run that has failed, now or before,
 * ends the command with exit code 1. Interrupting the watch leaves the run alone.
 */
export async function runElt(context: CommandContext, options: RunEltOptions): Promise<void> {
  const { console, env } = context;
  const { configuration, plan } = loadSettings(context, options.model);
  chosenRunKey(options); // one that cannot be is told before anything is asked of a server
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  let run: StartedRun | undefined;
  try {
    run = await client.startElt(plan, options);
    const { workflowId } = run;
    const temporalUi = await runLink(env, workflowId);
    const verb = run.alreadyRan ? `Run ${run.runKey} was there already: ${run.status}.` : `Started run ${run.runKey}.`;
    const ended = !['RUNNING', 'COMPLETED'].includes(run.status);
    const next = ended ? `\`sluice resume ${run.runKey}\` goes on with it; a` : 'A';
    console.note(run.alreadyRan ? `${verb} ${next} new one needs --fresh or another --run-key.` : verb);
    console.print(`Workflow  ${workflowId}${temporalUi === undefined ? '' : `\nWeb UI    ${temporalUi}`}`);
    if (options.watch !== true && ['RUNNING', 'COMPLETED'].includes(run.status)) {
      console.document({ ...run, temporalUi });
      return;
    }
    const status = await showStages(createProgress(), client.watch(workflowId, interruption.signal));
    run = { ...run, status };
    if (status !== 'COMPLETED')
      console.note(
        `The run ended as ${status}; \`sluice show ${run.runKey}\` tells more, and \`sluice resume\` goes on with it.`
      );
    const result = await client.result(workflowId, interruption.signal);
    for (const line of reachOf(result)) console.note(line);
    console.print(
      table(
        ['table', 'rows'],
        Object.entries(result.tables).map(([name, rows]) => [name, count(rows)])
      )
    );
    if (result.gates !== undefined) console.print(drawGates(result.gates));
    console.document({ ...run, ...result, temporalUi });
  } catch (error) {
    if (interruption.signal.aborted) console.note('The run goes on without being watched.');
    throw error instanceof RunFailedError ? failedRun(error, `The run failed: ${error.message}`, run) : error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}

/** What an incremental run says of what it exported. */
function reachOf({ mode, windows, reason, gap }: EltResult): string[] {
  if (gap !== undefined) return [`PITR_GAP: ${gap.reason}. The whole table was exported instead.`];
  if (reason !== undefined) return [`The whole table was exported: ${reason}.`];
  if (mode !== 'incremental') return [];
  const [first] = windows;
  if (first === undefined) return ['Nothing is due: the last load is less than 15 minutes ago. Nothing was changed.'];
  return [`Exported the changes from ${first.from} to ${windows.at(-1)?.to}, ${windows.length} window(s).`];
}
