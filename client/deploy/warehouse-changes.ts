import { createHash } from 'node:crypto';
import { canonicalJson } from '../../model/canonical-json.js';
import { liveColumnsSql, liveTables } from '../../model/migration/live-columns.js';
import { planMigrations } from '../../model/migration/plan-migrations.js';
import type { MigrationPlan } from '../../model/migration/plan-migrations.js';
import { tableDefinitions } from '../../model/migration/table-definition.js';
import type { SqlStatement, WarehousePlan } from '../../model/plan.js';
import { assetsTable, recordAssets, selectAssets } from '../../model/sql/assets.js';
import type { WarehouseModel } from '../../model/warehouse-model.js';
import { RunFailedError } from '../errors.js';
import { projectVersion } from '../project-files.js';
import type { WarehouseQuery } from '../warehouse-query.js';

/** What a warehouse needs before runs of a plan can load it. */
export interface WarehouseChanges extends MigrationPlan {
  /** Whether schemas, tables and procedures are those of the plan as it was deployed last. */
  readonly setupIsCurrent: boolean;
}

// Limits of BatchExecuteStatement: 40 statements, 100 KB of text.
const maximumStatements = 40;
const maximumBytes = 90_000;

const setupHash = (setup: WarehousePlan['setup']): string =>
  createHash('sha256').update(canonicalJson(setup)).digest('hex');

/** Compares the live warehouse with a plan; only reads. */
export async function readChanges(
  warehouse: WarehouseQuery,
  plan: WarehousePlan,
  model: WarehouseModel,
  options: { readonly leave?: readonly string[]; readonly signal?: AbortSignal } = {}
): Promise<WarehouseChanges> {
  const tables = [...tableDefinitions(plan.setup.map(({ sql }) => sql)), ...tableDefinitions([assetsTable.sql])];
  const live = liveTables((await warehouse.query(liveColumnsSql(tables), options.signal)).rows);
  const migrations = planMigrations(plan, model, live, options.leave);
  const deployed = live.has('sluice.assets')
    ? (await warehouse.query(selectAssets(plan.name), options.signal)).rows.map(([hash]) => hash)
    : [];
  const { newTables, migrations: pending } = migrations;
  const setupIsCurrent =
    newTables.length === 0 && pending.length === 0 && deployed.length === 1 && deployed[0] === setupHash(plan.setup);
  return { ...migrations, setupIsCurrent };
}

/** Statements in their order, in groups that one BatchExecuteStatement takes. */
function batches(statements: readonly SqlStatement[]): SqlStatement[][] {
  const groups: SqlStatement[][] = [];
  let room = 0;
  for (const statement of statements) {
    const bytes = Buffer.byteLength(statement.sql);
    const last = groups.at(-1);
    if (last !== undefined && last.length < maximumStatements && bytes <= room) last.push(statement);
    else {
      groups.push([statement]);
      room = maximumBytes;
    }
    room -= bytes;
  }
  return groups;
}

/**
 * Applies changes: migrations one by one, each whole or not at all; then the set-up statements. When it is cut short, a
 * repeat goes on with what is left.
 * @throws RunFailedError with the database's message, and what it was about
 */
export async function applyChanges(
  warehouse: WarehouseQuery,
  plan: WarehousePlan,
  changes: WarehouseChanges,
  options: { readonly signal?: AbortSignal; readonly progress?: (title: string) => void } = {}
): Promise<void> {
  const { signal, progress = () => undefined } = options;
  for (const { title, transaction, statements } of changes.migrations) {
    progress(title);
    const sqls = statements.map(({ sql }) => sql);
    try {
      if (transaction) await warehouse.transaction(sqls, signal);
      else for (const sql of sqls) await warehouse.query(sql, signal);
    } catch (error) {
      if (!(error instanceof RunFailedError)) throw error;
      const differs = /divi\w+ by zero/i.test(error.message);
      const reason = differs ? 'a copied value differs from its original' : error.message;
      throw new RunFailedError(`Could not ${title}: ${reason}. The column is as it was; run the command again.`, {
        cause: error,
      });
    }
  }
  if (changes.setupIsCurrent) return;
  progress('schemas, tables and procedures');
  const record = recordAssets(plan.name, setupHash(plan.setup), projectVersion());
  for (const group of batches([...plan.setup, assetsTable, ...changes.afterwards, ...record])) {
    await warehouse.transaction(
      group.map(({ sql }) => sql),
      signal
    );
  }
}
