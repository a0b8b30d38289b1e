import { byteCheck, byteCheckName, columnName, translateColumn } from './create-table.js';
import { isWord, raw, render, skipTrivia } from './nodes.js';
import type { Node } from './nodes.js';
import { rewriteExpressions } from './expressions.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { translateType, varcharBytes } from './types.js';

const actions = ['add', 'alter', 'drop', 'append', 'rename', 'owner', 'set', 'row'];

/**
 * ALTER TABLE: storage and keys are without effect here, columns are translated as in CREATE TABLE.
 * @see https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
 */
export function translateAlterTable(nodes: readonly Node[]): Node[] {
  const tableAt = nodes.findIndex((node) => isWord(node, 'table'));
  const at = nodes.findIndex((node, index) => index > tableAt + 2 && isWord(node, ...actions));
  if (at < 0) return rewriteExpressions(nodes);
  const table = render(nodes.slice(tableAt + 1, at)).trim();
  const head = nodes.slice(0, at);
  const secondAt = skipTrivia(nodes, at + 1);
  const second = nodes[secondAt];
  const column = isWord(second, 'column') ? skipTrivia(nodes, secondAt + 1) : secondAt;
  if (isWord(nodes[at], 'append')) throw new RedshiftSqlError('The local Redshift has no ALTER TABLE APPEND.');
  if (isWord(nodes[at], 'add')) {
    if (isWord(second, 'constraint', 'primary', 'unique', 'foreign')) return [];
    return [...head, raw('ADD COLUMN '), ...translateColumn(nodes.slice(column), table, new Set())];
  }
  if (isWord(nodes[at], 'drop') && isWord(second, 'constraint')) return [];
  if (isWord(nodes[at], 'alter')) {
    if (isWord(second, 'diststyle', 'distkey', 'sortkey', 'compound', 'interleaved', 'encode')) return [];
    const verb = skipTrivia(nodes, column + 1);
    if (isWord(nodes[verb], 'encode')) return [];
    if (isWord(nodes[verb], 'type')) {
      const name = columnName(nodes[column]);
      const type = translateType(nodes.slice(skipTrivia(nodes, verb + 1)), 'column', `${table}.${name}`);
      if (varcharBytes(type) === undefined) {
        throw new RedshiftSqlError(`ALTER COLUMN TYPE is supported for VARCHAR only, not for column "${name}"`);
      }
      const check = byteCheck(name, type);
      const checks =
        check === undefined ? [] : [raw(`, DROP CONSTRAINT IF EXISTS ${byteCheckName(name)}, ADD ${check}`)];
      return [...nodes.slice(0, verb + 1), raw(' '), ...type, ...checks];
    }
  }
  return rewriteExpressions(nodes);
}
