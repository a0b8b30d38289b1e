import { typeSql } from '../redshift-type.js';
import type { RedshiftType } from '../redshift-type.js';
import type { LiveColumn, LiveTables } from './live-columns.js';
import type { ColumnDefinition, TableDefinition } from './table-definition.js';

/** How a live type stands to the one that is wanted. */
export type TypeDifference = 'same' | 'longer' | 'wider' | 'narrower' | 'other';

/** One way in which a table that is there differs from its definition. */
export type TableDifference = { readonly table: string; readonly column: string } & (
  | { readonly kind: 'missing'; readonly wanted: ColumnDefinition }
  | {
      readonly kind: 'type';
      readonly wanted: ColumnDefinition;
      readonly live: LiveColumn;
      readonly change: Exclude<TypeDifference, 'same'>;
    }
  | { readonly kind: 'extra'; readonly live: LiveColumn }
);

/** Digits before the point that every value of a whole or decimal type has room for. */
function wholeDigits(type: RedshiftType): number | undefined {
  if (type.name === 'integer') return 10;
  if (type.name === 'bigint') return 19;
  return type.name === 'decimal' ? type.precision! - type.scale! : undefined;
}

/**
 * What the change of a live column to a wanted type is: `longer` of a varchar that grows, `wider` of another type that
 * takes every value of the old one, `narrower` of one that may not, `other` where values would become something else.
 */
export function typeDifference(live: LiveColumn['type'], wanted: RedshiftType): TypeDifference {
  if (typeof live === 'string') return 'other';
  if (typeSql(live) === typeSql(wanted)) return 'same';
  if (live.name === 'varchar' && wanted.name === 'varchar') {
    return live.length! < wanted.length! ? 'longer' : 'narrower';
  }
  const [from, to] = [wholeDigits(live), wholeDigits(wanted)];
  if (from === undefined || to === undefined) return 'other';
  return to >= from && (wanted.scale ?? 0) >= (live.scale ?? 0) ? 'wider' : 'narrower';
}

/** How the tables that are there differ from their definitions; tables that are not there are left out. */
export function differences(tables: readonly TableDefinition[], live: LiveTables): TableDifference[] {
  return tables.flatMap(({ name: table, columns }): TableDifference[] => {
    const there = live.get(table);
    if (there === undefined) return [];
    const wanted = columns.flatMap((one): TableDifference[] => {
      const found = there.find(({ name }) => name === one.name);
      const at = { table, column: one.name, wanted: one };
      if (found === undefined) return [{ ...at, kind: 'missing' }];
      const change = typeDifference(found.type, one.type);
      return change === 'same' ? [] : [{ ...at, kind: 'type', live: found, change }];
    });
    const extra = there
      .filter(({ name }) => !columns.some((one) => one.name === name))
      .map((one): TableDifference => ({ table, column: one.name, kind: 'extra', live: one }));
    return [...wanted, ...extra];
  });
}

/** A live type as Redshift spells it. */
export function liveTypeSql(type: LiveColumn['type']): string {
  return typeof type === 'string' ? type : typeSql(type);
}

/**
 * Why a run cannot load the tables that are there, a sentence each that names table and column; empty when it can. Types
 * that are wider than the model's, and columns of others that need no value, do not stand in its way.
 */
export function runProblems(tables: readonly TableDefinition[], live: LiveTables): string[] {
  return differences(tables, live).flatMap((one) => {
    const column = `${one.table}.${one.column}`;
    if (one.kind === 'missing') return [`${column} is missing`];
    if (one.kind === 'extra') return one.live.required ? [`${column} needs a value, but the model has none`] : [];
    if (one.change === 'narrower') return [];
    return [`${column} is ${liveTypeSql(one.live.type)}, and the model says ${typeSql(one.wanted.type)}`];
  });
}
