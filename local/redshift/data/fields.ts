import type { ColumnMetadata, Field } from '@aws-sdk/client-redshift-data';
import type { FieldDef } from 'pg';

/** One row of a result, each value in PostgreSQL's text form. */
export type ResultRow = readonly (string | null)[];

/** Redshift's names by PostgreSQL type id (`SELECT oid, typname FROM pg_type`). */
const typeNames: Readonly<Record<number, string>> = {
  16: 'bool',
  17: 'varbyte',
  18: 'char',
  19: 'name',
  20: 'int8',
  21: 'int2',
  23: 'int4',
  25: 'varchar',
  26: 'oid',
  114: 'varchar',
  700: 'float4',
  701: 'float8',
  705: 'varchar',
  1042: 'bpchar',
  1043: 'varchar',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  1186: 'interval',
  1266: 'timetz',
  1700: 'numeric',
  2278: 'void',
  3802: 'super',
};
const integerPrecision: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19, oid: 10 };
const MAX_VARCHAR = 65_535;

/** What the server tells of a column beside its name: which table column it is, if any. */
export interface ColumnOrigin {
  readonly schemaName: string;
  readonly tableName: string;
  readonly nullable: boolean;
  readonly columnDefault: string;
}

/**
 * Describes a result column as the Data API does (JDBC's terms): `precision` is digits for numbers and the length for
 * text; `nullable` is 0 for NOT NULL columns, 1 otherwise.
 */
export function columnMetadata(field: FieldDef, origin: ColumnOrigin | undefined): ColumnMetadata {
  const typeName = typeNames[field.dataTypeID] ?? 'varchar';
  const { precision, scale, length } = size(typeName, field.dataTypeModifier);
  return {
    columnDefault: origin?.columnDefault ?? '',
    isCaseSensitive: ['varchar', 'bpchar', 'char', 'name', 'super'].includes(typeName),
    isCurrency: false,
    isSigned: typeName in integerPrecision || ['numeric', 'float4', 'float8'].includes(typeName),
    label: field.name,
    length,
    name: field.name,
    nullable: origin?.nullable === false ? 0 : 1,
    precision,
    scale,
    schemaName: origin?.schemaName ?? '',
    tableName: origin?.tableName ?? '',
    typeName,
  };
}

/** A type modifier is the length plus 4, for numeric `precision << 16 | scale` plus 4, and -1 when there is none. */
function size(typeName: string, modifier: number): { precision: number; scale: number; length: number } {
  if (typeName === 'numeric') {
    const packed = modifier - 4;
    return modifier < 0
      ? { precision: 38, scale: 0, length: 0 }
      : { precision: packed >> 16, scale: packed & 0x7ff, length: 0 };
  }
  if (typeName === 'varchar' || typeName === 'bpchar') {
    const length = modifier < 0 ? MAX_VARCHAR : modifier - 4;
    return { precision: length, scale: 0, length };
  }
  return { precision: integerPrecision[typeName] ?? { float4: 8, float8: 17 }[typeName] ?? 0, scale: 0, length: 0 };
}

/**
 * One value as the Data API's JSON has it. Numeric values stay text, so that no digit is lost; an int8 beyond 2^53 is
 * rounded by JavaScript's numbers, here as in every JavaScript client.
 */
export function toField(value: string | null, typeName: string | undefined): Field {
  if (value === null) return { isNull: true };
  switch (typeName) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      return { longValue: Number(value) };
    case 'float4':
    case 'float8':
      // JSON has no NaN and no infinity
      return Number.isFinite(Number(value)) ? { doubleValue: Number(value) } : { stringValue: value };
    case 'bool':
      return { booleanValue: value === 't' };
    default:
      return { stringValue: value };
  }
}

/** Rows as RFC 4180 lines, as GetStatementResultV2 gives them; NULL is an empty field. */
export function toCsv(rows: readonly ResultRow[]): string {
  return rows.map((row) => `${row.map(csvValue).join(',')}\r\n`).join('');
}

/** The first line of a CSV result. */
export function csvHeader(columns: readonly ColumnMetadata[]): string {
  return toCsv([columns.map(({ label }) => label ?? '')]);
}

function csvValue(value: string | null): string {
  if (value === null) return '';
  return /[",\r\n]/.test(value) || value === '' ? `"${value.replaceAll('"', '""')}"` : value;
}
