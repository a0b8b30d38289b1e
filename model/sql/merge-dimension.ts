import { dimensionColumns, versionColumns } from '../resolve-dimensions.js';
import type { Dimension, Fact } from '../warehouse-model.js';
import { assertHistory, beginning } from './load-versions.js';
import { analyze, assert, assertRecorded, assertStaged, copyWatermark, procedure, record } from './procedure.js';
import { column, literal, quote, table } from './text.js';

/**
 * Counts, in `v_unknown`, what needs the unknown member: itself, if it is there; fact rows of this run that found no
 * member; and, where members are deleted, kept fact rows that lose theirs.
 */
function countUnknown(dimension: Dimension, facts: readonly Fact[]): string[] {
  const key = `${dimension.name}key`;
  const uses = facts.flatMap((fact) =>
    fact.lookups.flatMap((lookup) => (lookup.dimension === dimension.name ? [{ fact, column: lookup.column }] : []))
  );
  const staged = uses.map(
    ({ fact, column: name }) =>
      `SELECT COUNT(*) INTO v_unknown FROM ${table('staging', fact.name)} f WHERE ${column('f', name)} = 0`
  );
  const kept = uses
    .filter(({ fact }) => dimension.deletes === 'delete' && fact.deletes === 'keep')
    .map(
      ({ fact, column: name }) => `SELECT COUNT(*) INTO v_unknown
FROM ${table('dwh', fact.name)} f
LEFT JOIN ${table('staging', dimension.name)} s ON ${column('s', key)} = ${column('f', name)}
WHERE ${column('s', key)} IS NULL`
    );
  return [
    `SELECT COUNT(*) INTO v_unknown FROM ${table('dwh', dimension.name)} d WHERE ${column('d', key)} = 0`,
    ...[...staged, ...kept].map((query) => `IF v_unknown = 0 THEN\n  ${query.replaceAll('\n', '\n  ')};\nEND IF`),
  ];
}

/**
 * Procedure `dwh.merge_<dimension>`: members of this run replace those with the same key; members gone at the source
 * stay or go as the model says. Runs after all facts are staged, since they tell whether the unknown member is needed.
 */
export function mergeDimension(pipeline: string, dimension: Dimension, facts: readonly Fact[]): string {
  const { name } = dimension;
  const self = `dwh.merge_${name}`;
  const key = `${name}key`;
  const versioned = dimension.scd === 2;
  const own = [...dimensionColumns(dimension), ...(versioned ? versionColumns : [])];
  const columns = [key, ...own.map((one) => one.name)];
  const names = columns.map(quote).join(', ');
  const using = facts.filter((fact) => fact.lookups.some((lookup) => lookup.dimension === name));
  const always: Readonly<Record<string, string>> = versioned
    ? { [key]: '0', valid_from: beginning, is_current: 'TRUE' }
    : { [key]: '0' };
  const unknown = columns.map((one) => {
    const value = Object.hasOwn(dimension.unknown, one) ? dimension.unknown[one] : undefined;
    return always[one] ?? (value === undefined ? 'NULL' : literal(value));
  });
  const target = table('dwh', name);
  const staged = table('staging', name);
  // Staging has all versions of a type 2 dimension, those of members that are gone too.
  const gone =
    versioned || dimension.deletes === 'delete'
      ? `DELETE FROM ${target} WHERE ${quote(key)} <> 0`
      : `DELETE FROM ${target} WHERE ${quote(key)} IN (SELECT ${column('s', key)} FROM ${staged} s)`;
  return procedure(
    'dwh',
    `merge_${name}`,
    ['v_loads', 'v_expected', 'v_rows', 'v_before', 'v_unknown'],
    [
      ...using.flatMap((fact) => assertRecorded(self, 'staging', fact.name)),
      ...assertStaged(self, name),
      ...countUnknown(dimension, facts),
      ...(versioned ? assertHistory(dimension) : []),
      gone,
      `DELETE FROM ${target} WHERE ${quote(key)} = 0`,
      `SELECT COUNT(*) INTO v_before FROM ${target} d`,
      `INSERT INTO ${target} (${names})\nSELECT ${columns.map((one) => column('s', one)).join(', ')} FROM ${staged} s`,
      `SELECT COUNT(*) INTO v_expected FROM ${target} d`,
      assert(
        'v_expected = v_before + v_rows',
        `${self}: dwh.${name} has % rows after % were added to %; staging.${name} changed meanwhile, call it again`,
        'v_expected',
        'v_rows',
        'v_before'
      ),
      `IF v_unknown > 0 THEN\n  INSERT INTO ${target} (${names}) VALUES (${unknown.join(', ')});\nEND IF`,
      analyze('dwh', name),
      ...record('dwh', name),
      ...copyWatermark(pipeline, 'dwh', name, 'staging'),
    ]
  );
}
