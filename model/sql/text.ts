import { textLength } from '../redshift-type.js';
import type { RedshiftType } from '../redshift-type.js';

/** An identifier in double quotes. Every identifier in generated SQL goes through here, so `order` and `date` may be names. */
export function quote(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name) || name.length > 127)
    throw new Error(`not an identifier: ${JSON.stringify(name)}`);
  return `"${name}"`;
}

/** `"schema"."table"`. */
export function table(schema: 'landing' | 'staging' | 'dwh' | 'sluice', name: string): string {
  return `${quote(schema)}.${quote(name)}`;
}

/** `alias."column"`. */
export function column(alias: string, name: string): string {
  return `${alias}.${quote(name)}`;
}

/** A value as a literal. Validation has kept out what servers read differently (backslashes, control characters). */
export function literal(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return `'${value.replaceAll("'", "''")}'`;
}

/** Indents every line but the first, so that nested queries can be read. */
export function indent(sql: string, spaces: number): string {
  return sql.replaceAll('\n', `\n${' '.repeat(spaces)}`);
}

/** Name and type of the key table's column that holds a business key: the column itself or, of several, their encoding. */
export function keyColumn(
  name: string,
  parts: readonly { readonly column: string; readonly type: RedshiftType }[]
): { readonly name: string; readonly type: RedshiftType } {
  const [only, ...more] = parts;
  if (only !== undefined && more.length === 0) return { name: only.column, type: only.type };
  const length = parts.reduce((sum, { type }) => sum + textLength(type) + 8, 0);
  return { name: `${name}id`, type: { name: 'varchar', length: Math.min(length, 65535) } };
}

/**
 * A business key as one value: the column itself or, of several, each as `length|text`, NULL as `-`. Lengths keep
 * ('1', '23') and ('12', '3') apart, and a NULL part is a value like any other.
 */
export function keyValue(parts: readonly { readonly sql: string; readonly type: RedshiftType }[]): string {
  if (parts.length === 1) return parts[0]!.sql;
  return parts
    .map(({ sql, type }) => {
      const text = type.name === 'varchar' ? sql : `CAST(${sql} AS varchar(64))`;
      return `COALESCE(CAST(LENGTH(${text}) AS varchar(10)) || '|' || ${text}, '-')`;
    })
    .join(' || ');
}

/** True of rows that have a business key: at least one of its parts. */
export function hasKey(columns: readonly string[]): string {
  const conditions = columns.map((sql) => `${sql} IS NOT NULL`);
  return conditions.length === 1 ? conditions[0]! : `(${conditions.join(' OR ')})`;
}
