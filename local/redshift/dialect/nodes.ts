import { RedshiftSqlError } from './redshift-sql-error.js';
import { isSignificant } from './tokens.js';
import type { Token } from './tokens.js';

/** Everything between a pair of parentheses. */
export interface Group {
  readonly kind: 'group';
  readonly nodes: Node[];
}

/** SQL as a tree: tokens, and groups for parentheses. */
export type Node = Token | Group;

/**
 * Nests tokens by their parentheses.
 * @throws RedshiftSqlError when they do not match
 */
export function nest(tokens: readonly Token[]): Node[] {
  const open: Node[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'operator' && token.text === '(') {
      const group: Group = { kind: 'group', nodes: [] };
      open.at(-1)?.push(group);
      open.push(group.nodes);
    } else if (token.kind === 'operator' && token.text === ')') {
      if (open.length === 1) throw new RedshiftSqlError('syntax error at or near ")"');
      open.pop();
    } else {
      open.at(-1)?.push(token);
    }
  }
  if (open.length > 1) throw new RedshiftSqlError('syntax error at end of input');
  return open[0] ?? [];
}

/** The SQL of some nodes. */
export function render(nodes: readonly Node[]): string {
  return nodes.map((node) => (node.kind === 'group' ? `(${render(node.nodes)})` : node.text)).join('');
}

/** SQL that is put in as it is. */
export function raw(text: string): Token {
  return { kind: 'operator', text };
}

/** A group around some nodes. */
export function group(nodes: Node[]): Group {
  return { kind: 'group', nodes };
}

/** True for spaces and comments. */
export function isTrivia(node: Node | undefined): boolean {
  return node !== undefined && node.kind !== 'group' && !isSignificant(node);
}

/** Without spaces and comments. */
export function significant(nodes: readonly Node[]): Node[] {
  return nodes.filter((node) => !isTrivia(node));
}

/** The lower-case text of a keyword or plain identifier, else undefined. */
export function wordOf(node: Node | undefined): string | undefined {
  return node?.kind === 'word' ? node.text.toLowerCase() : undefined;
}

/** True when the node is one of some words, given in lower case. */
export function isWord(node: Node | undefined, ...words: readonly string[]): boolean {
  const word = wordOf(node);
  return word !== undefined && words.includes(word);
}

/** True when the node is the given operator. */
export function isOperator(node: Node | undefined, text: string): boolean {
  return node?.kind === 'operator' && node.text === text;
}

/** Cuts nodes at an operator of their own level, such as a comma. */
export function splitAt(nodes: readonly Node[], operator: string): Node[][] {
  const parts: Node[][] = [[]];
  for (const node of nodes) {
    if (isOperator(node, operator)) parts.push([]);
    else parts.at(-1)?.push(node);
  }
  return parts;
}

/** Index of the next node from `start` that is neither space nor comment; the length when there is none. */
export function skipTrivia(nodes: readonly Node[], start: number): number {
  let index = start;
  while (index < nodes.length && isTrivia(nodes[index])) index += 1;
  return index;
}
