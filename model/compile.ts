import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { CallPlan, EntityPlan, ItemTypePlan, SqlStatement, WarehousePlan } from './plan.js';
import { typeSql } from './redshift-type.js';
import { loadDimension } from './sql/load-dimension.js';
import { loadFact } from './sql/load-fact.js';
import { loadVersions } from './sql/load-versions.js';
import { mergeDimension } from './sql/merge-dimension.js';
import { mergeFact } from './sql/merge-fact.js';
import { counts, report, unknownMembers, watermark } from './sql/queries.js';
import { tables } from './sql/tables.js';
import { table } from './sql/text.js';
import type { Entity, WarehouseModel } from './warehouse-model.js';

function entityPlan(model: WarehouseModel, entity: Entity): EntityPlan {
  const item = model.items.find(({ name }) => name === entity.itemType) as ItemTypePlan;
  const keyColumns = model.source.keys.map(({ name }) => item.columns.find(({ path }) => path[0] === name)!.name);
  return {
    name: entity.name,
    jobName: `land_${entity.name}_job`,
    spec: {
      version: 1,
      entity: entity.name,
      itemType: entity.itemType,
      keyColumns,
      ...(entity.explode === undefined ? {} : { explode: entity.explode }),
      target: `landing.${entity.name}`,
      columns: entity.columns.map(({ name, type, source, required }) => ({
        name,
        type: typeSql(type),
        source,
        required,
      })),
      onReject: model.rejects,
    },
  };
}

function call(schema: 'staging' | 'dwh', verb: 'load' | 'merge', name: string): CallPlan {
  return {
    name,
    procedure: `${schema}.${verb}_${name}`,
    sql: `CALL ${table(schema, `${verb}_${name}`)}(:run_key)`,
  };
}

/** Waves without empty ones. */
const waves = (...calls: readonly CallPlan[][]): CallPlan[][] => calls.filter((wave) => wave.length > 0);

/**
 * Compiles a model: the Glue jobs' specifications, the Redshift SQL, and the order in which it is called. Pure: equal
 * models give equal plans, with equal hashes.
 */
export function compile(model: WarehouseModel): WarehousePlan {
  const { dimensions, facts } = model;
  const procedures: SqlStatement[] = [
    ...dimensions.map((one) => ({
      name: `staging.load_${one.name}`,
      sql: one.kind === 'members' && one.scd === 2 ? loadVersions(model.name, one) : loadDimension(model.name, one),
    })),
    ...facts.map((one) => ({ name: `staging.load_${one.name}`, sql: loadFact(model, one) })),
    ...dimensions.map((one) => ({ name: `dwh.merge_${one.name}`, sql: mergeDimension(model.name, one, facts) })),
    ...facts.map((one) => ({ name: `dwh.merge_${one.name}`, sql: mergeFact(model, one) })),
  ];
  const plan: Omit<WarehousePlan, 'hash'> = {
    version: 1,
    name: model.name,
    source: model.source,
    lake: {
      jobName: 'raw_to_datalake_job',
      spec: {
        version: 1,
        table: model.source.table,
        keys: model.source.keys.map(({ name }) => name),
        itemTypes: model.items,
        onReject: model.rejects,
      },
    },
    entities: model.entities.map((entity) => entityPlan(model, entity)),
    ...(model.landingJobs === 'packed' && { landing: { jobName: 'land_job' } }),
    setup: [...tables(model), ...procedures],
    // Facts look members up in the key tables that the dimensions' loads fill.
    staging: waves(
      dimensions.map(({ name }) => call('staging', 'load', name)),
      facts.map(({ name }) => call('staging', 'load', name))
    ),
    dimensions: waves(dimensions.map(({ name }) => call('dwh', 'merge', name))),
    facts: waves(facts.map(({ name }) => call('dwh', 'merge', name))),
    counts: counts(model),
    unknownMembers: unknownMembers(model),
    reports: model.reports.map((one) => report(model, one)),
    watermark: watermark(model),
    incremental: model.incremental,
    ...(model.archive && { archive: model.archive }),
    ...(model.gates.length > 0 && { gates: model.gates }),
  };
  return { ...plan, hash: createHash('sha256').update(canonicalJson(plan)).digest('hex') };
}
