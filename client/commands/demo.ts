import { randomBytes } from 'node:crypto';
import type { CommandContext } from '../command-context.js';
import { demoItems } from '../demo-items.js';
import type { DemoItems } from '../demo-items.js';
import { demoDocument, printDemo } from '../demo-result.js';
import type { DemoDocument } from '../demo-result.js';
import { RunFailedError, failedRun } from '../errors.js';
import { SluiceClient } from '../index.js';
import { listenForInterruption } from '../interruption.js';
import { exportLines } from '../environment/running.js';
import { startLocalStack } from '../environment/stack.js';
import type { LocalStack } from '../environment/stack.js';
import { createProgress } from '../output/progress.js';
import type { Progress } from '../output/progress.js';
import { count } from '../output/table.js';
import type { StartedRun } from '../run-types.js';
import { loadSettings } from '../settings.js';
import type { Settings } from '../settings.js';
import { showStages } from '../show-stages.js';
import { linkOf } from '../temporal-ui.js';

/** Options of `sluice demo`. */
export interface DemoOptions {
  readonly items?: string;
  readonly scale: number;
  readonly model?: string;
  readonly keep?: boolean;
}

/**
 * `sluice demo`: the whole pipeline on this machine, once; then everything is stopped, also after a failure or an
 * interruption. Model and items are checked before anything starts. The document is a {@link DemoDocument}.
 */
export async function demo(context: CommandContext, options: DemoOptions): Promise<void> {
  const { console, env } = context;
  const settings = loadSettings(context, options.model);
  const interruption = listenForInterruption((signal) =>
    console.note(`${signal}: stopping; a second one ends at once.`)
  );
  const { signal } = interruption;
  const progress = createProgress();
  let stack: LocalStack | undefined;
  try {
    const source = { file: options.items, modelFile: settings.modelFile, scale: options.scale };
    const items = await demoItems(source, settings.plan.source, progress, signal);
    stack = await progress.step('Start the local AWS, a Temporal server and a worker', (step) =>
      startLocalStack({
        plan: settings.plan,
        configuration: demoConfiguration(settings, env),
        kind: 'demo',
        env,
        worker: true,
        onEvent: (line) => step.report(line),
        signal,
      })
    );
    const ends = Promise.race([stack.failed, interruption.interrupted]);
    ends.catch(() => undefined);
    const document = await Promise.race([runDemo(stack, settings, items, progress, signal), ends]);
    printDemo(console, settings.plan, document);
    if (options.keep === true) tellHowToUse(context, stack);
    console.document(document);
    if (options.keep === true) await ends;
  } finally {
    await stack?.stop();
    interruption.dispose();
  }
}

/** A Temporal server of the user's own may have other workers on the usual queue, which know nothing of this AWS. */
function demoConfiguration({ configuration }: Settings, env: NodeJS.ProcessEnv): Settings['configuration'] {
  if (!env.TEMPORAL_ADDRESS) return configuration;
  return { ...configuration, taskQueue: `${configuration.taskQueue}-demo-${randomBytes(4).toString('hex')}` };
}

async function runDemo(
  stack: LocalStack,
  { plan }: Settings,
  items: DemoItems,
  progress: Progress,
  signal: AbortSignal
): Promise<DemoDocument> {
  const { environment, configuration, env } = stack;
  await progress.step(`Load the table ${plan.source.table}`, async (step) => {
    const loaded = await environment.loadItems(items.read(), {
      onProgress: (written) => step.bar(written, items.expected),
      signal,
    });
    step.title(`Loaded ${count(loaded.items)} items into the table ${plan.source.table}`);
  });
  const client = await SluiceClient.connect({ configuration, env });
  let run: StartedRun | undefined;
  try {
    run = await client.startElt(plan, { fresh: true });
    const { workflowId } = run;
    run = { ...run, status: await showStages(progress, client.watch(workflowId, signal)) };
    return await demoDocument(client, plan, workflowId, environment.temporalUi, signal);
  } catch (error) {
    throw error instanceof RunFailedError ? failedRun(error, `The run failed: ${error.message}`, run) : error;
  } finally {
    await client.close().catch(() => undefined);
  }
}

function tellHowToUse({ console }: CommandContext, { environment, configuration }: LocalStack): void {
  const { temporalUi, env, warehouse } = environment;
  const lines = [
    '',
    'Everything is left running until Ctrl-C. To use it from another shell:',
    '',
    exportLines({ ...env }),
    '',
    `sluice query 'SELECT …'    psql ${warehouse}`,
    ...(temporalUi === undefined ? [] : [linkOf(temporalUi, env.TEMPORAL_NAMESPACE, '').replace(/\/$/, '')]),
    ...(configuration.taskQueue === 'sluice' ? [] : [`Task queue of its worker: ${configuration.taskQueue}`]),
  ];
  console.note(lines.join('\n'));
}
