import { SluiceClient } from '../index.js';
import type { CommandContext } from '../command-context.js';
import { listenForInterruption } from '../interruption.js';
import { createProgress } from '../output/progress.js';
import { count, table } from '../output/table.js';
import { loadSettings } from '../settings.js';

/**
 * `sluice archive`: moves what raw and lake hold to the archive buckets and waits for it. The document is `{"table",
 * "layers": {"raw": {"stamp", "objects", "bytes", "deleted", "changed"}, "lake": {…}}}`. Interrupting it leaves the
 * archive going.
 */
export async function archive(context: CommandContext, options: { readonly model?: string }): Promise<void> {
  const { console, env } = context;
  const { configuration, plan } = loadSettings(context, options.model);
  const interruption = listenForInterruption();
  const client = await SluiceClient.connect({ configuration, env });
  try {
    const result = await createProgress().step(`Archive ${plan.source.table}`, () =>
      client.archive(plan, interruption.signal)
    );
    const rows = Object.entries(result.layers).map(([layer, { stamp = '', objects, bytes, changed }]) => [
      layer,
      stamp,
      count(objects),
      count(bytes),
      count(changed),
    ]);
    console.print(table(['layer', 'generation', 'objects', 'bytes', 'changed meanwhile, left'], rows));
    console.document(result);
  } catch (error) {
    if (interruption.signal.aborted) console.note('The archive goes on without being watched.');
    throw error;
  } finally {
    await client.close();
    interruption.dispose();
  }
}
