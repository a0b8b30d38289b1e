import type { Path } from './document.js';
import { pairs } from './fact-source.js';
import type { FactSource } from './fact-source.js';
import { suggestion } from './near-name.js';
import { comparable } from './redshift-type.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import { literalProblem } from './resolve-dimensions.js';
import type { LookupShape } from './shape.js';
import type { ColumnRef, Dimension, Lookup, Value } from './warehouse-model.js';

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

/** Resolves how a fact finds the member of a dimension; undefined when it cannot be, which is reported. */
export function resolveLookup(
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
