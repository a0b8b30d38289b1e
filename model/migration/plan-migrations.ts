import type { SqlStatement, WarehousePlan } from '../plan.js';
import { typeSql } from '../redshift-type.js';
import { quote } from '../sql/text.js';
import type { Fact, WarehouseModel } from '../warehouse-model.js';
import { differences, liveTypeSql } from './difference.js';
import type { TableDifference } from './difference.js';
import type { LiveTables } from './live-columns.js';
import { tableDefinitions } from './table-definition.js';

/** A change of one column of a table that has rows. */
export interface Migration {
  /** `schema.table`. */
  readonly table: string;
  readonly column: string;
  readonly change: 'add' | 'lengthen' | 'widen';
  /** What is done, for people. */
  readonly title: string;
  /** Whether the statements are one transaction; Redshift lengthens a varchar outside of transactions only. */
  readonly transaction: boolean;
  readonly statements: readonly SqlStatement[];
}

/** What would lose data, and so is not done. */
export interface Refusal {
  readonly table: string;
  readonly column: string;
  /** What is wrong and what can be done about it. */
  readonly message: string;
}

/** What has to be done to a warehouse before runs of a plan can load it. */
export interface MigrationPlan {
  /** Tables that are not there: the set-up statements make them. */
  readonly newTables: readonly string[];
  readonly migrations: readonly Migration[];
  /** To be executed after the set-up statements. */
  readonly afterwards: readonly SqlStatement[];
  readonly refusals: readonly Refusal[];
}

/** The column that values are copied to when a type is widened. */
const copy = quote('sluice_new');

const quoted = (table: string): string => table.split('.').map(quote).join('.');

const factOf = (model: WarehouseModel, table: string): Fact | undefined =>
  model.facts.find(({ name }) => table === `dwh.${name}` || table === `staging.${name}`);

/** The column that an existing table lacks, or why it cannot have it. */
function addColumn(model: WarehouseModel, one: TableDifference & { kind: 'missing' }): Migration | Refusal {
  const { table, column, wanted } = one;
  const name = `${table}.${column}`;
  const fact = factOf(model, table);
  let attributes = '';
  if (wanted.required) {
    const isKey = fact?.key?.column === column || fact?.lookups.some((lookup) => lookup.column === column) === true;
    if (isKey && table.startsWith('dwh.') && fact.deletes === 'keep' && fact.grain.includes(column)) {
      const message = `${name} would be part of the grain, by which the rows of earlier runs are told apart, and they have no value for it: empty dwh.${fact.name} and staging.${fact.name} (the next full run fills them), or leave it out of the grain`;
      return { table, column, message };
    }
    if (isKey) attributes = ' DEFAULT 0';
    else if (wanted.type.name === 'boolean') attributes = ' DEFAULT FALSE';
    else {
      const message = /key$|_members$/.test(table)
        ? `${name} is missing: the business key has changed, or the dimension has versions now (scd: 2), and surrogate keys that were given cannot follow; docs/model-reference.md says how to give versions to a dimension`
        : `${name} is missing and takes no NULL: drop ${table}, which every load fills anew, and deploy again`;
      return { table, column, message };
    }
    attributes += ' NOT NULL';
  }
  const sql = `ALTER TABLE ${quoted(table)} ADD COLUMN ${quote(column)} ${typeSql(wanted.type)}${attributes}`;
  const value = attributes.includes('DEFAULT 0') ? '0, the unknown member' : attributes ? 'FALSE' : 'NULL';
  const title = `add ${name} ${typeSql(wanted.type)}; rows that are there take ${value}`;
  return { table, column, change: 'add', title, transaction: true, statements: [{ name: title, sql }] };
}

/** Copies a column to one of a wider type, and puts that in its place once every value is found to be the same. */
function widen(one: TableDifference & { kind: 'type' }): Migration {
  const { table, column, wanted, live } = one;
  const [target, old, type] = [quoted(table), quote(column), typeSql(wanted.type)];
  const title = `widen ${table}.${column} from ${liveTypeSql(live.type)} to ${type}`;
  if (one.change === 'longer') {
    const sql = `ALTER TABLE ${target} ALTER COLUMN ${old} TYPE ${type}`;
    return { table, column, change: 'lengthen', title, transaction: false, statements: [{ name: title, sql }] };
  }
  const steps: readonly (readonly [string, string])[] = [
    ['a column of the new type', `ALTER TABLE ${target} ADD COLUMN ${copy} ${type}`],
    ['copy', `UPDATE ${target} SET ${copy} = CAST(${old} AS ${type})`],
    [
      // Divides by zero, which undoes the transaction, when there is a difference.
      'every value is the same',
      `SELECT 1 / CASE WHEN COUNT(*) = 0 THEN 1 ELSE 0 END AS "unchanged"
FROM ${target}
WHERE ${copy} <> ${old} OR (${copy} IS NULL AND ${old} IS NOT NULL) OR (${copy} IS NOT NULL AND ${old} IS NULL)`,
    ],
    ['the old column', `ALTER TABLE ${target} DROP COLUMN ${old}`],
    ['the new one in its place', `ALTER TABLE ${target} RENAME COLUMN ${copy} TO ${old}`],
  ];
  const statements = steps.map(([step, sql]) => ({ name: `${title}: ${step}`, sql }));
  return { table, column, change: 'widen', title, transaction: true, statements };
}

/** Whether every load replaces a table's rows, so that none of it is older than the last run. */
function isRefilled(model: WarehouseModel, table: string): boolean {
  const [schema, name] = table.split('.');
  if (schema === 'landing') return true;
  return (
    schema === 'staging' &&
    (model.facts.some((fact) => fact.name === name) ||
      model.dimensions.some((one) => one.name === name && one.scd === 1))
  );
}

function resolve(
  model: WarehouseModel,
  kept: ReadonlySet<string>,
  one: TableDifference
): readonly (Migration | Refusal)[] {
  const { table, column } = one;
  const name = `${table}.${column}`;
  const refused = (message: string): Refusal[] => [{ table, column, message }];
  if (one.kind === 'missing') return [addColumn(model, one)];
  if (one.kind === 'extra') {
    if (kept.has(name)) return [];
    const drop = `ALTER TABLE ${quoted(table)} DROP COLUMN ${quote(column)}`;
    if (isRefilled(model, table)) {
      return one.live.required ? refused(`${name} is not in the model, but takes no NULL: ${drop}`) : [];
    }
    return refused(
      `${name} is not in the model, and loads would empty it row by row: put it back, drop it (${drop}), or keep it as it is by --leave ${name}`
    );
  }
  const types = `${name} is ${liveTypeSql(one.live.type)}, and the model says ${typeSql(one.wanted.type)}`;
  if (one.change === 'narrower') return refused(`${types}: not all of its values may fit; leave the type as it is`);
  if (one.change === 'other')
    return refused(`${types}: values would become something else; give the column another name`);
  return [widen(one)];
}

/** Makes sure that a dimension has the unknown member that rows of a fact have taken. */
function unknownMember(fact: Fact, dimension: string): SqlStatement {
  const [target, key] = [quoted(`dwh.${dimension}`), quote(`${dimension}key`)];
  return {
    name: `the unknown member of dwh.${dimension}, which rows of dwh.${fact.name} have taken`,
    sql: `INSERT INTO ${target} (${key})
SELECT 0
WHERE EXISTS (SELECT 1 FROM ${quoted(`dwh.${fact.name}`)}) AND NOT EXISTS (SELECT 1 FROM ${target} WHERE ${key} = 0)`,
  };
}

/**
 * Plans what makes a live warehouse fit a compiled plan without losing rows or values. Nothing is planned twice: of a
 * warehouse that fits, nothing is left to do.
 * @param model what the plan was compiled from
 * @param leave columns, `schema.table.column`, that stay although the model does not have them
 */
export function planMigrations(
  { setup }: Pick<WarehousePlan, 'setup'>,
  model: WarehouseModel,
  live: LiveTables,
  leave: readonly string[] = []
): MigrationPlan {
  const tables = tableDefinitions(setup.map(({ sql }) => sql));
  const all = differences(tables, live).flatMap((one) => resolve(model, new Set(leave), one));
  const migrations = all.filter((one): one is Migration => 'change' in one);
  const afterwards = migrations.flatMap(({ table, column }) => {
    const fact = table.startsWith('dwh.') ? factOf(model, table) : undefined;
    const lookup = fact?.lookups.find((one) => one.column === column);
    return fact === undefined || lookup === undefined ? [] : [unknownMember(fact, lookup.dimension)];
  });
  return {
    newTables: tables.filter(({ name }) => !live.has(name)).map(({ name }) => name),
    migrations,
    afterwards: [...new Map(afterwards.map((one) => [one.name, one])).values()],
    refusals: all.filter((one): one is Refusal => 'message' in one),
  };
}
