import { rewriteExpressions } from './expressions.js';
import { group, isOperator, isTrivia, isWord, raw, render, significant, skipTrivia, splitAt, wordOf } from './nodes.js';
import type { Group, Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';
import { translateType, varcharBytes } from './types.js';

const attributeWords = [
  ...['default', 'identity', 'generated', 'encode', 'distkey', 'sortkey', 'collate', 'not', 'null', 'unique'],
  ...['primary', 'references', 'check', 'constraint'],
];

const storageWords = ['diststyle', 'distkey', 'sortkey', 'compound', 'interleaved', 'backup', 'encode'];

/**
 * CREATE TABLE: storage attributes go, keys go (Redshift does not enforce them), their columns stay NOT NULL, identity
 * columns and types are spelled in PostgreSQL's way.
 * @see https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
 */
export function translateCreateTable(nodes: readonly Node[]): Node[] {
  const definitions = nodes.findIndex((node) => node.kind === 'group');
  const as = nodes.findIndex((node) => isWord(node, 'as'));
  const storage = nodes.findIndex((node) => isWord(node, ...storageWords));
  const isDefined = definitions >= 0 && (as < 0 || definitions < as) && (storage < 0 || definitions < storage);
  if (!isDefined) return createTableAs(nodes, as, storage);
  const head = nodes.slice(0, definitions);
  const list = nodes[definitions] as Group;
  const query = nodes.findIndex((node, index) => index > definitions && isWord(node, 'as'));
  const attributes = nodes.slice(definitions + 1, query < 0 ? undefined : query);
  dropTableAttributes(attributes);
  if (query >= 0) return [...head, list, raw(' '), ...rewriteExpressions(nodes.slice(query))];
  return [...head, translateDefinitions(list, render(significant(head).slice(-1)))];
}

/** `CREATE TABLE t DISTKEY(a) SORTKEY(b) AS SELECT …` */
function createTableAs(nodes: readonly Node[], as: number, storage: number): Node[] {
  if (as < 0) return [...nodes];
  if (storage >= 0 && storage < as) dropTableAttributes(nodes.slice(storage, as));
  return [
    ...nodes.slice(0, storage < 0 ? as : Math.min(storage, as)),
    raw(' '),
    ...rewriteExpressions(nodes.slice(as)),
  ];
}

/** Checks that there is nothing but Redshift's storage attributes, all of which are without effect here. */
function dropTableAttributes(nodes: readonly Node[]): void {
  const rest = significant(nodes);
  for (let index = 0; index < rest.length; index += 1) {
    const node = rest[index];
    if (isWord(node, 'diststyle', 'backup', 'encode')) index += 1;
    else if (isWord(node, 'distkey')) index += rest[index + 1]?.kind === 'group' ? 1 : 0;
    else if (isWord(node, 'sortkey')) index += 1;
    else if (!isWord(node, 'compound', 'interleaved')) {
      throw new RedshiftSqlError(`syntax error at or near "${node === undefined ? '' : render([node])}"`);
    }
  }
}

function translateDefinitions(list: Group, table: string): Group {
  const keyColumns = new Set<string>();
  const kept: Node[][] = [];
  for (const element of splitAt(list.nodes, ',')) {
    const [first] = significant(element);
    if (isWord(first, 'like')) kept.push(element);
    else if (isTableConstraint(first)) primaryKeyColumns(element).forEach((name) => keyColumns.add(name));
    else kept.push(element);
  }
  const columns = kept.map((element) => {
    if (isWord(significant(element)[0], 'like')) return [...element, raw(' INCLUDING CONSTRAINTS')];
    return translateColumn(element, table, keyColumns);
  });
  return group(columns.flatMap((column, index) => (index === 0 ? column : [raw(','), ...column])));
}

function isTableConstraint(node: Node | undefined): boolean {
  if (isWord(node, 'check')) throw new RedshiftSqlError('CHECK constraints are not supported');
  return isWord(node, 'constraint', 'primary', 'unique', 'foreign');
}

function primaryKeyColumns(element: readonly Node[]): string[] {
  const parts = significant(element);
  if (parts.some((node) => isWord(node, 'check'))) throw new RedshiftSqlError('CHECK constraints are not supported');
  const primary = parts.findIndex((node) => isWord(node, 'primary'));
  const columns = parts[primary + 2];
  if (primary < 0 || columns?.kind !== 'group') return [];
  return splitAt(columns.nodes, ',').map((name) => columnName(significant(name)[0]));
}

/** The lower-case name of a column, without quotes. */
export function columnName(node: Node | undefined): string {
  return node === undefined ? '' : render([node]).replaceAll('"', '').toLowerCase();
}

/**
 * One column definition: name, type, attributes.
 * @param keyColumns lower-case names of the columns that a table-level primary key makes NOT NULL
 */
export function translateColumn(element: readonly Node[], table: string, keyColumns: ReadonlySet<string>): Node[] {
  const nameAt = skipTrivia(element, 0);
  const name = element[nameAt];
  if (name === undefined) return [...element];
  const rest = element.slice(nameAt + 1);
  const found = rest.findIndex((node) => isWord(node, ...attributeWords));
  const attributesAt = found < 0 ? rest.length : found;
  const type = translateType(
    trimmed(rest.slice(0, attributesAt)),
    'column',
    `${table.replaceAll('"', '')}.${columnName(name)}`
  );
  const { kept, notNull } = translateAttributes(rest.slice(attributesAt));
  const required = notNull || keyColumns.has(columnName(name));
  const bytes = byteCheck(columnName(name), type);
  return [
    ...element.slice(0, nameAt + 1),
    raw(' '),
    ...type,
    ...kept,
    raw(required ? ' NOT NULL' : ''),
    raw(bytes === undefined ? '' : ` ${bytes}`),
  ];
}

/**
 * The constraint that holds a varchar to its length in bytes, which is what Redshift counts; PostgreSQL counts
 * characters. Undefined for other types.
 */
export function byteCheck(column: string, type: readonly Node[]): string | undefined {
  const bytes = varcharBytes(type);
  return bytes === undefined
    ? undefined
    : `CONSTRAINT ${byteCheckName(column)} CHECK (octet_length("${column}") <= ${bytes})`;
}

/** Name of the constraint that {@link byteCheck} makes, quoted. */
export function byteCheckName(column: string): string {
  return `"${column.slice(0, 50)}_bytes"`;
}

function translateAttributes(nodes: readonly Node[]): { kept: Node[]; notNull: boolean } {
  const parts = significant(nodes);
  const kept: Node[] = [];
  let notNull = false;
  for (let index = 0; index < parts.length; index += 1) {
    const next = parts[index + 1];
    switch (wordOf(parts[index])) {
      case 'default': {
        const start = index + 1;
        index = start; // at least one node is the value, which may be the word NULL
        while (index + 1 < parts.length && !isWord(parts[index + 1], ...attributeWords)) index += 1;
        kept.push(raw(' DEFAULT '), ...spaced(rewriteExpressions(parts.slice(start, index + 1))));
        break;
      }
      case 'identity':
        kept.push(raw(` GENERATED ALWAYS AS IDENTITY ${sequence(next)}`));
        index += 1;
        break;
      case 'generated': // BY DEFAULT AS IDENTITY (seed, step)
        kept.push(raw(` GENERATED BY DEFAULT AS IDENTITY ${sequence(parts[index + 5])}`));
        index += 5;
        break;
      case 'not':
        notNull = true;
        index += 1;
        break;
      case 'primary':
        notNull = true;
        index += 1;
        break;
      case 'encode':
      case 'collate':
        index += 1;
        break;
      case 'references':
        index += 1;
        while (isOperator(parts[index + 1], '.')) index += 2;
        if (parts[index + 1]?.kind === 'group') index += 1;
        break;
      case 'check':
        throw new RedshiftSqlError('CHECK constraints are not supported');
      case 'constraint':
        index += 1;
        break;
      case 'null':
      case 'unique':
      case 'distkey':
      case 'sortkey':
        break;
      default:
        throw new RedshiftSqlError(`syntax error at or near "${render(parts.slice(index, index + 1))}"`);
    }
  }
  return { kept, notNull };
}

/** Bounds are given because PostgreSQL's default ones forbid seeds below 1. */
function sequence(arguments_: Node | undefined): string {
  const [seed, step] =
    arguments_?.kind === 'group' ? splitAt(arguments_.nodes, ',').map((part) => Number(render(part))) : [];
  if (seed === undefined || step === undefined || !Number.isInteger(seed) || !Number.isInteger(step) || step === 0) {
    throw new RedshiftSqlError('IDENTITY needs a seed and a step, such as IDENTITY(1,1)');
  }
  return `(START WITH ${seed} INCREMENT BY ${step} ${step > 0 ? 'MINVALUE' : 'MAXVALUE'} ${seed})`;
}

function trimmed(nodes: readonly Node[]): Node[] {
  let end = nodes.length;
  while (end > 0 && isTrivia(nodes[end - 1])) end -= 1;
  return nodes.slice(skipTrivia(nodes, 0), end);
}

function spaced(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [node, raw(' ')]);
}
