import type { DuckDBConnection } from '@duckdb/node-api';
import { RuleError } from './errors.js';

/** A node of DuckDB's syntax tree as `json_serialize_sql` gives it: not documented as stable, so read with care. */
export type Node = Record<string, unknown>;

/** The parsed text of one or more SELECT statements. */
export interface SelectTree {
  error: boolean;
  statements: Node[];
}

/**
 * Parses SELECT statements with DuckDB's own parser, without running anything.
 *
 * @throws RuleError with the parser's words for anything that is not a SELECT.
 */
export async function parseSelect(connection: DuckDBConnection, sql: string): Promise<SelectTree> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const json = String(reader.getRowsJS()[0]![0])
    .replace(/"query_location":\d+/g, '"query_location":0')
    // Whole numbers beyond 2^53 must survive JSON: `"value":` cannot occur within a JSON string, its quotes are escaped there.
    .replace(/"(value|upper|lower)":(-?\d{16,})/g, '"$1":"#int:$2"');
  const tree = JSON.parse(json) as SelectTree & { error_message?: string };
  if (tree.error) throw new RuleError(`SQL does not parse: ${tree.error_message ?? 'unknown error'}`);
  return tree;
}

/** The SQL text of a syntax tree, one line. */
export async function printSelect(connection: DuckDBConnection, tree: SelectTree): Promise<string> {
  const json = JSON.stringify(tree).replace(/"(value|upper|lower)":"#int:(-?\d+)"/g, '"$1":$2');
  const reader = await connection.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [json]);
  return String(reader.getRowsJS()[0]![0]);
}

/** The node of `TRY_CAST(child AS type)`. */
export function tryCast(child: unknown, type: string): Node {
  const cast_type = { id: type, type_info: null };
  return { class: 'CAST', type: 'OPERATOR_CAST', alias: '', query_location: 0, child, cast_type, try_cast: true };
}

/** The node of a string constant. */
export function constant(text: string): Node {
  const value = { type: { id: 'VARCHAR', type_info: null }, is_null: false, value: text };
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', query_location: 0, value };
}

/** The node of a call. */
export function call(name: string, children: unknown[], isOperator = false): Node {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias: '',
    query_location: 0,
    function_name: name,
    schema: '',
    children,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: isOperator,
    export_state: false,
    catalog: '',
  };
}
