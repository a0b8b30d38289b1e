import { group, isOperator, isWord, raw, render, significant, splitAt, wordOf } from './nodes.js';
import type { Group, Node } from './nodes.js';
import { RedshiftSqlError } from './redshift-sql-error.js';

/** Types of PostgreSQL that Redshift has not. @see https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-datatypes.html */
const unsupported = new Set([
  ...[
    'serial',
    'serial4',
    'serial8',
    'bigserial',
    'smallserial',
    'serial2',
    'money',
    'uuid',
    'json',
    'jsonb',
    'xml',
    'bytea',
  ],
  ...[
    'inet',
    'cidr',
    'macaddr',
    'bit',
    'varbit',
    'tsvector',
    'tsquery',
    'point',
    'line',
    'lseg',
    'box',
    'path',
    'polygon',
    'circle',
  ],
  ...['int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange', 'regclass', 'citext', 'hstore'],
]);
/** Types of Redshift that have no counterpart here. */
const absentHere = new Set(['geometry', 'geography', 'hllsketch']);
const MAX_VARCHAR = 65_535;
const MAX_CHAR = 4_096;

/** Where a type stands decides what a missing length means. */
export type TypeContext = 'column' | 'cast';

/**
 * A Redshift type in PostgreSQL's spelling.
 * @param nodes the type's own nodes, such as `varchar(max)`
 * @param subject whose type it is, for error messages
 * @throws RedshiftSqlError for a type that Redshift does not have or a length beyond its bounds
 * @see https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
 */
export function translateType(nodes: readonly Node[], context: TypeContext, subject: string): Node[] {
  const parts = significant(nodes);
  const name = wordOf(parts[0]);
  if (name === undefined) return [...nodes];
  const arrayed = parts.some((node) => isOperator(node, '[')) || isWord(parts.at(-1), 'array');
  if (unsupported.has(name) || arrayed) {
    throw new RedshiftSqlError(`Column "${subject}" has unsupported type "${render(parts).toLowerCase()}".`);
  }
  if (absentHere.has(name)) throw new RedshiftSqlError(`The local Redshift has no type ${name.toUpperCase()}.`);
  const varying = isWord(parts[1], 'varying');
  const size = parts.find((node): node is Group => node.kind === 'group');
  if (
    name === 'varchar' ||
    name === 'nvarchar' ||
    ((name === 'character' || name === 'char' || name === 'nchar') && varying)
  ) {
    if (size === undefined) return [raw(context === 'column' ? 'varchar(256)' : 'varchar')];
    return [raw(`varchar(${length(size, MAX_VARCHAR, 'varchar')})`)];
  }
  if (name === 'text') return [raw(context === 'column' ? 'varchar(256)' : 'varchar')];
  if (name === 'bpchar') return [raw(`char(${size === undefined ? 256 : length(size, MAX_CHAR, 'character')})`)];
  if (name === 'char' || name === 'character' || name === 'nchar') {
    return [raw(`char(${size === undefined ? 1 : length(size, MAX_CHAR, 'character')})`)];
  }
  if (name === 'decimal' || name === 'numeric') return [raw('numeric'), decimalSize(size)];
  if (name === 'super') return [raw('jsonb')];
  if (name === 'varbyte' || name === 'varbinary' || (name === 'binary' && varying)) return [raw('bytea')];
  return [...nodes];
}

/**
 * The declared length of a varchar column, in bytes, or undefined when the type is another.
 * @param nodes a type as {@link translateType} returns it
 */
export function varcharBytes(nodes: readonly Node[]): number | undefined {
  const found = /^varchar\((\d+)\)$/.exec(render(nodes).trim());
  return found === null ? undefined : Number(found[1]);
}

function length(size: Group, most: number, name: string): number {
  const text = render(significant(size.nodes)).toLowerCase();
  const value = text === 'max' ? most : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RedshiftSqlError(`length for type ${name} must be at least 1`);
  if (value > most) throw new RedshiftSqlError(`length for type ${name} cannot exceed ${most}`);
  return value;
}

/** A decimal without precision is (18,0), here too where PostgreSQL would keep every digit. */
function decimalSize(size: Group | undefined): Group {
  if (size === undefined) return group([raw('18,0')]);
  const [precision = 18, scale = 0] = splitAt(size.nodes, ',').map((part) => Number(render(part)));
  if (precision < 1 || precision > 38)
    throw new RedshiftSqlError(`DECIMAL precision ${precision} must be between 1 and 38`);
  if (scale < 0 || scale > precision)
    throw new RedshiftSqlError(`DECIMAL scale ${scale} must be between 0 and precision ${precision}`);
  return size;
}
