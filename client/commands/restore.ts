import { SluiceClient } from '../index.js';
import type { CommandContext } from '../command-context.js';
import { listenForInterruption } from '../interruption.js';
import { createProgress } from '../output/progress.js';
import { count, table } from '../output/table.js';
import { loadSettings } from '../settings.js';
import { timeOption } from '../time-option.js';

/** Options of `sluice restore`. */
export interface RestoreCommandOptions {
  readonly model?: string;
  readonly at?: string;
  readonly overwrite?: boolean;
  readonly reload?: boolean;
}

/**
 * `sluice restore`: brings a generation of raw and lake back and waits for it. The document is `{"table", "stamp",
 * "layers": {"raw": {"objects", "bytes"}, "lake": {…}}}`, with `replaced` when something was archived first and
 * `reloaded`, the result of the load, with `--reload`. Without `--overwrite`, other objects in raw or lake end it with
 * exit code 2 and nothing changed. Interrupting it leaves the restore going.
 */
export async function restore(context: CommandContext, options: RestoreCommandOptions): Promise<void> {
  const { console, env } = context;
  const { overwrite, reload } = options;
  const at = timeOption('--at', options.at);
  const { configuration, plan } = loadSettings(context, options.model);
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const result = await createProgress().step(`Restore ${plan.source.table}`, () =>
      client.restore(plan, { ...(at && { at }), overwrite, reload }, interruption.signal)
    );
    console.print(`Generation  ${result.stamp}`);
    const rows = Object.entries(result.layers).map(([layer, { objects, bytes }]) => [
      layer,
      count(objects),
      count(bytes),
    ]);
    console.print(table(['layer', 'objects', 'bytes'], rows));
    if (result.reloaded !== undefined) {
      const loaded = Object.entries(result.reloaded.tables).map(([name, n]) => [name, count(n)]);
      console.print(table(['table', 'rows'], loaded));
    }
    console.document(result);
  } catch (error) {
    if (interruption.signal.aborted) console.note('The restore goes on without being watched.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}
