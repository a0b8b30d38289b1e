import { dimensionColumns } from '../resolve-dimensions.js';
import type { RedshiftType } from '../redshift-type.js';
import type { Dimension, MemberDimension } from '../warehouse-model.js';
import { businessKey, distinctKeys, keyFrom, rankedRows } from './load-dimension.js';
import {
  analyze,
  assert,
  assertLanded,
  copyWatermark,
  loadsTable,
  procedure,
  record,
  updateMaxKey,
} from './procedure.js';
import { column, indent, keyColumn, literal, quote, table } from './text.js';

/** When the first version of every member begins, so that facts from before it was known find it. */
export const beginning = "CAST('1900-01-01' AS timestamp)";

/** The table of this run's members of a type 2 dimension, a row each, with what is to become of it. */
export function membersTable(dimension: string): string {
  return `${dimension}_members`;
}

/**
 * What `staging.<dimension>` knows of a version besides what dwh has: the time of the state that opened it, and up to
 * when it is known to have held. A state from before that is a late replay.
 */
export const historyColumns = ['sluice_opened_at', 'sluice_seen_at'] as const;

/** The columns of {@link membersTable} besides the business key as one value and the dimension's own. */
export const memberColumns: readonly { readonly name: string; readonly type: RedshiftType }[] = [
  { name: 'sluice_changed_at', type: { name: 'timestamp' } },
  { name: 'sluice_seen_at', type: { name: 'timestamp' } },
  { name: 'sluice_last_key', type: { name: 'bigint' } },
  { name: 'sluice_action', type: { name: 'varchar', length: 10 } },
  { name: 'valid_from', type: { name: 'timestamp' } },
];

/**
 * Asserts that dwh has no version with another key in staging, or of a member without versions there: staging is about to
 * replace it, and a history that was lost there must not be lost in dwh as well. Uses `v_before`.
 */
export function assertHistory(dimension: Dimension): string[] {
  const { name } = dimension;
  const key = `${name}key`;
  const by = keyColumn(name, businessKey(dimension)).name;
  return [
    `SELECT COUNT(*) INTO v_before
FROM ${table('dwh', name)} d
LEFT JOIN (
  SELECT ${column('k', key)}, ${column('k', by)} AS "sluice_member", k."valid_from"
  FROM ${table('staging', key)} k
  JOIN ${table('staging', key)} f ON ${column('f', by)} = ${column('k', by)} AND f."valid_from" = ${beginning}
  JOIN ${table('staging', name)} s ON ${column('s', key)} = ${column('f', key)}
) h ON ${column('h', key)} = ${column('d', key)} AND h."sluice_member" = ${keyFrom(dimension, 'd')} AND h."valid_from" = d."valid_from"
WHERE ${column('d', key)} <> 0 AND ${column('h', key)} IS NULL`,
    assert(
      'v_before = 0',
      `dwh.merge_${name}: dwh.${name} has % versions that staging.${name} and staging.${key} do not know; restore them`,
      'v_before'
    ),
  ];
}

/** True where all columns agree. NULL is a value like any other: NULL and something differ, NULL and NULL do not. */
function same(left: string, right: string, columns: readonly string[]): string {
  const conditions = columns.map((name) => {
    const [a, b] = [column(left, name), column(right, name)];
    return `(${a} = ${b} OR (${a} IS NULL AND ${b} IS NULL))`;
  });
  return ['1 = 1', ...conditions].join(' AND ');
}

/** `v_loaded_to`: the time as of which landing holds the table, if known. `v_now`: that, or when this run first came here. */
function readTimes(pipeline: string, { name, entity }: MemberDimension): string[] {
  const loads = loadsTable(name);
  return [
    `DELETE FROM ${loads} WHERE "layer" = 'begin' AND "run_key" <> p_run_key`,
    `INSERT INTO ${loads} ("layer", "run_key", "loaded_to")
SELECT 'begin', p_run_key, SYSDATE
WHERE NOT EXISTS (SELECT 1 FROM ${loads} WHERE "layer" = 'begin')`,
    `SELECT MAX(w."loaded_to") INTO v_loaded_to
FROM ${table('sluice', 'watermarks')} w
WHERE w."pipeline" = ${literal(pipeline)} AND w."target" = ${literal(`landing.${entity}`)} AND w."run_key" = p_run_key`,
    `SELECT COALESCE(v_loaded_to, MAX(t."loaded_to")) INTO v_now FROM ${loads} t WHERE t."layer" = 'begin'`,
  ];
}

/** The last version of every member, by business key. */
function lastVersions(dimension: MemberDimension): string {
  const key = `${dimension.name}key`;
  const by = keyColumn(dimension.name, businessKey(dimension)).name;
  return `SELECT v.*, ${column('k', by)} AS "sluice_member",
  ROW_NUMBER() OVER (PARTITION BY ${column('k', by)} ORDER BY v."valid_from" DESC) AS "sluice_rank"
FROM ${table('staging', dimension.name)} v
JOIN ${table('staging', key)} k ON ${column('k', key)} = ${column('v', key)}`;
}

/**
 * One row per member in landing. `sluice_action` says what becomes of it: `open` a version from `valid_from`, `overwrite`
 * the last one, which began at the same time, `confirm` it, or `ignore` a state older than what is known.
 */
function insertMembers(dimension: MemberDimension): string {
  const { name } = dimension;
  const columns = dimensionColumns(dimension).map((one) => one.name);
  const attributes = dimension.attributes.map((one) => one.column);
  const names = ['sluice_member', ...columns, ...memberColumns.map((one) => one.name)];
  const open = `CASE
    WHEN h."sluice_member" IS NULL THEN ${beginning}
    WHEN NOT h."is_current" THEN GREATEST(r."sluice_changed_at", h."valid_to")
    WHEN r."sluice_changed_at" > h."sluice_opened_at" THEN r."sluice_changed_at"
    ELSE r."sluice_seen_at"
  END`;
  return `INSERT INTO ${table('staging', membersTable(name))} (${names.map(quote).join(', ')})
SELECT r."sluice_member", ${columns.map((one) => column('r', one)).join(', ')},
  r."sluice_changed_at", r."sluice_seen_at", ${column('h', `${name}key`)},
  CASE
    WHEN h."sluice_member" IS NULL THEN 'open'
    WHEN r."sluice_seen_at" < h."sluice_seen_at" THEN 'ignore'
    WHEN NOT h."is_current" THEN 'open'
    WHEN ${same('r', 'h', attributes)} THEN 'confirm'
    WHEN r."sluice_seen_at" > h."sluice_opened_at" THEN 'open'
    ELSE 'overwrite'
  END,
  ${open}
FROM (
  SELECT ${keyFrom(dimension, 'm')} AS "sluice_member", ${columns.map((one) => column('m', one)).join(', ')},
    COALESCE(m."sluice_written_at", v_now) AS "sluice_changed_at",
    COALESCE(GREATEST(m."sluice_written_at", v_loaded_to), v_now) AS "sluice_seen_at"
  FROM (
    ${indent(rankedRows(dimension, true), 4)}
  ) m
  WHERE m."sluice_rank" = 1
) r
LEFT JOIN (
  ${indent(lastVersions(dimension), 2)}
) h ON h."sluice_member" = r."sluice_member" AND h."sluice_rank" = 1`;
}

/** Opens, closes, overwrites and confirms versions as {@link insertMembers} decided. */
function applyMembers(dimension: MemberDimension): string[] {
  const { name } = dimension;
  const key = `${name}key`;
  const by = keyColumn(name, businessKey(dimension)).name;
  const keys = table('staging', key);
  const versions = table('staging', name);
  const members = table('staging', membersTable(name));
  const columns = dimensionColumns(dimension).map((one) => one.name);
  const attributes = dimension.attributes.map((one) => `${quote(one.column)} = ${column('m', one.column)}, `).join('');
  const last = `${column(quote(name), key)} = m."sluice_last_key"`;
  const inserted = [key, ...columns, 'valid_from', 'valid_to', 'is_current', ...historyColumns];
  return [
    // The order makes the surrogate keys of undisturbed runs over the same data equal.
    `INSERT INTO ${keys} (${quote(by)}, "valid_from")
SELECT m."sluice_member", m."valid_from"
FROM ${members} m
LEFT JOIN ${keys} k ON ${column('k', by)} = m."sluice_member" AND ${column('k', 'valid_from')} = m."valid_from"
WHERE m."sluice_action" = 'open' AND ${column('k', key)} IS NULL
ORDER BY m."sluice_member"`,
    analyze('staging', key),
    ...updateMaxKey(name),
    `UPDATE ${versions} SET "valid_to" = m."valid_from", "is_current" = FALSE
FROM ${members} m
WHERE ${last} AND m."sluice_action" = 'open' AND ${column(quote(name), 'is_current')}`,
    `UPDATE ${versions} SET ${attributes}"sluice_seen_at" = m."sluice_seen_at"
FROM ${members} m
WHERE ${last} AND m."sluice_action" IN ('overwrite', 'confirm')`,
    `INSERT INTO ${versions} (${inserted.map(quote).join(', ')})
SELECT ${[column('k', key), ...columns.map((one) => column('m', one))].join(', ')}, m."valid_from", NULL, TRUE,
  CASE WHEN m."sluice_last_key" IS NULL THEN m."sluice_changed_at" ELSE m."valid_from" END, m."sluice_seen_at"
FROM ${members} m
JOIN ${keys} k ON ${column('k', by)} = m."sluice_member" AND ${column('k', 'valid_from')} = m."valid_from"
WHERE m."sluice_action" = 'open'`,
  ];
}

/** Closes the current versions of members that are gone, unless this is a state from before they were last seen. */
function closeGone(dimension: MemberDimension): string[] {
  const { name } = dimension;
  const key = `${name}key`;
  const by = keyColumn(name, businessKey(dimension)).name;
  const keys = table('staging', key);
  const versions = table('staging', name);
  const gone = `SELECT ${column('k', by)} AS "sluice_member"
    FROM ${versions} v
    JOIN ${keys} k ON ${column('k', key)} = ${column('v', key)}
    LEFT JOIN ${table('staging', membersTable(name))} m ON m."sluice_member" = ${column('k', by)}
    WHERE v."is_current" AND v."sluice_seen_at" <= v_now AND m."sluice_member" IS NULL`;
  const ofGone = `${quote(key)} IN (
  SELECT ${column('a', key)}
  FROM ${keys} a
  JOIN (
    ${gone}
  ) g ON g."sluice_member" = ${column('a', by)}
)`;
  return [
    `UPDATE ${versions} SET "sluice_seen_at" = v_now WHERE ${ofGone}`,
    `UPDATE ${versions} SET "valid_to" = v_now, "is_current" = FALSE WHERE "is_current" AND ${ofGone}`,
    // A member that was changed and gone at the same time: what it was changed to never held.
    `DELETE FROM ${versions} WHERE "valid_to" <= "valid_from"`,
  ];
}

/**
 * Procedure `staging.load_<dimension>` of a type 2 dimension. `staging.<dimension>` is its whole history, which each run
 * carries on: a changed member's version ends when the change was written and another begins.
 */
export function loadVersions(pipeline: string, dimension: MemberDimension): string {
  const { name, entity } = dimension;
  const self = `staging.load_${name}`;
  const key = `${name}key`;
  const by = keyColumn(name, businessKey(dimension)).name;
  const versions = table('staging', name);
  return procedure(
    'staging',
    `load_${name}`,
    ['v_loads', 'v_expected', 'v_rows', 'v_loaded_to', 'v_now'],
    [
      ...assertLanded(self, entity),
      `SELECT COALESCE(MAX(l."row_count"), 0) INTO v_expected FROM ${loadsTable(name)} l WHERE l."layer" = 'staging' AND l."pipeline" IS NULL`,
      `SELECT COUNT(*) INTO v_rows FROM ${versions} s`,
      assert(
        'v_rows = v_expected',
        `${self}: staging.${name}, the history of the dimension, has % versions, but its last load recorded %; restore it`,
        'v_rows',
        'v_expected'
      ),
      ...readTimes(pipeline, dimension),
      `DELETE FROM ${table('staging', membersTable(name))}`,
      insertMembers(dimension),
      ...applyMembers(dimension),
      ...(dimension.deletes === 'delete' ? closeGone(dimension) : []),
      `SELECT COUNT(*) INTO v_expected FROM (\n  ${indent(distinctKeys(dimension), 2)}\n) m`,
      `SELECT COUNT(*) INTO v_rows
FROM ${table('staging', membersTable(name))} m
JOIN ${table('staging', key)} k ON ${column('k', by)} = m."sluice_member" AND ${column('k', 'valid_from')} = ${beginning}
JOIN ${versions} s ON ${column('s', key)} = ${column('k', key)}`,
      assert(
        'v_rows = v_expected',
        `${self}: staging.${name} got % members for % business keys; see that staging.${key} has no version twice`,
        'v_rows',
        'v_expected'
      ),
      `SELECT COUNT(*) INTO v_rows FROM ${versions} s`,
      analyze('staging', name),
      ...record('staging', name),
      ...copyWatermark(pipeline, 'staging', name, { landing: [entity] }),
    ]
  );
}
