import type { Path } from './document.js';
import { suggestion } from './near-name.js';
import { comparable } from './redshift-type.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import { literalProblem } from './resolve-dimensions.js';
import type { FactShape, LookupShape, OnShape, WarehouseShape } from './shape.js';
import type { ColumnRef, Dimension, Entity, Fact, Join, Lookup, Value } from './warehouse-model.js';

/** Pairs of names: `a`, `[a, b]` (the same name on both sides) or `{theirs: ours}`. */
function pairs(on: OnShape): [theirs: string, ours: string][] {
  if (typeof on === 'object' && !Array.isArray(on)) return Object.entries(on);
  return list(on).map((name) => [name, name]);
}

/** The landing tables whose rows make up a fact's source rows, and how names are found in them. */
class FactSource {
  constructor(
    private readonly resolution: Resolution,
    readonly base: Entity,
    readonly joined: readonly { readonly entity: Entity; readonly join: Join }[],
    /** False when a join could not be resolved, which was reported: names may be missing because of that. */
    private readonly complete: boolean
  ) {}

  /** A value by `column` or `table.column`. */
  value(path: Path, text: string): Value | undefined {
    const tables = [this.base, ...this.joined.map(({ entity }) => entity)];
    const [qualifier, name, ...more] = text.includes('.') ? text.split('.') : [undefined, text];
    if (qualifier !== undefined) {
      const entity = tables.find((one) => one.name === qualifier);
      if (name === undefined || more.length > 0) return this.resolution.report(path, `"${text}" is not table.column`);
      if (entity === undefined) {
        if (!this.complete) return undefined;
        const names = tables.map((one) => one.name);
        return this.resolution.report(
          path,
          `"${qualifier}" is not one of the fact's tables${suggestion(qualifier, names)}`
        );
      }
      const column = this.resolution.column(path, entity, name);
      return column && [column];
    }
    const having = tables.filter((one) => one.columns.some((column) => column.name === text));
    const [first] = having;
    if (first === undefined) {
      if (
        !this.complete ||
        tables.some((one) => this.resolution.document.excuses(['landing', one.name, 'columns', text]))
      )
        return undefined;
      const names = tables.flatMap((one) => one.columns.map((column) => column.name));
      const where = tables.map((one) => `landing.${one.name}`).join(', ');
      return this.resolution.report(
        path,
        `there is no column "${text}" in ${where}${suggestion(text, new Set(names))}`
      );
    }
    const others = having.slice(1).map((one) => this.joined.find(({ entity }) => entity === one)!);
    const same = others.every(({ join }) =>
      join.on.some(({ base, joined }) => base.column === text && joined.column === text)
    );
    if (first !== this.base ? others.length > 0 : !same) {
      if (!this.complete) return undefined;
      const choices = having.map((one) => `${one.name}.${text}`).join(' or ');
      return this.resolution.report(path, `"${text}" stands in several tables; write ${choices}`);
    }
    // Joined with `full`, a row may have the value on either side only.
    const sides = [first, ...others.filter(({ join }) => join.outer === 'full').map(({ entity }) => entity)];
    return sides.flatMap((one) => this.resolution.column(path, one, text) ?? []);
  }
}

function resolveJoins(resolution: Resolution, path: Path, base: Entity, shape: FactShape): FactSource {
  const joined = Object.entries(shape.join ?? {}).flatMap(([name, one]) => {
    const at = [...path, 'join', name];
    const entity = resolution.entity(at, name);
    if (entity === undefined) return [];
    if (entity === base) return resolution.report(at, 'a table cannot be joined to itself') ?? [];
    const on = pairs(one.on).flatMap(([theirs, ours]) => {
      const left = resolution.column([...at, 'on'], base, ours);
      const right = resolution.column([...at, 'on'], entity, theirs);
      if (left === undefined || right === undefined) return [];
      if (!comparable(left.type, right.type)) {
        resolution.report(
          [...at, 'on'],
          `"${ours}" is ${left.type.name}, but "${theirs}" of landing.${name} is ${right.type.name}`
        );
      }
      return [{ base: left, joined: right }];
    });
    return [{ entity, join: { entity: name, on, outer: one.outer ?? 'left' } as const }];
  });
  const full = joined.filter(({ join }) => join.outer === 'full');
  if (full.length > 1) resolution.report([...path, 'join'], 'only one table can be joined with "outer: full"');
  const shapes = Object.values(shape.join ?? {});
  const resolved = joined.reduce((count, { join }) => count + join.on.length, 0);
  const complete = resolved === shapes.reduce((count, one) => count + pairs(one.on).length, 0);
  return new FactSource(resolution, base, joined, complete);
}

/** The business key of a dimension: what a lookup must give values for. */
function keyOf(dimension: Dimension): readonly Pick<ColumnRef, 'column' | 'type'>[] {
  return dimension.kind === 'dates' ? [{ column: 'date', type: { name: 'date' } }] : dimension.key;
}

function resolveThrough(
  resolution: Resolution,
  path: Path,
  source: FactSource,
  dimension: Dimension,
  shape: LookupShape & { through: string }
): Pick<Lookup, 'on' | 'through'> | undefined {
  const entity = resolution.entity([...path, 'through'], shape.through);
  if (entity === undefined) return undefined;
  if (dimension.kind === 'dates' || dimension.entity !== entity.name) {
    const from = dimension.kind === 'dates' ? 'a date dimension' : `made from landing.${dimension.entity}`;
    return resolution.report(
      [...path, 'through'],
      `dimension "${dimension.name}" is ${from}, not from "${entity.name}"`
    );
  }
  const matched = pairs(shape.on).flatMap(([theirs, ours]) => {
    const column = resolution.column([...path, 'on'], entity, theirs);
    const value = source.value([...path, 'on'], ours);
    if (column === undefined || value === undefined) return [];
    checkComparable(resolution, [...path, 'on'], ours, value, theirs, column);
    return [{ column, value }];
  });
  const where = Object.entries(shape.where ?? {}).flatMap(([name, value]) => {
    const column = resolution.column([...path, 'where'], entity, name);
    const problem = typeof value === 'string' ? literalProblem(value) : undefined;
    if (problem !== undefined) resolution.report([...path, 'where', name], problem);
    if (column === undefined) return [];
    if ((column.type.name === 'varchar') !== (typeof value === 'string')) {
      resolution.report([...path, 'where', name], `does not fit its column, ${column.type.name}`);
    }
    return [{ column, value }];
  });
  const orderBy = resolution.orderBy([...path, 'orderBy'], entity, list(shape.orderBy));
  const columns = matched.map(({ column }) => column);
  return { on: matched.map(({ value }) => value), through: { columns, where, orderBy } };
}

function checkComparable(
  resolution: Resolution,
  path: Path,
  ours: string,
  value: Value,
  theirs: string,
  key: Pick<ColumnRef, 'type'>
): void {
  const [first] = value;
  if (first === undefined || comparable(first.type, key.type)) return;
  if (key.type.name === 'date' && first.type.name === 'timestamp') return;
  resolution.report(path, `"${ours}" is ${first.type.name}, but "${theirs}" of the key ${key.type.name}`);
}

function resolveLookup(
  resolution: Resolution,
  path: Path,
  source: FactSource,
  dimensions: ReadonlyMap<string, Dimension>,
  role: string,
  written: string | LookupShape
): Lookup | undefined {
  resolution.checkName(path, role, 'column');
  const shape: LookupShape = typeof written === 'string' ? { on: written } : written;
  const name = shape.dimension ?? role;
  const dimension = dimensions.get(name);
  if (dimension === undefined) {
    if (resolution.document.excuses(['dimensions', name])) return undefined;
    const at = shape.dimension === undefined ? path : [...path, 'dimension'];
    return resolution.report(at, `there is no dimension "${name}"${suggestion(name, dimensions.keys())}`);
  }
  const base = { role, dimension: name, column: `${role}key` };
  const { through } = shape;
  if (through !== undefined) {
    const found = resolveThrough(resolution, path, source, dimension, { ...shape, through });
    return found && { ...base, ...found };
  }
  for (const key of ['where', 'orderBy'] as const) {
    if (shape[key] !== undefined)
      resolution.report([...path, key], 'needs "through", the landing table it chooses from');
  }
  const key = keyOf(dimension);
  const at = typeof written === 'string' ? path : [...path, 'on'];
  const single = typeof shape.on === 'string' && key.length === 1;
  const given = new Map(single ? [[key[0]!.column, shape.on as string]] : pairs(shape.on));
  for (const theirs of given.keys()) {
    const known = key.map(({ column }) => column);
    if (known.length > 0 && !known.includes(theirs)) {
      resolution.report(at, `"${theirs}" is not in the business key of "${name}"${suggestion(theirs, known)}`);
    }
  }
  const lacking = key.filter(({ column }) => !given.has(column)).map(({ column }) => `"${column}"`);
  if (lacking.length > 0) {
    resolution.report(at, `must say the columns for ${lacking.join(', ')} of the business key of "${name}"`);
  }
  const on = key.flatMap(({ column, type }) => {
    const ours = given.get(column);
    if (ours === undefined) return [];
    const value = source.value(at, ours);
    if (value === undefined) return [];
    checkComparable(resolution, at, ours, value, column, { type });
    checkDates(resolution, at, dimension, value);
    return [value];
  });
  return { ...base, on };
}

/** A date that is not in the dimension would silently become the unknown one. */
function checkDates(resolution: Resolution, path: Path, dimension: Dimension, value: Value): void {
  if (dimension.kind !== 'dates' || resolution.document.isReported(['dimensions', dimension.name])) return;
  for (const { entity, column } of value) {
    if (!dimension.sources.some((one) => one.entity === entity && one.column === column)) {
      resolution.report(
        path,
        `${entity}.${column} is not among the dates of "${dimension.name}"; add it to its "dates"`
      );
    }
  }
}

function checkGrain(
  resolution: Resolution,
  path: Path,
  fact: Fact,
  shape: FactShape,
  dimensions: ReadonlyMap<string, Dimension>
): void {
  const columns = [...(fact.key === undefined ? [] : [fact.key.column]), ...fact.lookups.map(({ column }) => column)];
  for (const [index, name] of fact.grain.entries()) {
    const at = [...path, 'grain', index];
    if (!columns.includes(name)) {
      const reported = Object.keys(shape.dimensions).some((role) => `${role}key` === name);
      if (!reported) resolution.report(at, `"${name}" is not a key column of the fact${suggestion(name, columns)}`);
      continue;
    }
    const lookup = fact.lookups.find(({ column }) => column === name);
    if (fact.deletes === 'keep' && lookup && dimensions.get(lookup.dimension)?.deletes === 'delete') {
      const what = `fact "${fact.name}" keeps its rows, so dimension "${lookup.dimension}", which tells them apart`;
      resolution.report(at, `${what}, must keep its members too; set "deletes" alike`);
    }
  }
}

/** Resolves the facts, in the order of the file. */
export function resolveFacts(
  resolution: Resolution,
  shape: WarehouseShape,
  dimensions: ReadonlyMap<string, Dimension>
): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const [name, one] of Object.entries(shape.facts)) {
    const path = ['facts', name];
    resolution.checkName(path, name, 'table');
    const from = one.from ?? name;
    const base = resolution.entity(one.from === undefined ? path : [...path, 'from'], from);
    if (base === undefined) continue;
    const source = resolveJoins(resolution, path, base, one);
    const names = list(one.key);
    const on = names.flatMap((column) => {
      const value = source.value([...path, 'key'], column);
      const type = value?.[0]?.type.name;
      if (type === 'boolean' || type === 'double precision') {
        resolution.report([...path, 'key'], `"${column}" is ${type}, which cannot be part of a business key`);
      }
      return value === undefined ? [] : [value];
    });
    const measures = Array.isArray(one.measures)
      ? one.measures.map((column) => [column, column] as const)
      : Object.entries(one.measures);
    const fact: Fact = {
      name,
      from,
      joins: source.joined.map(({ join }) => join),
      ...(names.length === 0
        ? {}
        : { key: { column: `${name}key`, names: names.map((text) => text.split('.').at(-1)!), on } }),
      grain: one.grain,
      lookups: Object.entries(one.dimensions).flatMap(
        ([role, written]) =>
          resolveLookup(resolution, [...path, 'dimensions', role], source, dimensions, role, written) ?? []
      ),
      measures: measures.flatMap(([measure, column], index) => {
        const at = [...path, 'measures', Array.isArray(one.measures) ? index : measure];
        const simple = measure.split('.').at(-1)!;
        resolution.checkName(at, simple, 'column');
        const value = source.value(at, column);
        return value === undefined ? [] : [{ name: simple, value }];
      }),
      deletes: one.deletes ?? shape.deletes ?? 'keep',
    };
    checkGrain(resolution, path, fact, one, dimensions);
    const columns = [...(fact.key ? [fact.key.column] : []), ...fact.lookups.map(({ column }) => column)];
    resolution.checkUnique(path, [...columns, ...fact.measures.map((measure) => measure.name)], `dwh.${name}`);
    facts.set(name, fact);
  }
  return facts;
}
