import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { EltRun } from './run.js';

/** Workflow id of the lock of a warehouse: one for each database of a workgroup or cluster. */
export function lockIdOf({ redshift: { workgroup, cluster, database } }: Pick<Deployment, 'redshift'>): string {
  return `lock-${workgroup === undefined ? `cluster-${cluster}` : `workgroup-${workgroup}`}-${database}`;
}

/** Everything that a run replaces or merges into: the source table's prefix of the lake, and tables of the warehouse. */
export function writtenBy(plan: WarehousePlan, { buckets }: Pick<Deployment, 'buckets'>): string[] {
  const called = (schema: string, waves: WarehousePlan['staging']): string[] =>
    waves.flat().map(({ name }) => `${schema}.${name}`);
  const tables = [
    ...plan.entities.map(({ spec }) => spec.target),
    ...called('staging', plan.staging),
    ...called('dwh', plan.dimensions),
    ...called('dwh', plan.facts),
  ];
  return [`s3://${buckets.lake}/${plan.source.table}/`, ...new Set(tables)];
}

/** Waits until no other run writes to what this one does. */
export async function acquireLock(run: EltRun): Promise<void> {
  const { plan, deployment } = run.input;
  await run.lock.acquire(run.at('prepare', 'lock'), lockIdOf(deployment), writtenBy(plan, deployment));
}
