import { translateAlterTable } from './alter-table.js';
import { translateCreateTable } from './create-table.js';
import { rewriteExpressions } from './expressions.js';
import { isTrivia, isWord, nest, raw, render, significant, skipTrivia, wordOf } from './nodes.js';
import type { Node } from './nodes.js';
import { normalise } from './normalise.js';
import { translateRoutine } from './procedures.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { translateSet } from './settings.js';
import { splitStatements, tokenize } from './tokens.js';

/** A Redshift statement in PostgreSQL's dialect. */
export interface TranslatedStatement {
  /** Empty when the statement is without effect here, as `ALTER TABLE … ALTER SORTKEY`. */
  readonly sql: string;
  /** True for TRUNCATE, which in Redshift commits the transaction it runs in. */
  readonly commits: boolean;
  /** True for ALTER COLUMN … TYPE, which Redshift refuses in a transaction. */
  readonly alone: boolean;
}

/**
 * Translates one Redshift statement.
 * @throws RedshiftSqlError for what Redshift refuses, for what the local Redshift has not, and for more than one statement
 */
export function translate(sql: string): TranslatedStatement {
  const statements = splitStatements(normalise(tokenize(sql)));
  if (statements.length > 1) throw new RedshiftSqlError('cannot insert multiple commands into a prepared statement');
  const nodes = nest(statements[0] ?? []);
  const words = significant(nodes);
  return {
    sql: render(translateStatement(nodes)).trim(),
    commits: isWord(words[0], 'truncate'),
    alone:
      isWord(words[0], 'alter') &&
      words.some((node, index) => isWord(node, 'type') && isWord(words[index - 2], 'alter', 'column')),
  };
}

const commandsWithoutCounterpart = ['copy', 'unload', 'cancel'];
/** SHOW of objects, which PostgreSQL would take for the name of a setting. */
const shownObjects = [
  'tables',
  'table',
  'schemas',
  'databases',
  'columns',
  'view',
  'external',
  'procedure',
  'grants',
  'model',
];
const creatable = [
  'table',
  'view',
  'procedure',
  'function',
  'schema',
  'user',
  'group',
  'role',
  'database',
  'materialized',
];

function translateStatement(all: readonly Node[]): Node[] {
  const start = skipTrivia(all, 0);
  const nodes = all.slice(start);
  const words = significant(nodes);
  const [first, second] = words;
  const lead = all.slice(0, start);
  switch (wordOf(first)) {
    case 'create':
      return [...lead, ...translateCreate(nodes)];
    case 'alter':
      return isWord(second, 'table') ? translateAlterTable(nodes) : rewriteExpressions(all);
    case 'delete':
      return [...lead, ...withFrom(rewriteExpressions(nodes))];
    case 'set':
      return translateSet(nodes);
    case 'vacuum':
      return [raw('VACUUM '), ...vacuumTarget(words.slice(1))];
    case 'analyze':
      if (isWord(second, 'compression')) throw notHere('ANALYZE COMPRESSION');
      return [raw('ANALYZE '), ...spaced(analyzeTarget(words.slice(1)))];
    case 'with':
      // the verb of the whole statement is on the top level: those of its queries are in parentheses
      if (words.some((node) => isWord(node, 'insert'))) throw new RedshiftSqlError('syntax error at or near "INSERT"');
      return rewriteExpressions(all);
    case 'show':
      if (isWord(second, ...shownObjects)) throw notHere('SHOW of objects: use ListTables or information_schema');
      return [...all];
    case 'do':
      throw new RedshiftSqlError('syntax error at or near "DO"');
    default:
      if (isWord(first, ...commandsWithoutCounterpart)) throw notHere(render(words.slice(0, 1)).toUpperCase());
      return rewriteExpressions(all);
  }
}

function translateCreate(nodes: readonly Node[]): Node[] {
  const words = significant(nodes).slice(1);
  const kind = words.find((node) => !isWord(node, 'or', 'replace', 'local', 'temp', 'temporary'));
  if (isWord(kind, 'table')) return translateCreateTable(nodes);
  if (isWord(kind, 'procedure', 'function')) return translateRoutine(nodes, translateStatement);
  if (isWord(kind, 'external', 'library', 'model', 'datashare'))
    throw notHere(`CREATE ${render([kind as Node]).toUpperCase()}`);
  if (!isWord(kind, ...creatable)) {
    throw new RedshiftSqlError(
      `SQL command "CREATE ${kind === undefined ? '' : render([kind]).toUpperCase()}" not supported on Redshift tables.`
    );
  }
  if (isWord(kind, 'view')) return rewriteExpressions(withoutLateBinding(nodes));
  if (isWord(kind, 'materialized')) return translateCreateTable(withoutAutoRefresh(nodes));
  if (isWord(kind, 'schema')) return beforeWord(nodes, 'quota');
  return rewriteExpressions(nodes);
}

/** `DELETE t` is `DELETE FROM t`. */
function withFrom(nodes: readonly Node[]): Node[] {
  const next = skipTrivia(nodes, 1);
  return isWord(nodes[next], 'from') ? [...nodes] : [...nodes.slice(0, 1), raw(' FROM '), ...nodes.slice(next)];
}

/** Redshift's options are about sorting, which PostgreSQL's tables do not do. */
function vacuumTarget(words: readonly Node[]): Node[] {
  const skip = words.findIndex((node) => !isWord(node, 'full', 'sort', 'delete', 'only', 'reindex', 'recluster'));
  const target = skip < 0 ? [] : words.slice(skip);
  const end = target.findIndex((node) => isWord(node, 'to', 'boost'));
  return end < 0 ? target : target.slice(0, end);
}

function analyzeTarget(words: readonly Node[]): Node[] {
  const end = words.findIndex((node) => isWord(node, 'predicate', 'all'));
  return end < 0 ? [...words] : words.slice(0, end);
}

function spaced(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) =>
    node.kind === 'operator' ? [node] : isWord(node, 'verbose') ? [node, raw(' ')] : [node]
  );
}

/** A late-binding view is bound at once here: its tables must exist. */
function withoutLateBinding(nodes: readonly Node[]): Node[] {
  const words = significant(nodes).slice(-4).map(wordOf).join(' ');
  return words === 'with no schema binding' ? beforeWord(nodes, 'with', true) : [...nodes];
}

function withoutAutoRefresh(nodes: readonly Node[]): Node[] {
  const at = nodes.findIndex((node) => isWord(node, 'auto'));
  if (at < 0) return [...nodes];
  const yesNo = skipTrivia(nodes, skipTrivia(nodes, at + 1) + 1);
  return [...nodes.slice(0, at), ...nodes.slice(yesNo + 1)];
}

function beforeWord(nodes: readonly Node[], word: string, last = false): Node[] {
  const at = last ? nodes.findLastIndex((node) => isWord(node, word)) : nodes.findIndex((node) => isWord(node, word));
  return at < 0
    ? [...nodes]
    : nodes.slice(0, at).filter((node, index, kept) => index < kept.length - 1 || !isTrivia(node));
}

function notHere(what: string): RedshiftSqlError {
  return new RedshiftSqlError(`The local Redshift has no ${what}.`);
}
