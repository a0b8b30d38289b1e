import { parseType } from '../redshift-type.js';
import type { RedshiftType } from '../redshift-type.js';

/** A column as a set-up statement makes it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: RedshiftType;
  /** NOT NULL. */
  readonly required: boolean;
}

/** A table as a set-up statement makes it. */
export interface TableDefinition {
  /** Schema and name, unquoted: `dwh.order`. */
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
}

const createTable = /^CREATE TABLE IF NOT EXISTS "(\w+)"\."(\w+)" \(\n([\s\S]*?)\n\)\n/;
const column = /^ {2}"(\w+)" (.+?)( IDENTITY\(1,1\))?( NOT NULL)?,?$/;

function definitionOf(sql: string): TableDefinition | undefined {
  const [, schema, table, lines = ''] = createTable.exec(sql) ?? [];
  if (schema === undefined || table === undefined) return undefined;
  const columns = lines
    .split('\n')
    .filter((line) => !/^ {2}PRIMARY KEY /.test(line))
    .map((line): ColumnDefinition => {
      const [, name = '', text = '', , required] = column.exec(line) ?? [];
      const type = parseType(text);
      if (typeof type === 'string') throw new Error(`${schema}.${table}: ${line.trim()} is not understood: ${type}`);
      return { name, type, required: required !== undefined };
    });
  return { name: `${schema}.${table}`, columns };
}

/**
 * The tables that `CREATE TABLE IF NOT EXISTS` statements of a plan's set-up make; other statements are passed over. Reads
 * what the compiler writes, not SQL at large.
 */
export function tableDefinitions(statements: readonly string[]): TableDefinition[] {
  return statements.flatMap((sql) => definitionOf(sql) ?? []);
}
