import type { SourceTable } from '../../../activities/dynamodb.js';
import { describeSource } from '../activities.js';
import { acquireLock } from '../lock.js';
import type { EltRun } from '../run.js';
import { setupTransactions } from '../setup-transactions.js';
import { executeWave } from '../transactions.js';

/** Checks the source before anything is touched, then brings the warehouse's schemas, tables and procedures up to date. */
export async function prepare(run: EltRun): Promise<SourceTable> {
  const { source, setup } = run.input.plan;
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
  for (const transaction of setupTransactions(setup)) await executeWave(run, 'prepare', [transaction]);
  return table;
}
