import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { messageOf } from '../errors.js';
import { SluiceClient } from '../index.js';
import { count, duration, table } from '../output/table.js';
import { RunHistory, mergeRuns } from '../run-history.js';
import type { RunFilter } from '../run-types.js';

/** Options of `sluice runs`. */
export interface RunsOptions extends RunFilter {
  readonly limit: number;
}

/**
 * `sluice runs`: lists runs, the latest first, from Temporal and from the warehouse's record of older ones. The document
 * is `{"runs": [RunSummary]}`, with `"unreachable": [reason]` when one of the two did not answer.
 */
export async function runs(context: CommandContext, options: RunsOptions): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const history = new RunHistory(configuration, env);
  let client: SluiceClient | undefined;
  try {
    const [temporal, warehouse] = await Promise.allSettled([
      SluiceClient.connect({ configuration, env }).then((connected) => (client = connected).listRuns(options)),
      history.list(options),
    ]);
    if (temporal.status === 'rejected' && warehouse.status === 'rejected') throw temporal.reason;
    const unreachable = [
      ...(temporal.status === 'rejected' ? [`Only runs that have ended are shown: ${messageOf(temporal.reason)}`] : []),
      ...(warehouse.status === 'rejected'
        ? [`Only runs that Temporal keeps are shown; the warehouse cannot be read: ${messageOf(warehouse.reason)}`]
        : []),
    ];
    for (const reason of unreachable) console.note(reason);
    const found = mergeRuns(
      temporal.status === 'fulfilled' ? temporal.value : [],
      warehouse.status === 'fulfilled' ? warehouse.value : [],
      options.limit
    );
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
    console.document({ runs: found, ...(unreachable.length > 0 && { unreachable }) });
  } finally {
    history.close();
    await client?.close();
  }
}
