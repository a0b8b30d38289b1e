import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfiguration } from '../../model/configuration.js';
import { compile, loadModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { BatchProgress } from '../../workflows/index.js';
import type { BatchOptions, StartedBatch } from '../batch-control.js';
import type { CommandContext } from '../command-context.js';
import { BatchFailedError, UsageError, messageOf, reportOf } from '../errors.js';
import { checkGates } from '../gate-rulesets.js';
import { SluiceClient } from '../index.js';
import { listenForInterruption } from '../interruption.js';
import { createProgress } from '../output/progress.js';
import { chosenRunKey } from '../run-key.js';
import { runLink } from '../temporal-ui.js';

/**
 * `sluice run batch`: compiles all models, and starts a run of each under one key, so many at a time. The document is
 * `{"runKey", "workflowId", "status", "alreadyRan", "runs": [{"model", "workflowId"}], "temporalUi"}`, of a batch that
 * has ended also `{"completed", "failed", "alreadyStarted", "failures": [{"workflowId", "message"}]}`. Ends with exit
 * code 1 when a run failed. A model that is not usable ends the command before anything is started. Interrupting the
 * watch leaves the batch alone.
 */
export async function runBatch(
  context: CommandContext,
  given: readonly string[],
  options: BatchOptions & { readonly watch?: boolean }
): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const plans = compileAll(given.flatMap(modelFiles));
  chosenRunKey(options); // one that cannot be is told before anything is asked of a server
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    let batch = await client.batches.start(plans, options);
    const { workflowId, runKey } = batch;
    const temporalUi = await runLink(env, workflowId);
    console.note(
      batch.alreadyRan
        ? `A batch ${runKey} of these models was there already: ${batch.status}. A new one needs --fresh or another --run-key.`
        : `Started ${plans.length} run(s) of key ${runKey}.`
    );
    console.print(`Workflow  ${workflowId}${temporalUi === undefined ? '' : `\nWeb UI    ${temporalUi}`}`);
    if (options.watch !== true && batch.status === 'RUNNING') {
      console.document({ ...batch, temporalUi });
      return;
    }
    const title = `Run ${plans.length} models`;
    await createProgress().step(title, async (step) => {
      for await (const progress of client.batches.watch(workflowId, interruption.signal)) {
        if (progress !== undefined) step.bar(endedOf(progress), plans.length, `${progress.failed} failed`);
      }
    });
    const result = await client.batches.result(workflowId, interruption.signal);
    batch = { ...batch, status: 'COMPLETED' };
    report(context, batch, result, temporalUi);
  } catch (error) {
    if (interruption.signal.aborted) console.note('The batch goes on without being watched.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}

const endedOf = ({ completed, failed, alreadyStarted }: BatchProgress): number => completed + failed + alreadyStarted;

function report(
  { console }: CommandContext,
  batch: StartedBatch,
  { completed, failed, alreadyStarted, failures }: BatchProgress,
  temporalUi: string | undefined
): void {
  const document = { ...batch, completed, failed, alreadyStarted, failures, temporalUi };
  for (const { workflowId, message } of failures) console.print(`${workflowId}: ${message}`);
  if (alreadyStarted > 0) console.note(`${alreadyStarted} run(s) were there already: \`sluice runs\` lists them.`);
  if (failed > 0) {
    const message = `${failed} of ${batch.runs.length} runs failed; \`sluice resume\` goes on with each.`;
    throw new BatchFailedError(message, document);
  }
  console.note(`${completed} run(s) completed.`);
  console.document(document);
}

/** The file itself, or the models in a folder: every .yaml and .yml but sluice.yaml, in the order of their names. */
function modelFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [resolve(path)];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name) && !/^sluice\.ya?ml$/.test(name));
    if (names.length === 0) throw new UsageError(`${path}: the folder has no model (*.yaml).`);
    return names.sort().map((name) => resolve(join(path, name)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** @throws UsageError with every problem of every file. */
function compileAll(files: readonly string[]): WarehousePlan[] {
  const problems: string[] = [];
  const plans: WarehousePlan[] = [];
  for (const file of new Set(files)) {
    try {
      const plan = compile(loadModel(file));
      checkGates(plan);
      plans.push(plan);
    } catch (error) {
      const { message, problems: found = [message] } = reportOf(error);
      problems.push(...found.map((problem) => `${file}: ${problem}`));
    }
  }
  if (problems.length > 0) throw new UsageError('Not every model is usable; nothing was started', problems);
  return plans;
}
