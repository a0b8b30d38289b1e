import type { CallPlan, EntityPlan, WarehousePlan } from '../../model/plan.js';

const call = (schema: 'staging' | 'dwh', verb: string, name: string): CallPlan => ({
  name,
  procedure: `${schema}.${verb}_${name}`,
  sql: `CALL ${schema}.${verb}_${name}(:run_key)`,
});

const entity = (name: string): EntityPlan => ({
  name,
  jobName: `land_${name}_job`,
  spec: {
    version: 1,
    entity: name,
    itemType: name,
    keyColumns: ['pk', 'sk'],
    target: `landing.${name}`,
    columns: [],
    onReject: 'reject',
  },
});

const procedure = (name: string, body: string) => ({
  name,
  sql: `CREATE OR REPLACE PROCEDURE ${name}(p_run_key varchar(512)) AS $$ BEGIN ${body} END; $$ LANGUAGE plpgsql`,
});

/**
 * A plan with every stage but hardly any work, for tests of the orchestration: two entities, one of which goes on to
 * dwh. Its table has the keys of `createSourceTable`.
 */
export function miniPlan(table: string): WarehousePlan {
  return {
    version: 1,
    name: 'mini',
    hash: 'mini-plan',
    source: {
      table,
      keys: [
        { name: 'PK', type: 'S', role: 'HASH' },
        { name: 'SK', type: 'S', role: 'RANGE' },
      ],
      indexes: [],
    },
    lake: {
      jobName: 'raw_to_datalake_job',
      spec: { version: 1, table, keys: ['PK', 'SK'], itemTypes: [], onReject: 'reject' },
    },
    entities: [entity('thing'), entity('other')],
    setup: [
      { name: 'staging', sql: 'CREATE SCHEMA IF NOT EXISTS staging' },
      { name: 'dwh', sql: 'CREATE SCHEMA IF NOT EXISTS dwh' },
      { name: 'staging.thing', sql: 'CREATE TABLE IF NOT EXISTS staging.thing (run_key varchar(512))' },
      { name: 'dwh.thing', sql: 'CREATE TABLE IF NOT EXISTS dwh.thing (run_key varchar(512))' },
      procedure('staging.load_thing', 'INSERT INTO staging.thing VALUES (p_run_key);'),
      procedure(
        'dwh.merge_thing',
        'INSERT INTO dwh.thing SELECT run_key FROM staging.thing WHERE run_key = p_run_key;'
      ),
    ],
    staging: [[call('staging', 'load', 'thing')]],
    dimensions: [[call('dwh', 'merge', 'thing')]],
    facts: [],
    counts: [{ table: 'dwh.thing', sql: 'SELECT count(*) FROM dwh.thing' }],
    unknownMembers: {
      name: 'unknown members',
      sql: `SELECT 'thing' AS fact, 'none' AS dimension, CAST(0 AS bigint) AS "rows"`,
    },
    reports: [],
  };
}
