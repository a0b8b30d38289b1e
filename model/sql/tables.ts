import type { SqlStatement } from '../plan.js';
import { typeSql } from '../redshift-type.js';
import type { RedshiftType } from '../redshift-type.js';
import { dimensionColumns, versionColumns } from '../resolve-dimensions.js';
import type { Dimension, Entity, Fact, WarehouseModel } from '../warehouse-model.js';
import { factColumns, headerOnly, isFull } from './load-fact.js';
import { businessKey } from './load-dimension.js';
import { historyColumns, memberColumns, membersTable } from './load-versions.js';
import { lookupColumn, lookupTable } from './lookup.js';
import { loadsTable } from './procedure.js';
import { runHistoryTables } from './run-history.js';
import { dimensionStorage, factStorage } from './storage.js';
import { keyColumn, literal, quote, table } from './text.js';

type Schema = Parameters<typeof table>[0];

function createTable(
  schema: Schema,
  name: string,
  columns: readonly string[],
  attributes = 'DISTSTYLE AUTO'
): SqlStatement {
  const lines = columns.map((one) => `  ${one}`).join(',\n');
  const sql = `CREATE TABLE IF NOT EXISTS ${table(schema, name)} (\n${lines}\n)\n${attributes}`;
  return { name: `${schema}.${name}`, sql };
}

function define(name: string, type: RedshiftType | 'key'): string {
  return type === 'key' ? `${quote(name)} bigint NOT NULL` : `${quote(name)} ${typeSql(type)}`;
}

function landingTable(entity: Entity): SqlStatement {
  return createTable(
    'landing',
    entity.name,
    entity.columns.map(({ name, type }) => define(name, type))
  );
}

/**
 * `X_maxkey` and `Xkey`: the largest surrogate key, and the surrogate key of each business key ever seen; of a type 2
 * dimension, of each of its versions.
 */
function keyTables(name: string, parts: Parameters<typeof keyColumn>[1], versions = false): SqlStatement[] {
  const max = `${name}_maxkey`;
  const by = keyColumn(name, parts);
  return [
    createTable('staging', `${name}key`, [
      `${quote(`${name}key`)} bigint IDENTITY(1,1)`,
      `${define(by.name, by.type)} NOT NULL`,
      ...(versions ? [`"valid_from" timestamp NOT NULL`] : []),
      `PRIMARY KEY (${quote(`${name}key`)})`,
    ]),
    createTable('staging', max, [`${quote(`${name}maxkey`)} bigint NOT NULL`]),
    {
      name: `staging.${max} at first`,
      sql: `INSERT INTO ${table('staging', max)} (${quote(`${name}maxkey`)})
SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM ${table('staging', max)})`,
    },
  ];
}

function dimensionTables(dimension: Dimension, storage: string): SqlStatement[] {
  const { name } = dimension;
  const key = `${name}key`;
  const own = dimensionColumns(dimension).map((one) => define(one.name, one.type));
  const versions = dimension.scd === 2 ? versionColumns.map((one) => define(one.name, one.type)) : [];
  const primary = `PRIMARY KEY (${quote(key)})`;
  const member = keyColumn(name, businessKey(dimension));
  return [
    ...keyTables(name, businessKey(dimension), dimension.scd === 2),
    ...(dimension.scd === 2
      ? [
          createTable('staging', membersTable(name), [
            `${define('sluice_member', member.type)} NOT NULL`,
            ...own,
            ...memberColumns.map((one) => define(one.name, one.type)),
          ]),
        ]
      : []),
    createTable('staging', name, [
      define(key, 'key'),
      ...own,
      ...versions,
      ...(dimension.scd === 2 ? historyColumns.map((one) => `${define(one, { name: 'timestamp' })} NOT NULL`) : []),
      primary,
    ]),
    createTable('dwh', name, [define(key, 'key'), ...own, ...versions, primary], storage),
  ];
}

function factTables(fact: Fact, dimensions: readonly Dimension[]): SqlStatement[] {
  const types = new Map<string, RedshiftType | 'key'>(fact.measures.map(({ name, value }) => [name, value[0]!.type]));
  const columns = factColumns(fact).map((name) => define(name, types.get(name) ?? 'key'));
  const attributes = factStorage(fact, dimensions);
  const staged = isFull(fact) ? [...columns, `${quote(headerOnly)} boolean NOT NULL`] : columns;
  const parts = fact.key?.names.map((column, index) => ({ column, type: fact.key!.on[index]![0]!.type }));
  return [
    ...(parts === undefined ? [] : keyTables(fact.name, parts)),
    ...fact.lookups.flatMap((lookup) => {
      if (lookup.through === undefined) return [];
      const by = lookupColumn(lookup);
      return [
        createTable('staging', lookupTable(fact, lookup), [
          `${define(by.name, by.type)} NOT NULL`,
          define(lookup.column, 'key'),
        ]),
      ];
    }),
    createTable('staging', fact.name, staged, attributes),
    createTable('dwh', fact.name, columns, attributes),
  ];
}

/** The columns of {@link loadsTable}; `begin` is a layer, too: when a run first came to load a type 2 dimension. */
const loadsColumns = [
  `"layer" varchar(16) NOT NULL`,
  `"pipeline" varchar(128)`,
  `"run_key" varchar(512) NOT NULL`,
  `"row_count" bigint`,
  `"loaded_to" timestamp`,
  `"table_id" varchar(256)`,
];

/** What 0.2.0 recorded in tables that all loads shared, taken over once. */
function adoptLoads(name: string): SqlStatement {
  const loads = loadsTable(name);
  const layers = ['staging', 'dwh'] as const;
  const counted = layers.map(
    (
      layer
    ) => `SELECT ${literal(layer)}, CAST(NULL AS varchar(128)), l."run_key", l."row_count", CAST(NULL AS timestamp), CAST(NULL AS varchar(256))
FROM ${table('sluice', `${layer}_loads`)} l
WHERE l."name" = ${literal(name)} AND NOT EXISTS (SELECT 1 FROM ${loads})`
  );
  const reached = layers.map(
    (layer) => `SELECT ${literal(layer)}, w."pipeline", w."run_key", CAST(NULL AS bigint), w."loaded_to", w."table_id"
FROM ${table('sluice', 'watermarks')} w
WHERE w."target" = ${literal(`${layer}.${name}`)} AND NOT EXISTS (SELECT 1 FROM ${loads})`
  );
  return {
    name: `sluice.loads_${name} at first`,
    sql: `INSERT INTO ${loads} ("layer", "pipeline", "run_key", "row_count", "loaded_to", "table_id")
${[...counted, ...reached].join('\nUNION ALL\n')}`,
  };
}

const schemas = ['landing', 'staging', 'dwh', 'sluice'];

/** The statements that make schemas and tables; each can be run again without harm. */
export function tables(model: WarehouseModel): SqlStatement[] {
  const counted = [`"run_key" varchar(512) NOT NULL`, `"row_count" bigint NOT NULL`];
  return [
    ...schemas.map((name) => ({ name: `schema ${name}`, sql: `CREATE SCHEMA IF NOT EXISTS ${quote(name)}` })),
    createTable('sluice', 'landing_loads', [`"entity" varchar(128) NOT NULL`, ...counted]),
    // Of 0.2.0: see adoptLoads.
    createTable('sluice', 'staging_loads', [`"name" varchar(128) NOT NULL`, ...counted]),
    createTable('sluice', 'dwh_loads', [`"name" varchar(128) NOT NULL`, ...counted]),
    ...runHistoryTables(),
    createTable('sluice', 'watermarks', [
      `"pipeline" varchar(128) NOT NULL`,
      `"target" varchar(256) NOT NULL`,
      `"run_key" varchar(512) NOT NULL`,
      `"loaded_to" timestamp NOT NULL`,
      `"table_id" varchar(256) NOT NULL`,
    ]),
    ...[...model.dimensions, ...model.facts].flatMap(({ name }) => [
      createTable('sluice', `loads_${name}`, loadsColumns),
      adoptLoads(name),
    ]),
    ...model.entities.map(landingTable),
    ...model.dimensions.flatMap((one) => dimensionTables(one, dimensionStorage(one, model.facts, model.dimensions))),
    ...model.facts.flatMap((fact) => factTables(fact, model.dimensions)),
  ];
}
