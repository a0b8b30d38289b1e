import type { AttributeType, LakeColumn } from '../../../../model/plan.js';
import { exactCast } from '../../duckdb/exact-cast.js';
import type { ExactCast } from '../../duckdb/exact-cast.js';
import { quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import type { AttributeRequest, ItemAccess } from './item-access.js';

/** A reason to reject an item: holds where `when` is true. `found` is SQL, the rest is text. */
export interface RejectRule {
  readonly when: string;
  readonly attribute: string;
  readonly expected: string;
  readonly found: string;
}

function castOf(lakeType: string): ExactCast {
  const cast = exactCast(lakeType);
  if (cast === undefined) throw new Error(`unsupported lake type ${lakeType}`);
  return cast;
}

/** What the column reads of an item. */
export function columnRequest(column: LakeColumn): AttributeRequest {
  return { path: column.path, type: column.type, fields: column.type === 'L' ? column.fields : undefined };
}

/** Columns with the same identity have the same value in every item. */
export function columnIdentity(column: LakeColumn): string {
  return JSON.stringify([column.path, column.type, column.lakeType, column.fields ?? null]);
}

/** True when the attribute, or a map on the way to it, is there but has neither the wanted descriptor nor NULL. */
export function wrongDescriptor(access: ItemAccess, { path, type }: AttributeRequest): string {
  return wrongSteps(access, path, type)
    .map((step) => step.when)
    .join(' OR ');
}

function wrongSteps(
  access: ItemAccess,
  path: readonly string[],
  type: AttributeType
): { readonly when: string; readonly path: readonly string[]; readonly wanted: AttributeType }[] {
  return path.map((_, depth) => {
    const step = path.slice(0, depth + 1);
    const wanted = depth === path.length - 1 ? type : 'M';
    const when = `(${access.present(step)} AND NOT ${access.has(step, wanted)} AND NOT ${access.has(step, 'NULL')})`;
    return { when, path: step, wanted };
  });
}

type Field = NonNullable<LakeColumn['fields']>[number];

/** SQL over a list element `e`: the field's raw value. */
function fieldValue(field: Field): string {
  return `e."M".${quoteIdentifier(field.name)}."${field.type}"`;
}

/** A scalar, a set, or a map or list kept as JSON text; NULL when it does not fit. */
function castValue(type: AttributeType, lakeType: string, raw: string): string {
  if (type === 'M' || type === 'L') return `CAST(${raw} AS VARCHAR)`;
  const element = /^array<(.+)>$/.exec(lakeType)?.[1];
  if (element === undefined) return castOf(lakeType).cast(raw);
  if (element === 'string') return raw;
  const one = castOf(element).cast('x');
  return (
    `CASE WHEN ${raw} IS NULL THEN NULL WHEN len(list_filter(${raw}, lambda x: (${one}) IS NULL)) = 0 ` +
    `THEN list_transform(${raw}, lambda x: ${one}) END`
  );
}

function fieldIsWrong(field: Field): string {
  const attribute = `e."M".${quoteIdentifier(field.name)}`;
  const raw = fieldValue(field);
  return (
    `(${attribute} IS NOT NULL AND ${attribute}."NULL" IS NULL AND ` +
    `(${raw} IS NULL OR (${castValue(field.type, field.lakeType, raw)}) IS NULL))`
  );
}

const elementIsWrong = '(e IS NOT NULL AND e."M" IS NULL AND e."NULL" IS NULL)';

function anyElement(list: string, condition: string): string {
  return `len(list_filter(${list}, lambda e: ${condition})) > 0`;
}

/** The column's value made of its raw value, NULL when that does not fit. */
export function castColumn(column: LakeColumn, raw: string): string {
  if (column.type === 'L' && column.fields !== undefined) {
    const members = column.fields.map(
      (field) =>
        `${quoteIdentifier(field.name.toLowerCase())} := ${castValue(field.type, field.lakeType, fieldValue(field))}`
    );
    const wrong = [elementIsWrong, ...column.fields.map(fieldIsWrong)].join(' OR ');
    return (
      `CASE WHEN ${raw} IS NULL THEN NULL WHEN NOT ${anyElement(raw, wrong)} THEN ` +
      `list_transform(${raw}, lambda e: CASE WHEN e."M" IS NOT NULL THEN struct_pack(${members.join(', ')}) END) END`
    );
  }
  return castValue(column.type, column.lakeType, raw);
}

/** The column's type in the Glue catalog; nested names are lower-case there. */
export function catalogType(column: LakeColumn): string {
  if (column.type !== 'L' || column.fields === undefined) return column.lakeType;
  return `array<struct<${column.fields.map((field) => `${field.name.toLowerCase()}:${field.lakeType}`).join(',')}>>`;
}

/** Every way in which an item can be unfit for the column. */
export function rejectRules(access: ItemAccess, column: LakeColumn): RejectRule[] {
  const request = columnRequest(column);
  const attribute = column.path.join('.');
  const rules: RejectRule[] = wrongSteps(access, column.path, column.type).map(({ when, path, wanted }) => ({
    when,
    attribute: path.join('.'),
    expected: wanted,
    found: `coalesce(${descriptorOf(access, path)}, 'nothing')`,
  }));
  const raw = access.value(request);
  const wrong = `(${wrongDescriptor(access, request)})`;
  if (column.required) {
    rules.push({ when: `${raw} IS NULL AND NOT ${wrong}`, attribute, expected: column.type, found: `'missing'` });
  }
  if (request.fields !== undefined && column.fields !== undefined) {
    rules.push({
      when: anyElement(raw, elementIsWrong),
      attribute,
      expected: 'L of M',
      found: `'L of something else'`,
    });
    for (const field of column.fields) {
      const found = quoteLiteral(`not ${field.type} that fits`);
      rules.push({
        when: anyElement(raw, fieldIsWrong(field)),
        attribute: `${attribute}.${field.name}`,
        expected: field.lakeType === 'string' ? field.type : field.lakeType,
        found,
      });
    }
  } else {
    rules.push({
      when: `${raw} IS NOT NULL AND (${castColumn(column, raw)}) IS NULL`,
      attribute,
      expected: column.lakeType,
      found: quoteLiteral(`${column.type} that does not fit`),
    });
  }
  return rules;
}

const descriptors: readonly AttributeType[] = ['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'];

function descriptorOf(access: ItemAccess, path: readonly string[]): string {
  return `CASE ${descriptors.map((type) => `WHEN ${access.has(path, type)} THEN '${type}'`).join(' ')} END`;
}
