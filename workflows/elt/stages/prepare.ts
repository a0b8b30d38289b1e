import type { SourceTable } from '../../../activities/dynamodb.js';
import { describeSource } from '../activities.js';
import { acquireLock } from '../lock.js';
import type { EltRun } from '../run.js';
import { setupTransactions } from '../setup-transactions.js';
import { executeWave } from '../transactions.js';
import { planExtent } from './windows.js';
import type { Extent } from './windows.js';

/** Checks the source before anything is touched, then brings the warehouse's schemas, tables and procedures up to date. */
export async function prepare(run: EltRun): Promise<{ readonly table: SourceTable; readonly extent: Extent }> {
  const { source } = run.input.plan;
  const table = await run.sheet.step(
    'prepare',
    'source',
    () =>
      describeSource.executeWithOptions({ summary: `check ${source.table}` }, [
        { ...run.at('prepare', 'source'), source },
      ]),
    { again: true }
  );
  if (run.durable) await run.sheet.step('prepare', 'lock', () => acquireLock(run), { again: true });
  const extent: Extent = run.input.incremental ? await planExtent(run, table) : { mode: 'full' };
  run.extent = extent;
  if (extent.mode === 'full' || extent.windows.length > 0 || extent.behind) await prepareWarehouse(run);
  return { table, extent };
}

/** Brings the warehouse's schemas, tables and procedures up to date: all that a load from the lake needs before it. */
export async function prepareWarehouse(run: EltRun): Promise<void> {
  const { setup } = run.input.plan;
  for (const transaction of setupTransactions(setup)) await executeWave(run, 'prepare', [transaction]);
}
