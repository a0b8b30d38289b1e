/** Quotes an identifier for DuckDB. Attribute names may hold any character but NUL. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) throw new Error('an identifier must not be empty or contain NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

/** A DuckDB string literal. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A DuckDB list literal of string literals. */
export function literalList(texts: readonly string[]): string {
  return `[${texts.map(quoteLiteral).join(', ')}]`;
}

/** Escapes what DuckDB's readers would take for a glob, so that a path names exactly one file. */
export function escapeGlob(path: string): string {
  return path.replaceAll(/[[*?]/g, (character) => `[${character}]`);
}

/** A pattern that has to match a whole text; `.` takes line breaks too, since keys may contain them. */
export function anchored(pattern: string): string {
  return `(?s)^(?:${pattern})$`;
}
