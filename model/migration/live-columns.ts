import { parseType } from '../redshift-type.js';
import type { RedshiftType } from '../redshift-type.js';
import { literal } from '../sql/text.js';
import type { TableDefinition } from './table-definition.js';

/** A column as the warehouse has it. */
export interface LiveColumn {
  readonly name: string;
  /** The type, or the catalog's name of one that Sluice does not use. */
  readonly type: RedshiftType | string;
  /** NOT NULL without a default: an INSERT must give it. */
  readonly required: boolean;
}

/** Columns of the tables that are there, in order, by `schema.table`. */
export type LiveTables = ReadonlyMap<string, readonly LiveColumn[]>;

/**
 * Asks the catalog for the columns of tables, of those that are there: a row each for {@link liveTables}.
 * @see https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html whose columns information_schema.columns has
 */
export function liveColumnsSql(tables: readonly TableDefinition[]): string {
  const list = (part: 0 | 1): string =>
    [...new Set(tables.map(({ name }) => name.split('.')[part]!))].map(literal).join(', ');
  return `SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.character_maximum_length, c.numeric_precision,
  c.numeric_scale, c.is_nullable, c.column_default
FROM information_schema.columns c
WHERE c.table_schema IN (${list(0)}) AND c.table_name IN (${list(1)})
ORDER BY c.table_schema, c.table_name, c.ordinal_position`;
}

type Value = string | number | boolean | null | undefined;

function typeOf(name: string, length: Value, precision: Value, scale: Value): LiveColumn['type'] {
  const number = (value: Value): number => Number(value ?? 0);
  const spelled =
    name === 'character varying'
      ? `varchar(${number(length)})`
      : name === 'numeric'
        ? `decimal(${number(precision)},${number(scale)})`
        : name;
  const type = parseType(spelled);
  return typeof type === 'string' ? spelled : type;
}

/** What the rows of {@link liveColumnsSql} say, each given as its values in order. */
export function liveTables(rows: readonly (readonly Value[])[]): LiveTables {
  const tables = new Map<string, LiveColumn[]>();
  for (const [schema, table, name, type, length, precision, scale, nullable, byDefault] of rows) {
    const key = `${String(schema)}.${String(table)}`;
    const columns = tables.get(key) ?? [];
    tables.set(key, columns);
    columns.push({
      name: String(name),
      type: typeOf(String(type), length, precision, scale),
      required: nullable === 'NO' && (byDefault ?? null) === null,
    });
  }
  return tables;
}
