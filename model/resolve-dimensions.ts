import type { Path } from './document.js';
import { suggestion } from './near-name.js';
import type { RedshiftType } from './redshift-type.js';
import { list } from './resolution.js';
import type { Resolution } from './resolution.js';
import type { DimensionShape, WarehouseShape } from './shape.js';
import type { ColumnRef, DateDimension, DatePart, Dimension, MemberDimension } from './warehouse-model.js';

const dateParts: readonly DatePart[] = ['year', 'quarter', 'month', 'week', 'day', 'dayofweek', 'dayofyear'];

/** The columns of a dimension in dwh besides its surrogate key, with their types. */
export function dimensionColumns(dimension: Dimension): { readonly name: string; readonly type: RedshiftType }[] {
  if (dimension.kind === 'dates') {
    return [
      { name: 'date', type: { name: 'date' } },
      ...dimension.attributes.map((name) => ({ name, type: { name: 'integer' } as const })),
    ];
  }
  return [...dimension.key, ...dimension.attributes].map(({ column, type }) => ({ name: column, type }));
}

/** The columns a type 2 dimension has besides: from when, up to when (exclusive, NULL while it holds), whether it holds. */
export const versionColumns: readonly { readonly name: string; readonly type: RedshiftType }[] = [
  { name: 'valid_from', type: { name: 'timestamp' } },
  { name: 'valid_to', type: { name: 'timestamp' } },
  { name: 'is_current', type: { name: 'boolean' } },
];

/** What keeps a text from being written as a literal that means the same everywhere, if anything does. */
export function literalProblem(text: string): string | undefined {
  return /[\u0000-\u001f\\$]/.test(text) ? 'must not contain \\, $ or control characters' : undefined;
}

function fits(value: string | number | boolean, type: RedshiftType): boolean {
  switch (type.name) {
    case 'varchar':
      return typeof value === 'string' && Buffer.byteLength(value) <= type.length!;
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
    case 'timestamp':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(value);
    case 'integer':
    case 'bigint':
      return Number.isSafeInteger(value);
    default:
      return typeof value === 'number' && Number.isFinite(value);
  }
}

function checkUnknown(resolution: Resolution, path: Path, dimension: Dimension): void {
  const columns = dimensionColumns(dimension);
  for (const [name, value] of Object.entries(dimension.unknown)) {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) {
      const known = columns.map((one) => one.name);
      resolution.report(
        [...path, name],
        `dimension "${dimension.name}" has no column "${name}"${suggestion(name, known)}`
      );
      continue;
    }
    const problem = typeof value === 'string' ? literalProblem(value) : undefined;
    if (problem !== undefined) resolution.report([...path, name], problem);
    else if (!fits(value, column.type))
      resolution.report([...path, name], `does not fit its column, ${column.type.name}`);
  }
}

type Base = Pick<Dimension, 'name' | 'deletes' | 'scd' | 'unknown' | 'rows'>;

function resolveDates(resolution: Resolution, path: Path, base: Base, shape: DimensionShape): DateDimension {
  for (const key of ['from', 'key', 'orderBy'] as const) {
    if (shape[key] !== undefined) resolution.report([...path, key], 'has no place in a date dimension ("dates")');
  }
  if (shape.scd === 2) resolution.report([...path, 'scd'], 'has no place in a date dimension: dates do not change');
  const sources = list(shape.dates).flatMap((text) => {
    const column = resolution.qualifiedColumn([...path, 'dates'], text);
    if (column !== undefined && !['date', 'timestamp'].includes(column.type.name)) {
      resolution.report([...path, 'dates'], `"${text}" is ${column.type.name}, not a date or timestamp`);
    }
    return column ?? [];
  });
  const attributes = (shape.attributes ?? []).flatMap((name, index) => {
    const part = dateParts.find((one) => one === name);
    if (part === undefined) {
      resolution.report(
        [...path, 'attributes', index],
        `"${name}" is not a part of a date${suggestion(name, dateParts)}`
      );
    }
    return part ?? [];
  });
  return { ...base, kind: 'dates', sources, attributes };
}

function checkKeyTypes(resolution: Resolution, path: Path, key: readonly ColumnRef[]): void {
  for (const { column, type } of key) {
    if (type.name === 'boolean' || type.name === 'double precision') {
      resolution.report(path, `"${column}" is ${type.name}, which cannot be part of a business key`);
    }
  }
}

function resolveMembers(
  resolution: Resolution,
  path: Path,
  base: Base,
  shape: DimensionShape
): MemberDimension | undefined {
  const from = shape.from ?? base.name;
  const entity = resolution.entity(shape.from === undefined ? path : [...path, 'from'], from);
  if (shape.key === undefined && !resolution.document.isReported([...path, 'key'])) {
    resolution.report(path, 'needs its business key ("key"), or "dates" if it is a date dimension');
  }
  if (entity === undefined) return undefined;
  const key = list(shape.key).flatMap((name) => resolution.column([...path, 'key'], entity, name) ?? []);
  checkKeyTypes(resolution, [...path, 'key'], key);
  const attributes = (shape.attributes ?? []).flatMap(
    (name, index) => resolution.column([...path, 'attributes', index], entity, name) ?? []
  );
  const orderBy = resolution.orderBy([...path, 'orderBy'], entity, list(shape.orderBy));
  return { ...base, kind: 'members', entity: from, key, attributes, orderBy };
}

/** Resolves the dimensions, in the order of the file. */
export function resolveDimensions(resolution: Resolution, shape: WarehouseShape): Map<string, Dimension> {
  const dimensions = new Map<string, Dimension>();
  for (const [name, one] of Object.entries(shape.dimensions)) {
    const path = ['dimensions', name];
    resolution.checkName(path, name, 'table');
    const { scd = 1, unknown = {} } = one;
    const { rows } = one;
    if (rows !== undefined && !(Number.isSafeInteger(rows) && rows > 0)) {
      resolution.report([...path, 'rows'], 'must be a whole number of members, at least 1');
    }
    const deletes = one.deletes ?? shape.deletes ?? 'keep';
    const base: Base = { name, deletes, scd, unknown, ...(rows !== undefined && { rows }) };
    const dimension =
      one.dates === undefined ? resolveMembers(resolution, path, base, one) : resolveDates(resolution, path, base, one);
    if (dimension === undefined) continue;
    const columns = [...dimensionColumns(dimension), ...(scd === 2 ? versionColumns : [])].map((column) => column.name);
    resolution.checkUnique(path, [`${name}key`, ...columns], `dwh.${name}`);
    checkUnknown(resolution, [...path, 'unknown'], dimension);
    dimensions.set(name, dimension);
  }
  return dimensions;
}
