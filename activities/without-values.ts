/**
 * The text of an error of a database or a job without the values that they quote in it: what follows a colon in quotes, a
 * quoted value of a type, key tuples, and everything from DETAIL or CONTEXT on. Names of tables and columns stay.
 */
export function withoutValues(message: string): string {
  return message
    .replace(/\s*\n?\s*\b(DETAIL|CONTEXT|Details?):[\s\S]*$/, '')
    .replace(/: ["'][\s\S]*$/, ': …')
    .replace(/\b(value|string|literal) (["'])[\s\S]*?\2/gi, '$1 …')
    .replace(/=\([^)]*\)/g, '=(…)')
    .trim();
}
