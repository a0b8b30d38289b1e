import type { Dataset } from './dataset.js';
import { RuleError } from './errors.js';
import { sparkNames } from './functions.js';
import type { Node } from './syntax-tree.js';
import { call, constant, tryCast } from './syntax-tree.js';

interface Names {
  primary: Dataset;
  aliases: ReadonlyMap<string, Dataset>;
  now: Date;
}

type Rewrite = (node: Node, children: Node[], names: Names) => Node;

const clock: Rewrite = (node, _, { now }) => ({
  ...tryCast(constant(timestamp(now)), 'TIMESTAMP'),
  alias: node['alias'],
});
const today: Rewrite = (node, _, { now }) => ({
  ...tryCast(constant(timestamp(now).slice(0, 10)), 'DATE'),
  alias: node['alias'],
});
const isNull =
  (type: string): Rewrite =>
  (node, children) => ({ class: 'OPERATOR', type, alias: node['alias'], query_location: 0, children });

/** Spark's functions that differ from DuckDB's in more than the name. */
const functions: Record<string, Rewrite> = {
  now: clock,
  current_timestamp: clock,
  localtimestamp: clock,
  get_current_timestamp: clock,
  current_date: today,
  today,
  to_date: (node, [text, format]) => withAlias(node, tryCast(formatted(text, format), 'DATE')),
  to_timestamp: (node, [text, format]) => withAlias(node, tryCast(formatted(text, format), 'TIMESTAMP')),
  date_sub: (node, [date, days]) => withAlias(node, call('-', [tryCast(date, 'DATE'), days], true)),
  date_add: (node, [date, days]) => withAlias(node, call('+', [tryCast(date, 'DATE'), days], true)),
  datediff: (node, [end, start]) => withAlias(node, call('-', [tryCast(end, 'DATE'), tryCast(start, 'DATE')], true)),
  isnull: isNull('OPERATOR_IS_NULL'),
  isnotnull: isNull('OPERATOR_IS_NOT_NULL'),
  log: (node, children) => withAlias(node, call(children.length === 1 ? 'ln' : 'log', children)),
};

function withAlias(node: Node, made: Node): Node {
  return { ...made, alias: node['alias'] };
}

function formatted(text: unknown, format: unknown): unknown {
  if (format !== undefined) throw new RuleError('SQL may give to_date and to_timestamp no format: they read ISO 8601');
  return text;
}

function timestamp(moment: Date): string {
  return moment.toISOString().slice(0, 23).replace('T', ' ');
}

/**
 * Gives a syntax tree Spark's meaning where DuckDB's differs: names of functions, the clock, casts that yield NULL
 * instead of failing, and the comparison of text with a number, which compares as numbers.
 *
 * @throws RuleError for words that read the session, such as `current_user`.
 */
export function fromSpark<Tree>(tree: Tree, names: Names): Tree {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((part: unknown) => fromSpark(part, names)) as Tree;
  const node: Node = {};
  for (const [key, part] of Object.entries(tree)) node[key] = fromSpark(part as unknown, names);
  return rewritten(node, names) as Tree;
}
fromSpark.functions = new Set([...Object.keys(functions), ...Object.keys(sparkNames)]) as ReadonlySet<string>;

function rewritten(node: Node, names: Names): Node {
  if (node['class'] === 'CAST') return { ...node, try_cast: true };
  if (node['class'] === 'FUNCTION') {
    const name = (node['function_name'] as string).toLowerCase();
    const rewrite = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (rewrite !== undefined) return rewrite(node, node['children'] as Node[], names);
    if (Object.hasOwn(sparkNames, name)) return { ...node, function_name: sparkNames[name] };
  }
  if (node['class'] === 'COLUMN_REF') return sessionWord(node, names);
  if (node['class'] === 'COMPARISON') return compared(node, ['left', 'right'], names);
  if (node['class'] === 'BETWEEN') return compared(node, ['input', 'lower', 'upper'], names);
  if (node['class'] === 'OPERATOR' && /^COMPARE_(NOT_)?IN$/.test(node['type'] as string)) {
    return { ...node, children: asNumbers(node['children'] as Node[], names) };
  }
  return node;
}

const sessionWords = /^(current_(user|role|catalog|schema|setting|database|query|schemas)|session_user|user)$/;

/** A bare word such as `current_date` is a call in disguise unless a column has that name. */
function sessionWord(node: Node, names: Names): Node {
  const path = node['column_names'] as string[];
  const word = path[0]!.toLowerCase();
  if (path.length > 1 || kindsOf(word, names).length > 0) return node;
  if (sessionWords.test(word)) throw new RuleError(`SQL may not use ${word}`);
  return Object.hasOwn(functions, word) ? functions[word]!(node, [], names) : node;
}

function compared(node: Node, sides: string[], names: Names): Node {
  const numbers = asNumbers(
    sides.map((side) => node[side] as Node),
    names
  );
  return { ...node, ...Object.fromEntries(sides.map((side, index) => [side, numbers[index]])) };
}

function asNumbers(sides: Node[], names: Names): Node[] {
  if (!sides.some(isNumber)) return sides;
  return sides.map((side) => {
    if (side['class'] !== 'COLUMN_REF') return side;
    const kinds = kindsOf((side['column_names'] as string[]).at(-1)!, names);
    return kinds.length > 0 && kinds.every((kind) => kind === 'string') ? tryCast(side, 'DOUBLE') : side;
  });
}

function isNumber(node: Node): boolean {
  if (node['class'] === 'FUNCTION')
    return node['function_name'] === '-' && (node['children'] as Node[]).every(isNumber);
  const value = node['value'] as { type: { id: string } } | undefined;
  return node['class'] === 'CONSTANT' && /INT|DECIMAL|DOUBLE|FLOAT/.test(value!.type.id);
}

function kindsOf(name: string, { primary, aliases }: Names): string[] {
  return [primary, ...aliases.values()].flatMap(({ columns }) =>
    columns.filter((column) => column.name.toLowerCase() === name.toLowerCase()).map(({ kind }) => kind)
  );
}
