import { beforeDelete } from './delete-rows.js';
import { rewriteExpressions } from './expressions.js';
import { nest, isOperator, isWord, raw, render, significant, skipTrivia, splitAt, wordOf } from './nodes.js';
import type { Node } from './nodes.js';
import { normalise } from './normalise.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { tokenize } from './tokens.js';

/** Translates one statement of a body. */
export type StatementTranslator = (nodes: readonly Node[]) => Node[];

/** Words at which a statement of PL/pgSQL may begin in the middle of what ends with the next semicolon. */
const openers = ['begin', 'then', 'else', 'loop'];
const statementWords = [
  ...[
    'truncate',
    'create',
    'alter',
    'drop',
    'delete',
    'insert',
    'update',
    'merge',
    'analyze',
    'vacuum',
    'copy',
    'unload',
  ],
  ...['set', 'with', 'select', 'call', 'lock'],
];

/**
 * CREATE PROCEDURE and CREATE FUNCTION: the body is translated statement by statement. Text that a body puts together
 * for EXECUTE runs as it is.
 * @see https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_PROCEDURE.html
 */
export function translateRoutine(nodes: readonly Node[], translate: StatementTranslator): Node[] {
  if (nodes.some((node) => isWord(node, 'nonatomic')))
    throw new RedshiftSqlError('The local Redshift has no NONATOMIC procedures.');
  if (nodes.some((node) => isWord(node, 'plpythonu', 'lambda')))
    throw new RedshiftSqlError('The local Redshift has no Python or Lambda functions.');
  const as = nodes.findLastIndex((node) => isWord(node, 'as'));
  const at = skipTrivia(nodes, as + 1);
  const body = nodes[at];
  if (as < 0 || (body?.kind !== 'dollar' && body?.kind !== 'string')) return [...nodes];
  const { quote, text } = unquote(body.text);
  const translated = translateBody(text, translate);
  return [...rewriteExpressions(nodes.slice(0, at)), raw(`${quote}${translated}${quote}`), ...nodes.slice(at + 1)];
}

function unquote(text: string): { quote: string; text: string } {
  const quote = /^\$\w*\$/.exec(text)?.[0];
  if (quote !== undefined) return { quote, text: text.slice(quote.length, -quote.length) };
  return { quote: '$sluice$', text: text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'") };
}

function translateBody(text: string, translate: StatementTranslator): string {
  const tokens = normalise(tokenize(text));
  const chunks = splitAt(nest(tokens), ';');
  // a table made anew before a DELETE leaves it no rows to count
  const counts = tokens.some((token) => isWord(token, 'found', 'row_count'));
  return chunks.map((chunk) => render(translateChunk(chunk, translate, counts))).join(';');
}

function translateChunk(chunk: readonly Node[], translate: StatementTranslator, counts: boolean): Node[] {
  const start = statementStart(chunk);
  const prefix = chunk.slice(0, start);
  const statement = chunk.slice(start);
  const sql = translate(statement);
  const before = isWord(statement[0], 'delete') && !counts ? beforeDelete(sql) : [];
  const translated = [...translate(prefix), ...before, ...sql];
  // TRUNCATE commits; PostgreSQL refuses the COMMIT inside of a caller's transaction, as Redshift refuses the TRUNCATE
  return isWord(statement[0], 'truncate') ? [...translated, raw('; COMMIT')] : translated;
}

/** Where the SQL statement of a chunk begins; its end when it has none, as `IF a > b THEN x := 1`. */
function statementStart(chunk: readonly Node[]): number {
  for (let index = skipTrivia(chunk, 0); index < chunk.length; index += 1) {
    const previous = significant(chunk.slice(0, index)).at(-1);
    const begins = previous === undefined || isWord(previous, ...openers) || isOperator(previous, '>');
    if (begins && statementWords.includes(wordOf(chunk[index]) ?? '')) return index;
  }
  return chunk.length;
}
