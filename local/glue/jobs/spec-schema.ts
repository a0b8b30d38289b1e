import { z } from 'zod';
import type { AttributeType, LakeJobSpec, LandJobSpec } from '../../../model/plan.js';
import { exactCast } from '../duckdb/exact-cast.js';

const attributeType = z.enum(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']);
/** Lake and landing columns: names that Hive, Parquet and Redshift all take unquoted in lower case. */
const columnName = z.string().regex(/^[a-z_][a-z0-9_]{0,126}$/, 'must be lower-case letters, digits and _');
const attributeName = z
  .string()
  .min(1)
  .refine((name) => !name.includes('\0'), 'must not contain NUL');
const itemTypeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,126}$/, 'must be letters, digits, _ . or -');
const castType = z.string().refine((type) => exactCast(type) !== undefined, 'is not a type the job can cast to');
const onReject = z.enum(['reject', 'fail']);

function distinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** Whether a value with this descriptor can be kept as this lake type. */
function goTogether({ type, lakeType }: { readonly type: AttributeType; readonly lakeType: string }): boolean {
  if (type === 'NULL') return false;
  if (type === 'M' || type === 'L') return lakeType === 'string';
  const element = /^array<(.+)>$/.exec(lakeType)?.[1];
  const isSet = type === 'SS' || type === 'NS' || type === 'BS';
  return isSet === (element !== undefined) && exactCast(element ?? lakeType) !== undefined;
}
const mismatch = 'the type and the lake type do not go together';

const listField = z
  .object({ name: attributeName, type: attributeType, lakeType: z.string() })
  .refine(goTogether, mismatch);
const lakeColumn = z
  .object({
    name: columnName,
    path: z.array(attributeName).min(1),
    type: attributeType,
    lakeType: z.string(),
    required: z.boolean(),
    fields: z
      .array(listField)
      .min(1)
      .refine((list) => distinct(list.map((field) => field.name.toLowerCase())), 'fields must differ')
      .optional(),
  })
  .refine(
    (column) =>
      column.fields === undefined
        ? goTogether(column)
        : column.type === 'L' && column.lakeType.startsWith('array<struct<'),
    mismatch
  );

/** Checks the `--spec` of `raw_to_datalake.py`. */
export const lakeJobSpec: z.ZodType<LakeJobSpec> = z.object({
  version: z.literal(1),
  table: z.string().min(1),
  keys: z.array(attributeName).min(1).max(2),
  itemTypes: z
    .array(
      z.object({
        name: itemTypeName.refine((name) => !['rejected', 'deleted'].includes(name), 'is a reserved name'),
        match: z
          .array(z.object({ attribute: attributeName, equals: z.string().optional(), pattern: z.string().optional() }))
          .min(1),
        columns: z
          .array(lakeColumn)
          .min(1)
          .refine((list) => distinct(list.map((column) => column.name)), 'column names must differ'),
      })
    )
    .refine((list) => distinct(list.map((itemType) => itemType.name)), 'item type names must differ'),
  onReject,
});

const landingSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('column'), column: z.string() }),
  z.object({ kind: z.literal('field'), field: z.string() }),
  z.object({ kind: z.literal('position') }),
  z.object({ kind: z.literal('key'), column: z.string(), pattern: z.string() }),
  z.object({ kind: z.literal('writtenAt') }),
]);

/** Checks the `--spec` of `land.py`. */
export const landJobSpec: z.ZodType<LandJobSpec> = z.object({
  version: z.literal(1),
  entity: z.string().regex(/^[a-z_][a-z0-9_]{0,126}$/),
  itemType: itemTypeName,
  keyColumns: z.array(z.string().min(1)).min(1),
  explode: z
    .array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('list'), column: z.string() }),
        z.object({ kind: z.literal('map'), fields: z.record(z.string(), z.string()) }),
      ])
    )
    .min(1)
    .optional(),
  target: z.string().regex(/^landing\.[a-z_][a-z0-9_]{0,126}$/, 'must be landing.<table>'),
  columns: z
    .array(z.object({ name: columnName, type: castType, source: landingSource, required: z.boolean() }))
    .min(1)
    .refine((list) => distinct(list.map((column) => column.name)), 'column names must differ'),
  onReject,
});
