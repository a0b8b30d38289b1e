import { z } from 'zod';

const names = z.union([z.string(), z.array(z.string()).min(1)]);

/** How an attribute may be written; see docs/model-reference.md. */
export type AttributeShape =
  | string
  | {
      type?: string;
      as?: string;
      required?: boolean;
      column?: string;
      map?: Record<string, AttributeShape>;
      list?: Record<string, string>;
    };

const attribute: z.ZodType<AttributeShape> = z.lazy(() =>
  z.union([
    z.string().describe('`S`, `N`, `N as decimal(12,2)`, `S required`, …'),
    z.strictObject({
      type: z.string().optional().describe("DynamoDB's type: S, N, B, BOOL, SS, NS or BS."),
      as: z.string().optional().describe('Number type in the lake: int, bigint, decimal(p,s) or double.'),
      required: z.boolean().optional().describe('Items without it are rejected. Default false.'),
      column: z.string().optional().describe('Column name in the lake. Default: the path, in lower case, joined by _.'),
      map: z.record(z.string(), attribute).optional().describe('The attributes of a nested map.'),
      list: z.record(z.string(), z.string()).optional().describe('The attributes of each map of a list of maps.'),
    }),
  ])
);

const keys = z.strictObject({
  partition: z.string().describe('Name of the partition key, with its type when it is not S: `id N`.'),
  sort: z.string().optional().describe('Name of the sort key, with its type when it is not S.'),
});
const deletes = z.enum(['keep', 'delete']);

const source = z.strictObject({
  table: z.string().describe("The DynamoDB table's name."),
  keys: keys.describe("The table's key."),
  indexes: z.record(z.string(), keys).optional().describe('Global secondary indexes by name.'),
  typeAttribute: z
    .string()
    .optional()
    .describe(
      "The string attribute that holds an item's type. Without it items are told apart by their key templates."
    ),
});

const item = z.strictObject({
  keys: z
    .record(z.string(), z.string())
    .optional()
    .describe('Key templates by key attribute: `PK: CUST#<username>`. Their parts can be landing columns.'),
  attributes: z.record(z.string(), attribute).optional().describe('Attributes by name, letter case as in the item.'),
});

const landing = z.strictObject({
  item: z.string().optional().describe('The item type it is made from. Default: the one of the same name.'),
  explode: names.optional().describe('A row per element: lists of maps, or maps (one element each), in this order.'),
  columns: z.record(
    z.string(),
    z.union([
      z.string().describe('A Redshift type.'),
      z.strictObject({
        type: z.string().describe('A Redshift type.'),
        from: z
          .string()
          .optional()
          .describe('Path of an attribute, `<part>` of a key template, or `$position`. Default: what has its name.'),
        required: z.boolean().optional().describe('Rows without it are rejected. Default false.'),
      }),
    ])
  ),
});

const dimension = z.strictObject({
  from: z.string().optional().describe('The landing table it is made from. Default: the one of the same name.'),
  key: names.optional().describe('The business key: one column or several.'),
  attributes: z.array(z.string()).optional().describe('Other columns; of a date dimension, parts of the date.'),
  orderBy: names
    .optional()
    .describe(
      'Which row counts when several share a business key: the first in this order, `column` or `column desc`.'
    ),
  dates: names.optional().describe('Makes it a date dimension: the columns whose dates it holds, `table.column`.'),
  scd: z
    .literal([1, 2])
    .optional()
    .describe('How changes are kept: 1 overwrites, 2 keeps a version for each, with valid_from, valid_to, is_current.'),
  deletes: deletes.optional().describe('What becomes of members that are gone at the source.'),
  unknown: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Values of the unknown member (key 0). Default: NULL.'),
  rows: z
    .number()
    .optional()
    .describe('How many members to expect: it decides how Redshift spreads the table. Default: left to Redshift.'),
});

const on = z.union([z.string(), z.array(z.string()).min(1), z.record(z.string(), z.string())]);

const lookup = z.strictObject({
  dimension: z.string().optional().describe('Default: the dimension of the same name.'),
  on: on.describe('The column to look it up by; several as a mapping from key column to column.'),
  through: z.string().optional().describe('The landing table that says which member it is, such as address.'),
  where: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .describe('Which rows of that landing table count: `{position: 0}`.'),
  orderBy: names.optional().describe('Which row of that landing table is taken when several are left.'),
  at: z
    .string()
    .optional()
    .describe("Of a dimension with scd: 2, the date or timestamp whose version counts. Default: the fact's."),
});

const fact = z.strictObject({
  from: z.string().optional().describe('The landing table with a row per fact row. Default: the one of the same name.'),
  join: z
    .record(
      z.string(),
      z.strictObject({
        on: on.describe('Column of both tables; or a mapping from the joined table’s columns to columns of `from`.'),
        outer: z
          .enum(['left', 'full'])
          .optional()
          .describe('full: rows of the joined table without a partner give a fact row too. Default left.'),
      })
    )
    .optional()
    .describe('Further landing tables, such as the header of a line.'),
  key: names.optional().describe('Business key that becomes a degenerate surrogate key `<fact>key`.'),
  grain: z.array(z.string()).min(1).describe('The key columns that tell the rows of the fact apart.'),
  dimensions: z.record(z.string(), z.union([z.string(), lookup])).describe('The dimensions it refers to, by role.'),
  at: z
    .string()
    .optional()
    .describe('The date or timestamp whose versions of dimensions with scd: 2 count. Default: that of its one date.'),
  measures: z.union([z.array(z.string()), z.record(z.string(), z.string())]).describe('Columns; or name: column.'),
  distribution: z
    .string()
    .optional()
    .describe(
      "The key column by which Redshift spreads the rows. Default: that of the largest dimension with a million rows or more, else the fact's own."
    ),
  deletes: deletes.optional().describe('What becomes of rows that are gone at the source.'),
});

const report = z.strictObject({
  type: z.literal('year-on-year').describe('Growth in percent of each quarter over the same quarter a year before.'),
  title: z.string().optional(),
  fact: z.string(),
  measure: z.string().describe('The measure that is summed.'),
  date: z.string().describe("The fact's role of a date dimension that has year and quarter."),
  by: z.array(z.string()).min(1).describe("Attributes to group by, `role.attribute` of the fact's dimensions."),
});

const incremental = z.strictObject({
  onGap: z
    .enum(['approve', 'full'])
    .optional()
    .describe('What to do when changes are out of reach: ask, or export the whole table at once. Default approve.'),
  approvalHours: z.number().optional().describe('How long an approval is waited for. Default 72.'),
});

const archive = z.strictObject({
  retentionDays: z.number().optional().describe('Days after which archives expire, at least 30. Default: never.'),
});

const gate = z.strictObject({
  on: z.string().describe('What is judged: lake.<item type>, landing.<table> or dwh.<dimension or fact>.'),
  rules: z.string().optional().describe('The ruleset in DQDL: `Rules = [ IsComplete "orderid" ]`.'),
  file: z.string().optional().describe('Or the file that holds it, relative to the model.'),
  action: z
    .enum(['fail', 'warn', 'quarantine', 'ask'])
    .optional()
    .describe(
      'When it does not pass: the run fails; people are alerted; bad rows are kept out of landing (lake only); a person decides. Default fail.'
    ),
  minimumScore: z.number().optional().describe('0 to 1, rules passed over rules. Default: every rule must pass.'),
  critical: z.string().optional().describe('`label=value`: rules with this label must pass whatever the score.'),
  approvalHours: z.number().optional().describe('How long a decision is waited for. Default 24.'),
});

/** A `warehouse.yaml` as it is written: the shape alone, references unchecked. */
export const warehouseShape = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().describe("The warehouse's name: lower-case letters, digits and hyphens."),
    source: source.describe('The DynamoDB table.'),
    items: z.record(z.string(), item).describe('Item types by name.'),
    landing: z.record(z.string(), landing).describe('Landing tables by name.'),
    dimensions: z.record(z.string(), dimension).describe('Dimensions by name.'),
    facts: z.record(z.string(), fact).describe('Facts by name.'),
    reports: z.record(z.string(), report).optional().describe('Reports by name.'),
    deletes: deletes.optional().describe('Default for all dimensions and facts. Default keep.'),
    rejects: z
      .enum(['reject', 'fail'])
      .optional()
      .describe('What happens to items that do not fit: set aside and reported, or the run fails. Default reject.'),
    landingJobs: z
      .enum(['packed', 'perEntity'])
      .optional()
      .describe('One Glue job run that replaces all landing tables, or one for each. Default packed.'),
    incremental: incremental.optional().describe('How incremental runs deal with what they cannot read any more.'),
    archive: archive.optional().describe('What becomes of the archives that every run makes of raw and lake.'),
    gates: z
      .union([
        z.record(z.string(), gate),
        z.array(z.unknown()).max(0, 'takes a mapping of gates by name, but a list stands here'),
      ])
      .optional()
      .describe('Data quality gates by name.'),
  })
  .meta({ title: 'Sluice warehouse', description: 'A DynamoDB single table and the star schema it feeds.' });

/** A `warehouse.yaml` as it is written. */
export type WarehouseShape = z.infer<typeof warehouseShape>;
export type DimensionShape = z.infer<typeof dimension>;
export type FactShape = z.infer<typeof fact>;
export type LookupShape = z.infer<typeof lookup>;
export type GateShape = z.infer<typeof gate>;
export type OnShape = z.infer<typeof on>;

/** The model file's JSON Schema (draft 2020-12), for editors. */
export function jsonSchema(): unknown {
  return {
    $id: 'https://sluice.dev/schemas/warehouse.schema.json',
    ...z.toJSONSchema(warehouseShape, { io: 'input' }),
  };
}
