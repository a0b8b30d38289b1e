import { indent, literal, table } from './text.js';

/** A PL/pgSQL variable of a generated procedure that holds a time; all others are whole numbers. */
type TimeVariable = 'v_loaded_to' | 'v_now';

/** A PL/pgSQL variable of a generated procedure. */
export type Variable = 'v_loads' | 'v_expected' | 'v_rows' | 'v_before' | 'v_unknown' | 'v_skipped' | TimeVariable;

const types: Readonly<Record<TimeVariable, string>> = { v_loaded_to: 'TIMESTAMP', v_now: 'TIMESTAMP' };

/**
 * `CREATE OR REPLACE PROCEDURE` with the parameter `p_run_key`. One call is one transaction: the body holds no TRUNCATE
 * and no COMMIT, which on Redshift would end it.
 */
export function procedure(
  schema: 'staging' | 'dwh',
  name: string,
  variables: readonly Variable[],
  statements: readonly string[]
): string {
  const declarations = variables
    .map((one) => `  ${one} ${one in types ? types[one as TimeVariable] : 'BIGINT'};`)
    .join('\n');
  const body = statements.map((statement) => `  ${indent(statement, 2)};`).join('\n');
  return `CREATE OR REPLACE PROCEDURE ${table(schema, name)}(p_run_key IN varchar(512))
AS $$
DECLARE
${declarations}
BEGIN
${body}
END;
$$ LANGUAGE plpgsql`;
}

/**
 * Raises unless a condition holds.
 * @param values variables for the message's `%`, in order: counts only, never data
 */
export function assert(condition: string, message: string, ...values: readonly Variable[]): string {
  const more = values.map((value) => `, ${value}`).join('');
  return `IF NOT (${condition}) THEN\n  RAISE EXCEPTION ${literal(message)}${more};\nEND IF`;
}

/** Asserts that landing holds exactly what this run's land job recorded, so that an emptied or stale table is found. */
export function assertLanded(procedureName: string, entity: string): string[] {
  return [
    `SELECT COUNT(*), MAX(l."row_count") INTO v_loads, v_expected
FROM ${table('sluice', 'landing_loads')} l
WHERE l."entity" = ${literal(entity)} AND l."run_key" = p_run_key`,
    assert(
      'v_loads = 1',
      `${procedureName}: landing.${entity} was not loaded by this run (% records of it); run its land job first`,
      'v_loads'
    ),
    `SELECT COUNT(*) INTO v_rows FROM ${table('landing', entity)} l`,
    assert(
      'v_rows = v_expected',
      `${procedureName}: landing.${entity} has % rows, but its load recorded %; run its land job again`,
      'v_rows',
      'v_expected'
    ),
  ];
}

/** Asserts that a load of this run is recorded; leaves its row count in `v_expected`. */
export function assertRecorded(procedureName: string, layer: 'staging' | 'dwh', name: string): string[] {
  const call = layer === 'staging' ? `staging.load_${name}` : `dwh.merge_${name}`;
  return [
    `SELECT COUNT(*), MAX(l."row_count") INTO v_loads, v_expected
FROM ${loadsTable(name)} l
WHERE l."layer" = ${literal(layer)} AND l."pipeline" IS NULL AND l."run_key" = p_run_key`,
    assert(
      'v_loads = 1',
      `${procedureName}: ${layer}.${name} was not loaded by this run (% records of it); call ${call} first`,
      'v_loads'
    ),
  ];
}

/** Asserts that a staging table holds what its load recorded; leaves the number of rows in `v_rows`. */
export function assertStaged(procedureName: string, name: string): string[] {
  return [
    ...assertRecorded(procedureName, 'staging', name),
    `SELECT COUNT(*) INTO v_rows FROM ${table('staging', name)} s`,
    assert(
      'v_rows = v_expected',
      `${procedureName}: staging.${name} has % rows, but its load recorded %; call staging.load_${name} again`,
      'v_rows',
      'v_expected'
    ),
  ];
}

/**
 * The table that says what was last loaded of a dimension or fact. Each has its own: Redshift's serializable isolation
 * would refuse all but one of the calls of a wave if they read and wrote the same one. Of each layer it has a row without
 * `pipeline`, the last load, and a row for each pipeline, how far that has loaded.
 */
export function loadsTable(name: string): string {
  return table('sluice', `loads_${name}`);
}

/** Records how many rows (`v_rows`) a load left, in place of what was recorded before. */
export function record(layer: 'staging' | 'dwh', name: string): string[] {
  const loads = loadsTable(name);
  return [
    `DELETE FROM ${loads} WHERE "layer" = ${literal(layer)} AND "pipeline" IS NULL`,
    `INSERT INTO ${loads} ("layer", "run_key", "row_count") VALUES (${literal(layer)}, p_run_key, v_rows)`,
  ];
}

/** From where a load takes its watermark: the land jobs' records of tables, or the record of the same table's staging. */
export type WatermarkSource = { readonly landing: readonly string[] } | 'staging';

/**
 * Copies the pipeline's watermark of a load's inputs to its target: the smallest, or none where an input has none from
 * this run or they come from different source tables.
 */
export function copyWatermark(
  pipeline: string,
  layer: 'staging' | 'dwh',
  name: string,
  source: WatermarkSource
): string[] {
  const loads = loadsTable(name);
  const landed = source === 'staging' ? [] : [...new Set(source.landing)].map((entity) => `landing.${entity}`);
  const [from, which, count] =
    source === 'staging'
      ? [loads, `w."layer" = 'staging'`, 1]
      : [table('sluice', 'watermarks'), `w."target" IN (${landed.map(literal).join(', ')})`, landed.length];
  return [
    `DELETE FROM ${loads} WHERE "layer" = ${literal(layer)} AND "pipeline" = ${literal(pipeline)}`,
    `INSERT INTO ${loads} ("layer", "pipeline", "run_key", "loaded_to", "table_id")
SELECT ${literal(layer)}, ${literal(pipeline)}, p_run_key, MIN(w."loaded_to"), MIN(w."table_id")
FROM ${from} w
WHERE w."pipeline" = ${literal(pipeline)} AND w."run_key" = p_run_key
  AND ${which}
HAVING COUNT(*) = ${count} AND COUNT(DISTINCT w."table_id") = 1`,
  ];
}

/**
 * Refreshes a table's statistics, without which joins with tables that have just been filled are planned badly. For
 * tables that the procedure alone writes: a shared one would make parallel loads wait for each other.
 */
export function analyze(schema: 'staging' | 'dwh', name: string): string {
  return `ANALYZE ${table(schema, name)}`;
}

/** Sets `staging.<name>_maxkey` to the largest surrogate key given so far. */
export function updateMaxKey(name: string): string[] {
  const max = table('staging', `${name}_maxkey`);
  return [
    `DELETE FROM ${max}`,
    `INSERT INTO ${max} ("${name}maxkey")
SELECT COALESCE(MAX(k."${name}key"), 0) FROM ${table('staging', `${name}key`)} k`,
  ];
}
