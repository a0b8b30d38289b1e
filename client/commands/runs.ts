import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { SluiceClient } from '../index.js';
import { count, duration, table } from '../output/table.js';

/** Options of `sluice runs`. */
export interface RunsOptions {
  readonly table?: string;
  readonly limit: number;
}

/** `sluice runs`: lists runs, the latest first. The document is `{"runs": [RunSummary]}`. */
export async function runs(context: CommandContext, options: RunsOptions): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const found = await client.listRuns(options);
    const rows = found.map((run) => [
      run.runKey,
      run.table,
      run.status,
      run.status === 'COMPLETED' ? '' : run.stage,
      run.startedAt.slice(0, 19).replace('T', ' '),
      run.endedAt === undefined ? '' : duration((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000),
      run.historyEvents > 0 ? count(run.historyEvents) : '',
      run.workflowId,
    ]);
    const head = ['run key', 'table', 'status', 'stage', 'started (UTC)', 'took', 'events', 'workflow'];
    console.print(found.length === 0 ? 'No run is there yet.' : table(head, rows));
    console.document({ runs: found });
  } finally {
    await client.close();
  }
}
