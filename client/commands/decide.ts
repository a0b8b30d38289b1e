import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { SluiceClient } from '../index.js';
import { readRuleset } from '../quality/ruleset-file.js';
import { operatorName } from '../operator.js';

/** Options of `sluice approve` and `sluice reject`. */
export interface DecideOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly name?: string;
  /** DQDL file that takes the place of a recommended ruleset. */
  readonly ruleset?: string;
}

/** `sluice approve RUN`: approves what the run asks. The document is `{"runKey", "workflowId", "decision"}`. */
export async function approve(context: CommandContext, run: string, options: DecideOptions): Promise<void> {
  await decide(context, run, true, options);
}

/** `sluice reject RUN`: rejects what the run asks. The document is that of `sluice approve`. */
export async function reject(context: CommandContext, run: string, options: DecideOptions): Promise<void> {
  await decide(context, run, false, options);
}

async function decide(context: CommandContext, run: string, approved: boolean, options: DecideOptions): Promise<void> {
  const { console, env } = context;
  const { reason, name, ruleset } = options;
  const edited = ruleset === undefined ? undefined : readRuleset(ruleset, console);
  const by = operatorName(options.by, env);
  const configuration = loadConfiguration({ file: context.configFile, env });
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const { runKey, workflowId } = await client.findRunSummary(run);
    if (edited !== undefined) await client.quality.edit(workflowId, edited.text, by);
    const decision = await client.decide(workflowId, approved, { by, reason, name });
    const verb = decision.approved ? 'approved' : 'rejected';
    console.print(`${decision.name} of run ${runKey || workflowId} is ${verb} by ${decision.by} since ${decision.at}.`);
    console.document({ runKey, workflowId, decision });
  } finally {
    await client.close();
  }
}
