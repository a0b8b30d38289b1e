import type { ReportPlan, SqlStatement, WarehousePlan } from '../plan.js';
import type { Report, WarehouseModel } from '../warehouse-model.js';
import { loadsTable } from './procedure.js';
import { column, literal, table } from './text.js';

/** Row counts of landing and dwh, a statement each. A dimension's unknown member is not counted; all fact rows are. */
export function counts(model: WarehouseModel): WarehousePlan['counts'][number][] {
  const count = (schema: 'landing' | 'dwh', name: string, where = ''): WarehousePlan['counts'][number] => ({
    table: `${schema}.${name}`,
    sql: `SELECT COUNT(*) AS "rows" FROM ${table(schema, name)} t${where}`,
  });
  return [
    ...model.entities.map(({ name }) => count('landing', name)),
    ...model.dimensions.map(({ name }) => count('dwh', name, ` WHERE ${column('t', `${name}key`)} <> 0`)),
    ...model.facts.map(({ name }) => count('dwh', name)),
  ];
}

/** All counts as one query, a row each with the columns `name` and `row_total`. */
export function countsQuery(counts: WarehousePlan['counts']): string {
  return counts
    .map(({ table: name, sql }) => `SELECT ${literal(name)} AS "name", (${sql}) AS "row_total"`)
    .join('\nUNION ALL\n');
}

/**
 * How far a pipeline has loaded dwh: the smallest watermark of its dimensions and facts. No row where one of them has
 * none, or where they come from different source tables.
 */
export function watermark(model: WarehouseModel): SqlStatement {
  const names = [...model.dimensions, ...model.facts].map(({ name }) => name);
  const each = names.map(
    (name) => `  SELECT l."loaded_to", l."table_id"
  FROM ${loadsTable(name)} l
  WHERE l."layer" = 'dwh' AND l."pipeline" = ${literal(model.name)}`
  );
  const sql = `SELECT TO_CHAR(MIN(w."loaded_to"), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "watermark", MIN(w."table_id") AS "table_id"
FROM (
${each.join('\n  UNION ALL\n')}
) w
HAVING COUNT(*) = ${names.length} AND COUNT(DISTINCT w."table_id") = 1`;
  return { name: 'watermark', sql };
}

/** Per fact and dimension role: how many fact rows have the unknown member, 0 included. */
export function unknownMembers(model: WarehouseModel): SqlStatement {
  const selects = model.facts.flatMap((fact) =>
    fact.lookups.map(
      (lookup) => `SELECT ${literal(fact.name)} AS "fact", ${literal(lookup.role)} AS "dimension", COUNT(*) AS "rows"
FROM ${table('dwh', fact.name)} f WHERE ${column('f', lookup.column)} = 0`
    )
  );
  const none = `SELECT '' AS "fact", '' AS "dimension", 0 AS "rows" WHERE 1 = 0`;
  return { name: 'unknown members', sql: `${selects.join('\nUNION ALL\n') || none}\nORDER BY 1, 2` };
}

/**
 * Growth in percent of each quarter's sum over the same quarter a year before, for groups that have one in both. A group
 * whose base is 0 has no growth and is left out; rows with a NULL attribute belong to no group. A quarter with a
 * predecessor but nothing to compare gives one line of NULLs.
 */
export function report(model: WarehouseModel, one: Report): ReportPlan {
  const fact = model.facts.find(({ name }) => name === one.fact)!;
  const roles = [...new Set([one.date, ...one.by.map(({ role }) => role)])];
  const alias = new Map(roles.map((role, index) => [role, `d${index + 1}`]));
  const date = alias.get(one.date)!;
  const joins = roles.map((role) => {
    const lookup = fact.lookups.find((candidate) => candidate.role === role)!;
    const name = alias.get(role)!;
    return `JOIN ${table('dwh', lookup.dimension)} ${name} ON ${column(name, `${lookup.dimension}key`)} = ${column('f', lookup.column)}`;
  });
  const groups = [
    ...['year', 'quarter'].map((part) => column(date, part)),
    ...one.by.map(({ role, column: name }) => column(alias.get(role)!, name)),
  ];
  const names = one.by.map(({ column: name }) => name);
  const quarter = ['year', 'quarter'];
  const equal = (left: string, right: string, columns: readonly string[]): string =>
    columns.map((name) => `${column(left, name)} = ${column(right, name)}`).join(' AND ');
  const sum = (side: string): string => `CAST(${side}."sluice_sum" AS double precision)`;
  const sql = `WITH "sluice_quarters" AS (
  SELECT ${groups.join(', ')}, SUM(${column('f', one.measure)}) AS "sluice_sum"
  FROM ${table('dwh', fact.name)} f
  ${joins.join('\n  ')}
  WHERE ${groups.map((group) => `${group} IS NOT NULL`).join(' AND ')}
  GROUP BY ${groups.join(', ')}
  HAVING SUM(${column('f', one.measure)}) IS NOT NULL
),
"sluice_periods" AS (
  SELECT DISTINCT c."year", c."quarter"
  FROM "sluice_quarters" c
  JOIN "sluice_quarters" p ON p."year" = c."year" - 1 AND p."quarter" = c."quarter"
),
"sluice_growth" AS (
  SELECT ${[...quarter, ...names].map((name) => column('c', name)).join(', ')},
    (${sum('c')} - ${sum('p')}) / ${sum('p')} * 100 AS "growth"
  FROM "sluice_quarters" c
  JOIN "sluice_quarters" p ON p."year" = c."year" - 1 AND ${equal('p', 'c', ['quarter', ...names])}
  WHERE p."sluice_sum" <> 0
)
SELECT CAST(q."year" AS varchar(11)) || '-Q' || CAST(q."quarter" AS varchar(11)) AS "period", ${names.map((name) => column('g', name)).join(', ')}, g."growth"
FROM "sluice_periods" q
LEFT JOIN "sluice_growth" g ON ${equal('g', 'q', quarter)}
ORDER BY ${['period', ...names].map((_, index) => index + 1).join(', ')}`;
  return { name: one.name, title: one.title, sql, by: names };
}
