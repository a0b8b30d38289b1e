import { dimensionColumns } from '../resolve-dimensions.js';
import type { DatePart, Dimension, MemberDimension } from '../warehouse-model.js';
import { analyze, assert, assertLanded, copyWatermark, procedure, record, updateMaxKey } from './procedure.js';
import { column, hasKey, indent, keyColumn, keyValue, quote, table } from './text.js';

const extract: Readonly<Record<DatePart, string>> = {
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  day: 'day',
  dayofweek: 'dow',
  dayofyear: 'doy',
};

/** The columns of a dimension's business key, by name and type. */
export function businessKey(
  dimension: Dimension
): readonly { column: string; type: MemberDimension['key'][number]['type'] }[] {
  return dimension.kind === 'dates' ? [{ column: 'date', type: { name: 'date' } }] : dimension.key;
}

/** A dimension's business key as one value, from columns of `alias`. */
export function keyFrom(dimension: Dimension, alias: string): string {
  return keyValue(businessKey(dimension).map((part) => ({ sql: column(alias, part.column), type: part.type })));
}

/** Every business key that landing has, once, a row each with the key's columns. */
export function distinctKeys(dimension: Dimension): string {
  if (dimension.kind === 'dates') {
    return dimension.sources
      .map(({ entity, column: name }) => {
        const value = column('l', name);
        return `SELECT CAST(${value} AS date) AS "date" FROM ${table('landing', entity)} l WHERE ${value} IS NOT NULL`;
      })
      .join('\nUNION\n')
      .replace(/^SELECT (?!.*\nUNION)/s, 'SELECT DISTINCT ');
  }
  const columns = dimension.key.map((part) => column('l', part.column));
  return `SELECT DISTINCT ${columns.join(', ')}\nFROM ${table('landing', dimension.entity)} l\nWHERE ${hasKey(columns)}`;
}

/** The temporary table of a run's members, a row each: made in one pass over landing, of which all else is made. */
function membersOf(dimension: Dimension): string {
  return quote(`sluice_${dimension.name}`);
}

/** One row per business key, with the key as one value in `sluice_key` and the dimension's own columns. */
function findMembers(dimension: Dimension): string {
  const columns = businessKey(dimension).map((one) => one.column);
  const ranked = dimension.kind === 'members' && dimension.attributes.length > 0;
  const own = dimension.kind === 'dates' ? columns : dimensionColumns(dimension).map((one) => one.name);
  return `CREATE TEMP TABLE ${membersOf(dimension)} AS
SELECT ${[`${keyFrom(dimension, 'm')} AS "sluice_key"`, ...own.map((one) => column('m', one))].join(', ')}
FROM (
  ${indent(ranked ? rankedRows(dimension) : distinctKeys(dimension), 2)}
) m${ranked ? '\nWHERE m."sluice_rank" = 1' : ''}`;
}

function insertKeys(dimension: Dimension): string {
  const { name } = dimension;
  const key = keyColumn(name, businessKey(dimension));
  const keys = table('staging', `${name}key`);
  // The order makes the surrogate keys of undisturbed runs over the same data equal.
  return `INSERT INTO ${keys} (${quote(key.name)})
SELECT m."sluice_key"
FROM ${membersOf(dimension)} m
LEFT JOIN ${keys} k ON ${column('k', key.name)} = m."sluice_key"
WHERE ${column('k', `${name}key`)} IS NULL
ORDER BY m."sluice_key"`;
}

/**
 * The rows of landing, ranked: of each business key the one with `sluice_rank` 1 counts, which is the first in the
 * model's order and, where that does not decide, by the attributes.
 * @param written whether to add `sluice_written_at`, the latest of all rows of the business key
 */
export function rankedRows(dimension: MemberDimension, written = false): string {
  const { orderBy } = dimension;
  const columns = dimensionColumns(dimension).map((one) => one.name);
  const [first, ...others] = orderBy;
  const grouped = [...new Set([...columns, ...others.map((one) => one.column)])];
  // Rows that differ in nothing but the first order column become one before they are ranked: the best of them.
  const best =
    first === undefined ? [] : [`${first.descending ? 'MAX' : 'MIN'}(${column('l', first.column)}) AS "sluice_order"`];
  const rank = [
    ...(first === undefined ? [] : [`g."sluice_order"${first.descending ? ' DESC' : ''} NULLS LAST`]),
    ...others.map((one) => `${column('g', one.column)}${one.descending ? ' DESC' : ''} NULLS LAST`),
    ...dimension.attributes.map((one) => `${column('g', one.column)} NULLS LAST`),
  ];
  const keyColumns = dimension.key.map((one) => one.column);
  const order = rank.length === 0 ? keyColumns.map((one) => column('g', one)) : rank;
  const partition = `PARTITION BY ${keyColumns.map((one) => column('g', one)).join(', ')}`;
  const time = column('l', 'sluice_written_at');
  const latest = written ? [`MAX(${time}) AS "sluice_written_at"`] : [];
  const selected = [
    ...columns.map((one) => column('g', one)),
    ...(written ? [`MAX(g."sluice_written_at") OVER (${partition}) AS "sluice_written_at"`] : []),
  ];
  return `SELECT ${selected.join(', ')},
  ROW_NUMBER() OVER (
    ${partition}
    ORDER BY ${order.join(', ')}
  ) AS "sluice_rank"
FROM (
  SELECT ${[...grouped.map((one) => column('l', one)), ...best, ...latest].join(', ')}
  FROM ${table('landing', dimension.entity)} l
  WHERE ${hasKey(keyColumns.map((one) => column('l', one)))}
  GROUP BY ${grouped.map((one) => column('l', one)).join(', ')}
) g`;
}

function insertMembers(dimension: Dimension): string {
  const { name } = dimension;
  const key = keyColumn(name, businessKey(dimension));
  const values =
    dimension.kind === 'members'
      ? dimensionColumns(dimension).map((one) => column('m', one.name))
      : ['m."date"', ...dimension.attributes.map((part) => `CAST(EXTRACT(${extract[part]} FROM m."date") AS integer)`)];
  const names = [`${name}key`, ...dimensionColumns(dimension).map((one) => one.name)];
  return `INSERT INTO ${table('staging', name)} (${names.map(quote).join(', ')})
SELECT ${[column('k', `${name}key`), ...values].join(', ')}
FROM ${membersOf(dimension)} m
JOIN ${table('staging', `${name}key`)} k ON ${column('k', key.name)} = m."sluice_key"`;
}

/** The landing tables a dimension is made from. */
export function landingOf(dimension: Dimension): string[] {
  if (dimension.kind === 'members') return [dimension.entity];
  return [...new Set(dimension.sources.map(({ entity }) => entity))];
}

/** Procedure `staging.load_<dimension>`: new members get surrogate keys, staging is filled with the current ones. */
export function loadDimension(pipeline: string, dimension: Dimension): string {
  const { name } = dimension;
  const self = `staging.load_${name}`;
  return procedure(
    'staging',
    `load_${name}`,
    ['v_loads', 'v_expected', 'v_rows'],
    [
      ...landingOf(dimension).flatMap((entity) => assertLanded(self, entity)),
      `DELETE FROM ${table('staging', name)}`,
      findMembers(dimension),
      insertKeys(dimension),
      analyze('staging', `${name}key`),
      ...updateMaxKey(name),
      insertMembers(dimension),
      `SELECT COUNT(*) INTO v_expected FROM ${membersOf(dimension)} m`,
      `DROP TABLE ${membersOf(dimension)}`,
      `SELECT COUNT(*) INTO v_rows FROM ${table('staging', name)} s`,
      assert(
        'v_rows = v_expected',
        `${self}: staging.${name} got % rows for % business keys; see that staging.${name}key has no business key twice`,
        'v_rows',
        'v_expected'
      ),
      ...record('staging', name),
      ...copyWatermark(pipeline, 'staging', name, { landing: landingOf(dimension) }),
    ]
  );
}
