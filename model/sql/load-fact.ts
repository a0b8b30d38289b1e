import type { Dimension, Fact, Lookup, Value, WarehouseModel } from '../warehouse-model.js';
import { landingOf } from './load-dimension.js';
import { fillLookup, lookupJoin, valueSql } from './lookup.js';
import type { Alias } from './lookup.js';
import {
  analyze,
  assert,
  assertLanded,
  assertRecorded,
  copyWatermark,
  procedure,
  record,
  updateMaxKey,
} from './procedure.js';
import { column, hasKey, indent, keyColumn, keyValue, quote, table } from './text.js';

/** The column of `staging.<fact>` that marks rows of a fully joined table without a partner. */
export const headerOnly = 'sluice_header_only';

/** Whether a fact has a fully joined table, whose rows without a partner give rows too. */
export function isFull(fact: Fact): boolean {
  return fact.joins.some(({ outer }) => outer === 'full');
}

/** The values of a source row that a lookup reads. */
function lookupValues({ on, at }: Lookup): readonly Value[] {
  return at === undefined ? on : [...on, at];
}

/** The columns of a fact in dwh, in order. */
export function factColumns(fact: Fact): string[] {
  return [
    ...(fact.key === undefined ? [] : [fact.key.column]),
    ...fact.lookups.map((lookup) => lookup.column),
    ...fact.measures.map((measure) => measure.name),
  ];
}

/** Gives every business key of the fact that has none yet a surrogate key. */
function insertFactKeys(fact: Fact): string {
  const key = fact.key!;
  const keys = table('staging', `${fact.name}key`);
  const parts = key.names.map((name, index) => ({ column: name, type: key.on[index]![0]!.type }));
  const by = keyColumn(fact.name, parts).name;
  const sides = isFull(fact) ? Math.max(...key.on.map((value) => value.length)) : 1;
  // A join column stands on both sides of a full join: either may have values that the other lacks.
  const selects = Array.from({ length: sides }, (_, side) => {
    const refs = key.on.map((value) => value[side] ?? value[0]!);
    return { refs, entities: new Set(refs.map(({ entity }) => entity)) };
  }).map(({ refs, entities }) =>
    entities.size === 1
      ? `SELECT ${refs.map((ref, index) => `${column('l', ref.column)} AS ${quote(key.names[index]!)}`).join(', ')} FROM ${table('landing', refs[0]!.entity)} l`
      : `SELECT ${key.on.map((value, index) => `${valueSql(value, sourceAlias(fact))} AS ${quote(key.names[index]!)}`).join(', ')} FROM ${sourceTables(fact)}`
  );
  const columns = key.names.map((name) => column('m', name));
  return `INSERT INTO ${keys} (${quote(by)})
SELECT n."sluice_key"
FROM (
  SELECT DISTINCT ${keyValue(parts.map((part) => ({ sql: column('m', part.column), type: part.type })))} AS "sluice_key"
  FROM (
    ${indent([...new Set(selects)].join('\nUNION ALL\n'), 4)}
  ) m
  WHERE ${hasKey(columns)}
) n
LEFT JOIN ${keys} k ON ${column('k', by)} = n."sluice_key"
WHERE ${column('k', `${fact.name}key`)} IS NULL
ORDER BY n."sluice_key"`;
}

/** Aliases of the source tables: `b` for the base, `j1`, `j2`, … for those joined. */
function sourceAlias(fact: Fact): Alias {
  return ({ entity }) =>
    entity === fact.from ? 'b' : `j${fact.joins.findIndex((join) => join.entity === entity) + 1}`;
}

function sourceTables(fact: Fact, of = (entity: string): string => table('landing', entity)): string {
  const joins = fact.joins.map(({ entity, on, outer }, index) => {
    const alias = `j${index + 1}`;
    const conditions = on.map((pair) => `${column(alias, pair.joined.column)} = ${column('b', pair.base.column)}`);
    return `${outer.toUpperCase()} JOIN ${of(entity)} ${alias} ON ${conditions.join(' AND ')}`;
  });
  return [`${of(fact.from)} b`, ...joins].join('\n');
}

/**
 * One row per source row. Members that depend on one source table only are looked up there, before the join: a header's
 * customer is looked up once, not once per line.
 */
function insertRows(fact: Fact, dimensions: ReadonlyMap<string, Dimension>): string {
  const alias = sourceAlias(fact);
  const full = isFull(fact);
  const inner = new Map<string, { lookup: Lookup; index: number }[]>();
  const outer: { lookup: Lookup; index: number }[] = [];
  for (const [index, lookup] of fact.lookups.entries()) {
    const refs = lookupValues(lookup).flat();
    const [entity, ...more] = new Set(refs.map((ref) => ref.entity));
    if (entity !== undefined && more.length === 0 && fact.joins.length > 0) {
      inner.set(entity, [...(inner.get(entity) ?? []), { lookup, index }]);
    } else outer.push({ lookup, index });
  }
  const keyOf = (index: number): string => `sluice_key_${index + 1}`;
  const subquery = (entity: string): string => {
    const joins = (inner.get(entity) ?? []).map(({ lookup, index }) => ({
      ...lookupJoin(fact, lookup, dimensions.get(lookup.dimension)!, `k${index + 1}`, () => 'l'),
      index,
    }));
    const used = [
      ...fact.joins.flatMap(({ on }) => on.flatMap(({ base, joined }) => [base, joined])),
      ...(fact.key?.on ?? []).flat(),
      ...outer.flatMap(({ lookup }) => lookupValues(lookup).flat()),
      ...fact.measures.flatMap(({ value }) => value),
    ];
    const columns = new Set(used.filter((ref) => ref.entity === entity).map((ref) => column('l', ref.column)));
    const marker = full && entity === fact.from ? ['1 AS "sluice_row"'] : [];
    const list = [...columns, ...joins.map(({ key, index }) => `${key} AS ${quote(keyOf(index))}`), ...marker];
    return `(
  SELECT ${list.join(', ')}
  FROM ${table('landing', entity)} l
  ${joins.map(({ join }) => indent(join, 2)).join('\n  ')}
)`.replace(/\n {2}\n\)/, '\n)');
  };
  const joins: string[] = [];
  const selected: string[] = [];
  if (fact.key !== undefined) {
    const parts = fact.key.names.map((name, index) => ({ column: name, type: fact.key!.on[index]![0]!.type }));
    const value = keyValue(fact.key.on.map((one) => ({ sql: valueSql(one, alias), type: one[0]!.type })));
    const by = keyColumn(fact.name, parts).name;
    joins.push(`LEFT JOIN ${table('staging', `${fact.name}key`)} k ON ${column('k', by)} = ${value}`);
    selected.push(`COALESCE(${column('k', fact.key.column)}, 0)`);
  }
  for (const [index, lookup] of fact.lookups.entries()) {
    const entity = lookup.on.flat()[0]!;
    if (outer.some((one) => one.lookup === lookup)) {
      const { join, key } = lookupJoin(fact, lookup, dimensions.get(lookup.dimension)!, `k${index + 1}`, alias);
      joins.push(join);
      selected.push(`COALESCE(${key}, 0)`);
    } else selected.push(`COALESCE(${column(alias(entity), keyOf(index))}, 0)`);
  }
  selected.push(...fact.measures.map(({ value }) => valueSql(value, alias)));
  const names = factColumns(fact);
  if (full) {
    names.push(headerOnly);
    selected.push('(b."sluice_row" IS NULL)');
  }
  const of = (entity: string): string => (fact.joins.length === 0 ? table('landing', entity) : subquery(entity));
  return `INSERT INTO ${table('staging', fact.name)} (${names.map(quote).join(', ')})
SELECT ${selected.join(', ')}
FROM ${[sourceTables(fact, of), ...joins].join('\n')}`;
}

/** Procedure `staging.load_<fact>`: a row per source row, with the keys of its members, 0 where there is none. */
export function loadFact(model: WarehouseModel, fact: Fact): string {
  const self = `staging.load_${fact.name}`;
  const dimensions = new Map(model.dimensions.map((dimension) => [dimension.name, dimension]));
  const through = fact.lookups.filter((lookup) => lookup.through !== undefined);
  const used = new Set(fact.lookups.map((lookup) => lookup.dimension));
  const landed = new Set([
    fact.from,
    ...fact.joins.map(({ entity }) => entity),
    ...through.flatMap((lookup) => landingOf(dimensions.get(lookup.dimension)!)),
  ]);
  const staged = table('staging', fact.name);
  const lines = isFull(fact) ? ` WHERE NOT ${column('s', headerOnly)}` : '';
  const joined = fact.joins.map(({ entity }) => `landing.${entity}`).join(', ');
  const reason =
    joined === ''
      ? 'a key table has a business key twice'
      : `${joined} has several rows for one row of landing.${fact.from}`;
  return procedure(
    'staging',
    `load_${fact.name}`,
    ['v_loads', 'v_expected', 'v_rows'],
    [
      ...[...landed].flatMap((entity) => assertLanded(self, entity)),
      ...[...used].flatMap((name) => assertRecorded(self, 'staging', name)),
      `DELETE FROM ${staged}`,
      ...(fact.key === undefined
        ? []
        : [insertFactKeys(fact), analyze('staging', `${fact.name}key`), ...updateMaxKey(fact.name)]),
      ...through.flatMap((lookup) => fillLookup(fact, lookup, dimensions.get(lookup.dimension)!)),
      insertRows(fact, dimensions),
      `SELECT COUNT(*) INTO v_expected FROM ${table('landing', fact.from)} l`,
      `SELECT COUNT(*) INTO v_rows FROM ${staged} s${lines}`,
      assert(
        'v_rows = v_expected',
        `${self}: staging.${fact.name} got % rows for % rows of landing.${fact.from}; ${reason}`,
        'v_rows',
        'v_expected'
      ),
      `SELECT COUNT(*) INTO v_rows FROM ${staged} s`,
      analyze('staging', fact.name),
      ...record('staging', fact.name),
      ...copyWatermark(model.name, 'staging', fact.name, { landing: [...landed] }),
    ]
  );
}
