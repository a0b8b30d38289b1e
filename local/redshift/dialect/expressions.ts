import { rewriteCall } from './functions.js';
import { group, isOperator, isTrivia, isWord, raw, render, skipTrivia, splitAt, wordOf } from './nodes.js';
import type { Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { translateType } from './types.js';

/**
 * Rewrites what can stand anywhere in a statement: functions, casts, keywords of Redshift's own; refuses what only
 * PostgreSQL has.
 * @throws RedshiftSqlError in Redshift's wording
 */
export function rewriteExpressions(nodes: readonly Node[]): Node[] {
  const result: Node[] = [];
  let limit: Node[] = [];
  for (let index = 0; index < nodes.length;) {
    const node = nodes[index] as Node;
    const step = rewriteAt(nodes, index, lastSignificant(result));
    if (step !== undefined) {
      result.push(...step.nodes);
      limit = step.limit ?? limit;
      index = step.next;
    } else {
      result.push(node.kind === 'group' ? group(rewriteExpressions(node.nodes)) : node);
      index += 1;
    }
  }
  return limit.length > 0 ? [...result, raw(' LIMIT '), ...limit] : result;
}

/** Types that can be given the length MAX, in a declaration of PL/pgSQL as well. */
const typesWithLength = ['varchar', 'nvarchar'];

interface Step {
  readonly nodes: Node[];
  /** Where to go on. */
  readonly next: number;
  /** Of SELECT TOP, which ends up behind the query. */
  readonly limit?: Node[];
}

function rewriteAt(nodes: readonly Node[], index: number, previous: Node | undefined): Step | undefined {
  const node = nodes[index];
  if (isOperator(node, '::')) return rewriteCast(nodes, index);
  const word = wordOf(node);
  if (word === undefined || isOperator(previous, '.')) return undefined;
  const nextAt = skipTrivia(nodes, index + 1);
  const next = nodes[nextAt];
  refuse(word, next, nodes[skipTrivia(nodes, nextAt + 1)], nodes[skipTrivia(nodes, skipTrivia(nodes, nextAt + 1) + 1)]);
  if (word === 'sysdate' && !isOperator(next, '.')) return { nodes: [raw('LOCALTIMESTAMP')], next: index + 1 };
  if (word === 'approximate' && isWord(next, 'count')) return { nodes: [], next: nextAt };
  if (word === 'minus' && (isWord(next, 'select', 'all', 'distinct') || next?.kind === 'group')) {
    return { nodes: [raw('EXCEPT')], next: index + 1 };
  }
  if (word === 'top' && isWord(previous, 'select', 'distinct', 'all')) {
    const count = next === undefined ? [] : [next];
    return { nodes: [], next: nextAt + 1, limit: count };
  }
  if (next?.kind !== 'group' || isWord(previous, 'into', 'as')) return undefined; // `INSERT INTO t (a)` calls nothing
  if (typesWithLength.includes(word) && isWord(next.nodes[skipTrivia(next.nodes, 0)], 'max')) {
    return { nodes: translateType([node as Node, next], 'cast', '?column?'), next: nextAt + 1 };
  }
  const inside = rewriteExpressions(next.nodes);
  const args = inside.every(isTrivia) ? [] : splitAt(inside, ',');
  const replacement = rewriteCall({ name: word, args, inside, following: nodes.slice(nextAt + 1) });
  if (replacement === undefined) return undefined;
  return { nodes: replacement.nodes, next: nextAt + 1 + (replacement.consumed ?? 0) };
}

/** `value::type`, where the type may be of several words. */
function rewriteCast(nodes: readonly Node[], index: number): Step {
  let end = skipTrivia(nodes, index + 1) + 1;
  const take = (matches: (node: Node | undefined) => boolean): boolean => {
    const at = skipTrivia(nodes, end);
    if (!matches(nodes[at])) return false;
    end = at + 1;
    return true;
  };
  const name = wordOf(nodes[end - 1]);
  if (name === 'double') take((node) => isWord(node, 'precision'));
  if (name === 'character' || name === 'char' || name === 'nchar' || name === 'binary')
    take((node) => isWord(node, 'varying'));
  take((node) => node?.kind === 'group');
  if ((name === 'timestamp' || name === 'time') && take((node) => isWord(node, 'with', 'without'))) {
    take((node) => isWord(node, 'time'));
    take((node) => isWord(node, 'zone'));
  }
  take((node) => isOperator(node, '['));
  return { nodes: [raw('::'), ...translateType(nodes.slice(index + 1, end), 'cast', '?column?')], next: end };
}

function refuse(word: string, next: Node | undefined, third: Node | undefined, fourth: Node | undefined): void {
  if (word === 'on' && isWord(next, 'conflict')) throw syntaxError('CONFLICT');
  if (word === 'returning') throw syntaxError('RETURNING');
  if (word === 'lateral' && (next?.kind === 'group' || next?.kind === 'word')) throw syntaxError('LATERAL');
  if (word === 'distinct' && isWord(next, 'on') && third?.kind === 'group') {
    throw new RedshiftSqlError('SELECT DISTINCT ON is not supported');
  }
  const distinctFrom =
    (isWord(next, 'distinct') && isWord(third, 'from')) ||
    (isWord(next, 'not') && isWord(third, 'distinct') && isWord(fourth, 'from'));
  if (word === 'is' && distinctFrom) throw new RedshiftSqlError('Not implemented: IS DISTINCT FROM');
  if (word === 'for' && isWord(next, 'update', 'share'))
    throw new RedshiftSqlError('SELECT FOR UPDATE/SHARE is not supported');
  if (word === 'filter' && next?.kind === 'group' && isWord(next.nodes[skipTrivia(next.nodes, 0)], 'where'))
    throw syntaxError('(');
  if (word === 'array' && isOperator(next, '[')) {
    throw new RedshiftSqlError('Specified types or functions (one per INFO message) not supported on Redshift tables.');
  }
  if (word === 'qualify') throw new RedshiftSqlError('The local Redshift has no QUALIFY.');
}

function syntaxError(near: string): RedshiftSqlError {
  return new RedshiftSqlError(`syntax error at or near "${near}"`);
}

function lastSignificant(nodes: readonly Node[]): Node | undefined {
  return nodes.findLast((node) => !isTrivia(node) && render([node]) !== '');
}
