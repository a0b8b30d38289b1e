import { resolve } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { awsSettings } from '../../workers/aws-settings.js';
import { readFaultScript } from '../../local/environment/index.js';
import type { CommandContext } from '../command-context.js';
import { sampleItemsOf } from '../items/sample-items.js';
import { listenForInterruption } from '../interruption.js';
import { exportLines } from '../environment/running.js';
import { putJobScripts } from '../environment/put-job-scripts.js';
import { startLocalStack } from '../environment/stack.js';
import type { LocalStack } from '../environment/stack.js';
import { createProgress } from '../output/progress.js';
import type { Progress } from '../output/progress.js';
import { count } from '../output/table.js';
import { sampleDataModule } from '../project-files.js';
import { loadSettings } from '../settings.js';

/** Options of `sluice up`. */
export interface UpOptions {
  readonly worker: boolean;
  readonly data?: string;
  readonly host: string;
  readonly allowHost?: string[];
  readonly port?: number;
  readonly warehouse?: string;
  readonly model?: string;
  readonly faults?: string;
}

/** Sample items that a new table is loaded with. */
const sampleItems = 5_000;

/**
 * `sluice up`: starts the local environment and stays until interrupted or stopped by `sluice down` (SIGTERM), which is
 * a success. Faults begin once the environment is ready and loaded. The document comes once everything answers: `{"env", "temporalUi", "warehouse", "data"}`.
 */
export async function up(context: CommandContext, options: UpOptions): Promise<void> {
  const { console, env } = context;
  const { configuration, plan, modelFile } = loadSettings(context, options.model);
  const faults = options.faults === undefined ? [] : readFaultScript(resolve(options.faults));
  const generate = sampleDataModule(modelFile) === undefined ? undefined : await sampleItemsOf(modelFile);
  const interruption = listenForInterruption((signal) =>
    console.note(`${signal}: stopping; a second one ends at once.`)
  );
  const progress = createProgress();
  let stack: LocalStack | undefined;
  let starting = true;
  try {
    stack = await progress.step('Start the local environment', (step) =>
      startLocalStack({
        plan,
        configuration,
        kind: 'up',
        dataFolder: options.data === undefined ? undefined : resolve(options.data),
        ports: { aws: options.port },
        host: options.host,
        allowedHosts: options.allowHost,
        warehouseUrl: options.warehouse,
        env,
        worker: options.worker,
        onEvent: (line) => (starting ? step.report(line) : console.note(line)),
        signal: interruption.signal,
      })
    );
    const ends = Promise.race([stack.failed, interruption.interrupted]);
    ends.catch(() => undefined);
    if (generate !== undefined) {
      const items = generate({ items: sampleItems });
      await Promise.race([loadOnFirstUse(stack, plan.source.table, items, progress, interruption.signal), ends]);
    }
    const { environment } = stack;
    await putJobScripts(stack.env, plan);
    starting = false;
    environment.faults.set(faults);
    console.print(
      [
        `Temporal Web UI   ${environment.temporalUi ?? '(of your own server)'}`,
        `AWS endpoint      ${environment.env.AWS_ENDPOINT_URL}`,
        `Warehouse         ${environment.warehouse}`,
        `Data              ${environment.data}`,
        '',
        exportLines({ ...environment.env }),
        '',
        'Running until Ctrl-C or `sluice down`.',
      ].join('\n')
    );
    const { temporalUi, warehouse, data } = environment;
    console.document({ env: environment.env, temporalUi, warehouse, data });
    await ends;
  } catch (error) {
    if (interruption.by() !== 'SIGTERM' || stack === undefined) throw error;
  } finally {
    await stack?.stop();
    interruption.dispose();
  }
}

async function loadOnFirstUse(
  stack: LocalStack,
  table: string,
  items: ReturnType<Awaited<ReturnType<typeof sampleItemsOf>>>,
  progress: Progress,
  signal: AbortSignal
): Promise<void> {
  const dynamodb = new DynamoDBClient(awsSettings(stack.env));
  try {
    const { Count } = await dynamodb.send(new ScanCommand({ TableName: table, Limit: 1, Select: 'COUNT' }));
    if (Count !== 0) return;
  } finally {
    dynamodb.destroy();
  }
  await progress.step(`Load the table ${table} with sample items`, async (step) => {
    const loaded = await stack.environment.loadItems(items, {
      onProgress: (written) => step.bar(written, sampleItems),
      signal,
    });
    step.title(`Loaded the table ${table} with ${count(loaded.items)} sample items`);
  });
}
