import { RedshiftSqlError } from './redshift-sql-error.js';

/**
 * What a piece of SQL is. `word`: keyword or plain identifier; `quoted`: `"…"`; `string`: `'…'` with its prefix;
 * `dollar`: `$tag$…$tag$`; `parameter`: the Data API's `:name`; `operator`: everything else, one character each but
 * for `::` and `:=`.
 */
export type TokenKind =
  | 'space'
  | 'comment'
  | 'word'
  | 'quoted'
  | 'string'
  | 'dollar'
  | 'number'
  | 'parameter'
  | 'operator';

/** A piece of SQL; the texts of all tokens joined give the SQL again. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\n]*/y],
  // Redshift, unlike PostgreSQL, takes a backslash in any string as an escape
  ['string', /(?:[eEnNbBxX])?'(?:[^'\\]|''|\\[\s\S])*'/y],
  ['quoted', /"(?:[^"]|"")+"/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['operator', /::|:=/y],
  ['parameter', /:[A-Za-z_]\w*|\$\d+/y],
];
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/**
 * Cuts SQL into tokens.
 * @throws RedshiftSqlError for a string, quoted identifier, comment or dollar quote that does not end
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < sql.length) {
    const token = next(sql, position);
    tokens.push(token);
    position += token.text.length;
  }
  return tokens;
}

function next(sql: string, position: number): Token {
  if (sql.startsWith('/*', position)) return { kind: 'comment', text: blockComment(sql, position) };
  const tag = match(dollarTag, sql, position);
  if (tag !== undefined) {
    const end = sql.indexOf(tag, position + tag.length);
    if (end < 0) throw unterminated('dollar-quoted string', sql, position);
    return { kind: 'dollar', text: sql.slice(position, end + tag.length) };
  }
  for (const [kind, pattern] of patterns) {
    const text = match(pattern, sql, position);
    if (text !== undefined) return { kind, text };
  }
  const character = sql.charAt(position);
  if (character === "'") throw unterminated('quoted string', sql, position);
  if (character === '"') throw unterminated('quoted identifier', sql, position);
  return { kind: 'operator', text: character };
}

function match(pattern: RegExp, sql: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(sql)?.[0];
}

/** Block comments nest, in PostgreSQL and in Redshift. */
function blockComment(sql: string, start: number): string {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let found = edge.exec(sql); found !== null; found = edge.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return sql.slice(start, edge.lastIndex);
  }
  throw unterminated('/* comment', sql, start);
}

function unterminated(what: string, sql: string, position: number): RedshiftSqlError {
  const line = sql.slice(0, position).split('\n').length;
  return new RedshiftSqlError(`unterminated ${what} at line ${line}`);
}

/** False for spaces and comments. */
export function isSignificant(token: Token): boolean {
  return token.kind !== 'space' && token.kind !== 'comment';
}

/** The SQL of some tokens. */
export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join('');
}

/** Cuts a script at its semicolons; statements of nothing but spaces and comments are left out. */
export function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'operator' && token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.some(isSignificant));
}
