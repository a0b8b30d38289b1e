import type { Fact, WarehouseModel } from '../warehouse-model.js';
import { businessKey } from './load-dimension.js';
import { factColumns, headerOnly, isFull } from './load-fact.js';
import { analyze, assert, assertRecorded, assertStaged, copyWatermark, procedure, record } from './procedure.js';
import { column, keyColumn, quote, table } from './text.js';

/**
 * Takes from dwh what this run brings anew. In keep mode these are the rows of the same grain, and the rows that lack a
 * member in their grain: those have no identity to be kept by, so they follow the source (of their key, if there is
 * one). That is how the row of an order without lines goes when lines come.
 */
function removeOld(model: WarehouseModel, fact: Fact): string[] {
  const target = table('dwh', fact.name);
  if (fact.deletes === 'delete') return [`DELETE FROM ${target}`];
  const ours = (name: string): string => `${quote(fact.name)}.${quote(name)}`;
  const using = [`${table('staging', fact.name)} s`];
  const same = fact.grain.flatMap((name, index) => {
    const lookup = fact.lookups.find((one) => one.column === name);
    const dimension = model.dimensions.find((one) => one.name === lookup?.dimension);
    if (dimension?.scd !== 2) return [`${ours(name)} = ${column('s', name)}`];
    // A row whose time falls in another version since is the same row: it is told apart by member, not by version.
    const key = `${dimension.name}key`;
    const by = keyColumn(dimension.name, businessKey(dimension)).name;
    const [old, now] = [`o${index + 1}`, `n${index + 1}`];
    using.push(`${table('staging', key)} ${old}`, `${table('staging', key)} ${now}`);
    return [
      `${ours(name)} = ${column(old, key)}`,
      `${column('s', name)} = ${column(now, key)}`,
      `${column(old, by)} = ${column(now, by)}`,
    ];
  });
  const exact = `DELETE FROM ${target} USING ${using.join(', ')} WHERE ${same.join(' AND ')}`;
  const members = fact.grain.filter((name) => name !== fact.key?.column);
  if (members.length === 0) return [exact];
  const unknown = members.map((name) => `${quote(name)} = 0`).join(' OR ');
  const key = fact.key?.column;
  const ofKey =
    key === undefined || !fact.grain.includes(key)
      ? ''
      : ` AND ${quote(key)} IN (SELECT ${column('s', key)} FROM ${table('staging', fact.name)} s)`;
  return [exact, `DELETE FROM ${target} WHERE (${unknown})${ofKey}`];
}

/** Points kept rows whose member was deleted at the unknown member. */
function repoint(model: WarehouseModel, fact: Fact): string[] {
  if (fact.deletes === 'delete') return [];
  return fact.lookups
    .filter(({ dimension }) => model.dimensions.find(({ name }) => name === dimension)!.deletes === 'delete')
    .map(({ dimension, column: name }) => {
      const member = `${dimension}key`;
      return `UPDATE ${table('dwh', fact.name)} SET ${quote(name)} = 0
WHERE ${quote(name)} IN (
  SELECT ${column('f', name)}
  FROM ${table('dwh', fact.name)} f
  LEFT JOIN ${table('dwh', dimension)} d ON ${column('d', member)} = ${column('f', name)}
  WHERE ${column('d', member)} IS NULL
)`;
    });
}

/** Procedure `dwh.merge_<fact>`: delete and insert in one transaction, after all its dimensions were merged. */
export function mergeFact(model: WarehouseModel, fact: Fact): string {
  const self = `dwh.merge_${fact.name}`;
  const target = table('dwh', fact.name);
  const staged = table('staging', fact.name);
  const names = factColumns(fact);
  const insert = `INSERT INTO ${target} (${names.map(quote).join(', ')})
SELECT ${names.map((name) => column('s', name)).join(', ')}
FROM ${staged} s`;
  const key = fact.key?.column;
  // A header without lines now, whose lines of earlier runs are kept, needs no row of its own.
  const placeholders =
    fact.deletes === 'keep' && isFull(fact) && key !== undefined
      ? {
          count: `SELECT COUNT(*) INTO v_skipped
FROM ${staged} s
WHERE ${column('s', headerOnly)} AND ${column('s', key)} <> 0
  AND ${column('s', key)} IN (SELECT ${column('d', key)} FROM ${target} d)`,
          inserts: [
            `${insert}
LEFT JOIN (SELECT DISTINCT ${column('d', key)} FROM ${target} d WHERE ${column('d', key)} <> 0) kept
  ON ${column('kept', key)} = ${column('s', key)}
WHERE ${column('s', headerOnly)} AND ${column('kept', key)} IS NULL`,
            `${insert}\nWHERE NOT ${column('s', headerOnly)}`,
          ],
        }
      : { count: 'v_skipped := 0', inserts: [insert] };
  const dimensions = new Set(fact.lookups.map(({ dimension }) => dimension));
  return procedure(
    'dwh',
    `merge_${fact.name}`,
    ['v_loads', 'v_expected', 'v_rows', 'v_before', 'v_skipped'],
    [
      ...[...dimensions].flatMap((name) => assertRecorded(self, 'dwh', name)),
      ...assertStaged(self, fact.name),
      ...removeOld(model, fact),
      ...repoint(model, fact),
      placeholders.count,
      `SELECT COUNT(*) INTO v_before FROM ${target} d`,
      ...placeholders.inserts,
      `SELECT COUNT(*) INTO v_expected FROM ${target} d`,
      assert(
        'v_expected = v_before + v_rows - v_skipped',
        `${self}: dwh.${fact.name} has % rows after % were added to %; staging.${fact.name} changed meanwhile, call it again`,
        'v_expected',
        'v_rows',
        'v_before'
      ),
      analyze('dwh', fact.name),
      ...record('dwh', fact.name),
      ...copyWatermark(model.name, 'dwh', fact.name, 'staging'),
    ]
  );
}
