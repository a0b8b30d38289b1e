/** Resolves the escapes of the grammar, `\"` and `\\`; any other backslash stays. */
export function unescapeQuotes(raw: string): string {
  return raw.replace(/\\(["\\])/g, '$1');
}

/** What the official parser makes of a string of `in [...]`: a backslash gives way to any character but a line's end. */
export function unescapeAll(raw: string): string {
  return `"${raw}"`.replace(/\\([^\n\r\u0085\u2028\u2029])/gu, '$1').slice(1, -1);
}

/** Whether text is empty or blank in Java's sense (`Character.isWhitespace`). */
export function isBlank(text: string): boolean {
  return /^[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]*$/.test(text);
}

/** An excerpt for a message: one line, not long. */
export function excerpt(text: string): string {
  const line = text.slice(0, 200).replace(/\s+/g, ' ');
  return line.length <= 40 ? line : `${line.slice(0, 37)}...`;
}
