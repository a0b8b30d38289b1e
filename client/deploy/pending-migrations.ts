import { messageOf } from '../errors.js';
import type { Settings } from '../settings.js';
import { openWarehouse } from '../warehouse.js';
import { readChanges } from './warehouse-changes.js';
import type { WarehouseChanges } from './warehouse-changes.js';

/** What `sluice deploy-assets` would do to the warehouse now; `unknown` where it could not be asked. */
export type PendingMigrations =
  | ({ readonly kind: 'known' } & Pick<WarehouseChanges, 'newTables' | 'migrations' | 'refusals'>)
  | { readonly kind: 'unknown'; readonly reason: string };

const patienceMs = 10_000;

/** Compares the live warehouse with the plan. Only reads, gives up after 10 s, and never throws. */
export async function pendingMigrations(settings: Settings, env: NodeJS.ProcessEnv): Promise<PendingMigrations> {
  const warehouse = openWarehouse(settings.configuration.deployment.redshift, env);
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const { newTables, migrations, refusals } = await readChanges(warehouse, settings.plan, settings.model, { signal });
    return { kind: 'known', newTables, migrations, refusals };
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) };
  } finally {
    warehouse.close();
  }
}

/** For people: SQL with the rest as comments. */
export function migrationLines(pending: PendingMigrations): string[] {
  const title = 'Migrations of the warehouse, by `sluice deploy-assets`';
  const head = ['', `-- ${title}`, `-- ${'-'.repeat(title.length)}`];
  if (pending.kind === 'unknown') return [...head, `-- not known, ${pending.reason.split('\n')[0] ?? ''}`];
  const { newTables, migrations, refusals } = pending;
  if (newTables.length + migrations.length + refusals.length === 0)
    return [...head, '-- none: the tables are as the model says'];
  return [
    ...head,
    ...(newTables.length === 0 ? [] : [`-- New tables, made by the set-up: ${newTables.join(', ')}`]),
    ...refusals.map(({ message }) => `-- Refused: ${message}`),
    ...migrations.flatMap(({ statements }) => statements.map(({ name, sql }) => `-- ${name}\n${sql};`)),
  ];
}
