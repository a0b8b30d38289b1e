/** A DuckDB identifier, quoted, so that any column or table name can stand in a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A DuckDB string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A finite number as a DOUBLE literal; DuckDB would read `1.5` as DECIMAL and compare exactly. */
export function double(value: number): string {
  return Number.isFinite(value) ? `${value}::DOUBLE` : `${literal(String(value))}::DOUBLE`;
}
