import type { ColumnRef, Dimension, Fact, Lookup, Value } from '../warehouse-model.js';
import { businessKey, keyFrom } from './load-dimension.js';
import { beginning } from './load-versions.js';
import { analyze } from './procedure.js';
import { column, hasKey, keyColumn, keyValue, literal, quote, table } from './text.js';

/** The table that says, for the values a `through` lookup is made by, the member's key. */
export function lookupTable(fact: Fact, lookup: Lookup): string {
  return `${fact.name}_${lookup.role}_lookup`;
}

/** The column of a `through` lookup's table that is looked up by. */
export function lookupColumn(lookup: Lookup): ReturnType<typeof keyColumn> {
  return keyColumn('sluice_lookup_', lookup.through!.columns);
}

/** The alias under which a column's table stands in a query. */
export type Alias = (ref: ColumnRef) => string;

/** A value of a source row as SQL. */
export function valueSql(value: Value, alias: Alias): string {
  const columns = value.map((ref) => column(alias(ref), ref.column));
  return columns.length === 1 ? columns[0]! : `COALESCE(${columns.join(', ')})`;
}

/** Rebuilds the table of a `through` lookup; in keep mode what earlier runs found stays where landing has nothing now. */
export function fillLookup(fact: Fact, lookup: Lookup, dimension: Dimension): string[] {
  const through = lookup.through!;
  const target = table('staging', lookupTable(fact, lookup));
  const by = lookupColumn(lookup);
  const key = `${dimension.name}key`;
  const entity = table('landing', through.columns[0]!.entity);
  const match = keyValue(through.columns.map((one) => ({ sql: column('t', one.column), type: one.type })));
  const conditions = [
    ...through.where.map(({ column: one, value }) => `${column('t', one.column)} = ${literal(value)}`),
    hasKey(through.columns.map((one) => column('t', one.column))),
  ].join(' AND ');
  const order = [
    ...through.orderBy.map((one) => `${column('t', one.column)}${one.descending ? ' DESC' : ''} NULLS LAST`),
    column('k', key),
  ];
  // A member with versions is known by the key of its first.
  const first = dimension.scd === 2 ? ` AND ${column('k', 'valid_from')} = ${beginning}` : '';
  return [
    dimension.deletes === 'delete'
      ? `DELETE FROM ${target}`
      : `DELETE FROM ${target} WHERE ${quote(by.name)} IN (SELECT ${match} FROM ${entity} t WHERE ${conditions})`,
    `INSERT INTO ${target} (${quote(by.name)}, ${quote(lookup.column)})
SELECT c."sluice_match", c."sluice_member"
FROM (
  SELECT ${match} AS "sluice_match", ${column('k', key)} AS "sluice_member",
    ROW_NUMBER() OVER (PARTITION BY ${match} ORDER BY ${order.join(', ')}) AS "sluice_rank"
  FROM ${entity} t
  JOIN ${table('staging', `${dimension.name}key`)} k
    ON ${column('k', keyColumn(dimension.name, businessKey(dimension)).name)} = ${keyFrom(dimension, 't')}${first}
  WHERE ${conditions}
) c
WHERE c."sluice_rank" = 1`,
    analyze('staging', lookupTable(fact, lookup)),
  ];
}

/** The versions of a type 2 dimension by business key, or by `sluice_member`, the key of the member's first version. */
function versions(dimension: Dimension, byMember: boolean): string {
  const key = `${dimension.name}key`;
  const by = keyColumn(dimension.name, businessKey(dimension)).name;
  const keys = table('staging', key);
  const selected = byMember ? `${column('f', key)} AS "sluice_member"` : column('i', by);
  const first = `JOIN ${keys} f ON ${column('f', by)} = ${column('i', by)} AND ${column('f', 'valid_from')} = ${beginning}`;
  return `(
  SELECT ${column('c', key)}, ${selected}, c."valid_from", c."valid_to", c."is_current"
  FROM ${table('staging', dimension.name)} c
  JOIN ${keys} i ON ${column('i', key)} = ${column('c', key)}${byMember ? `\n  ${first}` : ''}
)`;
}

/** True of the version that holds at a time: the first also before its beginning, without a time the current one. */
function holdsAt(name: string, at: string): string {
  const from = `(${column(name, 'valid_from')} <= ${at} OR ${column(name, 'valid_from')} = ${beginning})`;
  const to = `(${column(name, 'valid_to')} > ${at} OR ${column(name, 'valid_to')} IS NULL)`;
  return `CASE WHEN ${at} IS NULL THEN ${column(name, 'is_current')} ELSE ${from} AND ${to} END`;
}

/** The join that finds a lookup's member, and the column with its key. */
export function lookupJoin(
  fact: Fact,
  lookup: Lookup,
  dimension: Dimension,
  name: string,
  alias: Alias
): { join: string; key: string } {
  const through = lookup.through;
  const parts = through?.columns ?? businessKey(dimension);
  const value = keyValue(
    lookup.on.map((one, index) => {
      const type = parts[index]!.type;
      const sql = valueSql(one, alias);
      return { sql: type.name === 'date' && one[0]!.type.name === 'timestamp' ? `CAST(${sql} AS date)` : sql, type };
    })
  );
  const found = (by: string): string =>
    `LEFT JOIN ${table('staging', lookupTable(fact, lookup))} ${by} ON ${column(by, lookupColumn(lookup).name)} = ${value}`;
  if (dimension.scd === 2) {
    const by = through === undefined ? keyColumn(dimension.name, businessKey(dimension)).name : 'sluice_member';
    const join = `LEFT JOIN ${versions(dimension, through !== undefined)} ${name}
  ON ${column(name, by)} = ${through === undefined ? value : column(`${name}t`, lookup.column)}
  AND ${holdsAt(name, valueSql(lookup.at!, alias))}`;
    const key = column(name, `${dimension.name}key`);
    return { join: through === undefined ? join : `${found(`${name}t`)}\n${join}`, key };
  }
  if (through !== undefined) return { join: found(name), key: column(name, lookup.column) };
  const keys = table('staging', `${dimension.name}key`);
  const key = `${dimension.name}key`;
  const by = keyColumn(dimension.name, businessKey(dimension)).name;
  // A deleted member keeps its surrogate key, should it return, but is not found.
  const current =
    dimension.deletes === 'keep'
      ? keys
      : `(
  SELECT ${column('i', key)}, ${column('i', by)}
  FROM ${keys} i JOIN ${table('staging', dimension.name)} c ON ${column('c', key)} = ${column('i', key)}
)`;
  return { join: `LEFT JOIN ${current} ${name} ON ${column(name, by)} = ${value}`, key: column(name, key) };
}
