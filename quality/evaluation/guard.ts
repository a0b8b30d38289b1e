import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, Dataset } from './dataset.js';
import { RuleError } from './errors.js';
import { allowedFunctions } from './functions.js';
import { fromSpark } from './spark-tree.js';
import { sparkText } from './spark-text.js';
import type { Node } from './syntax-tree.js';
import { parseSelect, printSelect } from './syntax-tree.js';

/** What SQL written in a ruleset may see. */
export interface SqlScope {
  connection: DuckDBConnection;
  primary: Dataset;
  /** The other datasets by lower-case alias. */
  aliases: ReadonlyMap<string, Dataset>;
  /** The moment that `now()` and `current_date` mean. */
  now: Date;
}

/**
 * Turns the predicate of a `where "…"` into a DuckDB expression over the primary's columns. It must be one expression
 * on the row: no subquery, no aggregate or window function, no function outside the allowed ones.
 *
 * @throws RuleError saying what is not allowed or does not parse.
 */
export async function guardedPredicate(scope: SqlScope, text: string): Promise<string> {
  const printed = await guarded(scope, `SELECT (\n${sparkText(text, namesIn(scope))}\n)`, (select) => {
    const { node } = select.statements[0] as { node: Node };
    const isExpression =
      node['type'] === 'SELECT_NODE' &&
      (node['select_list'] as Node[]).length === 1 &&
      (node['from_table'] as Node)['type'] === 'EMPTY' &&
      ['where_clause', 'having', 'sample', 'qualify'].every((part) => node[part] === null) &&
      (['modifiers', 'group_expressions', 'group_sets'] as const).every((part) => (node[part] as Node[]).length === 0);
    if (!isExpression) throw new RuleError('where takes one predicate on the row');
    refuse(node['select_list'] as Node[], { SUBQUERY: 'a subquery', WINDOW: 'a window function', STAR: 'a *' });
  });
  return printed.replace(/^SELECT\s/, '');
}

/**
 * Turns CustomSql into a DuckDB query that can read the primary and the aliases, and nothing else: one SELECT, tables
 * replaced by the fully qualified datasets, no table function, no function outside the allowed ones. It holds on any
 * connection, because it rests on the statement's syntax tree and not on settings.
 *
 * @throws RuleError saying what is not allowed or does not parse.
 */
export async function guardedQuery(scope: SqlScope, text: string): Promise<string> {
  return guarded(scope, sparkText(text.trim().replace(/;$/, ''), namesIn(scope)), () => undefined);
}

type Select = Awaited<ReturnType<typeof parseSelect>>;

async function guarded(scope: SqlScope, sql: string, check: (select: Select) => void): Promise<string> {
  const select = await parseSelect(scope.connection, sql);
  if (select.statements.length !== 1) throw new RuleError('Only one SELECT statement is allowed');
  check(select);
  inspect(select.statements, new Set(), (table) => nameDataset(scope, table));
  const typed = fromSpark(select.statements, scope);
  const printed = await printSelect(scope.connection, { ...select, statements: typed });
  // What DuckDB printed is what will run, so it is inspected itself: printing might not quote every name.
  const again = await parseSelect(scope.connection, printed);
  if (again.statements.length !== 1) throw new RuleError('Only one SELECT statement is allowed');
  check(again);
  inspect(again.statements, new Set(), (table) => mustBeDataset(scope, table));
  return printed;
}

function refuse(tree: unknown, classes: Record<string, string>): void {
  if (typeof tree !== 'object' || tree === null) return;
  const what = classes[(tree as Node)['class'] as string];
  if (what !== undefined) throw new RuleError(`where takes one predicate on the row, without ${what}`);
  for (const part of Object.values(tree)) refuse(part, classes);
}

/** Walks a syntax tree and refuses all that is not known to only read the datasets. `ctes`: names in scope. */
function inspect(tree: unknown, ctes: ReadonlySet<string>, table: (node: Node) => void): void {
  if (typeof tree !== 'object' || tree === null) return;
  if (Array.isArray(tree)) {
    for (const part of tree) inspect(part, ctes, table);
    return;
  }
  const node = tree as Node;
  let scope = ctes;
  const { map } = (node['cte_map'] ?? {}) as { map?: { key: string; value: Node }[] };
  for (const { key, value } of map ?? []) {
    inspect(value, scope, table);
    scope = new Set([...scope, key.toLowerCase()]);
  }
  checkNode(node, scope, table);
  for (const [key, part] of Object.entries(node)) if (key !== 'cte_map') inspect(part, scope, table);
}

const readingTables = new Set(['JOIN', 'SUBQUERY', 'EMPTY', 'EXPRESSION_LIST', 'TABLE_FUNCTION']);
const expressions = new Set(
  `CONSTANT COLUMN_REF COMPARISON CONJUNCTION OPERATOR BETWEEN CASE CAST FUNCTION SUBQUERY STAR WINDOW LAMBDA
   COLLATE POSITIONAL_REFERENCE`.split(/\s+/)
);
const queries = new Set(['SELECT_NODE', 'SET_OPERATION_NODE']);

function checkNode(node: Node, ctes: ReadonlySet<string>, table: (node: Node) => void): void {
  const type = node['type'];
  const isTable = 'sample' in node && 'alias' in node && !('class' in node);
  if ('class' in node) {
    if (!expressions.has(node['class'] as string)) throw new RuleError(`SQL uses ${String(node['class'])}`);
  } else if (isTable && type === 'BASE_TABLE') {
    const isCte = node['schema_name'] === '' && ctes.has((node['table_name'] as string).toLowerCase());
    if (!isCte) table(node);
  } else if (isTable && !readingTables.has(type as string)) {
    throw new RuleError(`SQL may read tables only, not ${String(type)}`);
  } else if ('cte_map' in node && !queries.has(type as string)) {
    throw new RuleError(`SQL may hold SELECT only, not ${String(type)}`);
  }
  if (isTable && type === 'TABLE_FUNCTION') {
    const name = (node['function'] as Node)['function_name'] as string;
    if (name !== 'unnest') throw new RuleError(`SQL may not call the table function ${name}`);
  }
  if (node['class'] === 'FUNCTION' || node['class'] === 'WINDOW') checkFunction(node);
}

function checkFunction(node: Node): void {
  const name = (node['function_name'] as string).toLowerCase();
  const isQualified = node['schema'] !== '' || node['catalog'] !== '';
  if (isQualified || !(allowedFunctions.has(name) || isSparkFunction(name))) {
    throw new RuleError(`SQL may not call the function ${name}`);
  }
}

function isSparkFunction(name: string): boolean {
  return fromSpark.functions.has(name);
}

function nameDataset(scope: SqlScope, node: Node): void {
  const parts = [node['catalog_name'], node['schema_name'], node['table_name']] as string[];
  const name = parts.filter((part) => part !== '').join('.');
  const dataset = name.toLowerCase() === 'primary' ? scope.primary : scope.aliases.get(name.toLowerCase());
  if (dataset === undefined) {
    const known = ['primary', ...scope.aliases.keys()].join(', ');
    throw new RuleError(`SQL may not read ${JSON.stringify(name)}: it can read ${known}`);
  }
  if (node['alias'] === '') node['alias'] = node['table_name'];
  Object.assign(node, { catalog_name: dataset.catalog, schema_name: dataset.schema, table_name: dataset.table });
}

function mustBeDataset(scope: SqlScope, node: Node): void {
  const isDataset = [scope.primary, ...scope.aliases.values()].some(
    ({ catalog, schema, table }) =>
      node['catalog_name'] === catalog && node['schema_name'] === schema && node['table_name'] === table
  );
  if (!isDataset) throw new RuleError(`SQL may not read ${JSON.stringify(node['table_name'])}`);
}

function namesIn({ primary, aliases }: SqlScope): ReadonlySet<string> {
  const columns = [primary, ...aliases.values()].flatMap((dataset): Column[] => dataset.columns);
  return new Set([...columns.map(({ name }) => name.toLowerCase()), ...aliases.keys()]);
}
