import { COMPATIBILITY_SCHEMA } from './install-functions.js';
import { isOperator, isWord, raw, render, significant } from './nodes.js';
import type { Node } from './nodes.js';

/**
 * What is to run before a DELETE of a procedure, so that tables that are emptied to be filled anew are made anew: nothing
 * is written for rows that go, and what the transaction then inserts goes to the table's file alone, not to the log.
 * @param statement a DELETE whose FROM is there
 * @returns nothing where the table is not plainly named
 */
export function beforeDelete(statement: readonly Node[]): Node[] {
  const words = significant(statement).slice(2);
  const name: Node[] = [];
  while (isName(words[name.length]) && (name.length === 0 || isOperator(name.at(-1), '.'))) {
    name.push(words[name.length] as Node);
    if (isOperator(words[name.length], '.')) name.push(words[name.length] as Node);
  }
  const next = words[name.length];
  if (name.length === 0 || isOperator(name.at(-1), '.') || (next !== undefined && !isWord(next, 'where', 'using')))
    return [];
  const target = render(name).replaceAll("'", "''");
  return [raw(`PERFORM ${COMPATIBILITY_SCHEMA}.make_anew('${target}', ${next === undefined}); `)];
}

function isName(node: Node | undefined): boolean {
  return node?.kind === 'word' || node?.kind === 'quoted';
}
