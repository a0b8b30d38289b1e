import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { columnOf, conditionOf, filterOf, judged, nothing, primaryAlias, unmet, within } from '../check.js';
import type { Column } from '../dataset.js';
import { holds } from '../numbers.js';
import { whole } from './table.js';

function entity(names: readonly string[]): string {
  return names.length === 1 ? `Column.${names[0]}` : `Multicolumn.${names.join()}`;
}

/** Uniqueness and IsUnique: groups of one row, of the rows that have a value. */
async function uniqueness(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const names = rule.parameters.map(({ value }) => value);
  const metric = `${entity(names)}.Uniqueness`;
  const columns = names.map((name) => columnOf(bench, name));
  const where = await filterOf(bench, rule);
  const limits =
    rule.condition === undefined ? { operator: '=' as const, numbers: [1] } : await conditionOf(bench, rule, metric);
  const groups = bench.groups.add(columns, where, 'once', 'rows');
  const judge = (): Verdict => {
    if (groups.get('rows') === 0) return nothing(where, `Uniqueness(List(${names.join(', ')}),None,None)`);
    return judged(metric, groups.get('once') / groups.get('rows'), limits);
  };
  const rows = within(where, `(${noValue(columns)} OR NOT ${repeated(bench, columns, where)})`);
  const failing = (): number | undefined => (groups.get('once') === groups.get('rows') ? 0 : undefined);
  return { judge, limits, rows, failing };
}

function noValue(columns: readonly Column[]): string {
  return `(${columns.map(({ sql }) => `${sql} IS NULL`).join(' AND ')})`;
}

/** TRUE where other rows have the same values. */
function repeated({ primary }: Workbench, columns: readonly Column[], where: string | undefined): string {
  const keys = columns.map(({ sql }, index) => `${sql} AS k${index}`).join(', ');
  const same = columns.map(({ sql }, index) => `d.k${index} IS NOT DISTINCT FROM ${primaryAlias}.${sql}`).join(' AND ');
  const filter = where === undefined ? '' : `WHERE ${where}`;
  const doubles = `SELECT ${keys} FROM ${primary.sql} ${filter} GROUP BY ALL HAVING count(*) > 1`;
  return `EXISTS (SELECT 1 FROM (${doubles}) d WHERE ${same})`;
}

/** IsPrimaryKey: unique, and every column complete; of several columns only the uniqueness is reported. */
async function primaryKey(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const unique = await uniqueness(bench, rule);
  const where = await filterOf(bench, rule);
  const names = rule.parameters.map(({ value }) => value);
  const columns = names.map((name) => columnOf(bench, name));
  const rows = bench.scan.add('count(*)', where);
  const complete = columns.map(({ sql }) => bench.scan.add(`count(${sql})`, where));
  const judge = async (): Promise<Verdict> => {
    const { passed, message, metrics } = await unique.judge();
    if (rows.get() === 0) return { passed, message, metrics };
    const ratios = complete.map((cell) => cell.get()! / rows.get()!);
    const gap = ratios.find((ratio) => ratio < 1);
    if (names.length === 1) metrics[`Column.${names[0]}.Completeness`] = ratios[0]!;
    const ofGap = gap !== undefined && (passed || names.length === 1) ? [unmet(gap)] : [];
    const messages = [...(message === undefined ? [] : [message]), ...ofGap];
    return { passed: messages.length === 0, ...(messages.length > 0 && { message: messages.join('\n') }), metrics };
  };
  const present = columns.map(({ sql }) => `${sql} IS NOT NULL`).join(' AND ');
  const failing = (): number | undefined =>
    complete.every((cell) => cell.get() === rows.get()) && unique.failing?.() === 0 ? 0 : undefined;
  return { judge, rows: `(${unique.rows} AND ${within(where, `(${present})`)})`, failing };
}

async function uniqueValueRatio(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.UniqueValueRatio`;
  const column = columnOf(bench, name);
  const where = await filterOf(bench, rule);
  const limits = await conditionOf(bench, rule, metric);
  const groups = bench.groups.add([column], where, 'once', 'distinct');
  const judge = (): Verdict => {
    if (groups.get('distinct') === 0) return nothing(where, `UniqueValueRatio(List(${name}),None,None)`);
    return judged(metric, groups.get('once') / groups.get('distinct'), limits);
  };
  return { judge, limits };
}

async function distinctValuesCount(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.DistinctValuesCount`;
  const column = columnOf(bench, name);
  const limits = await conditionOf(bench, rule, metric);
  const groups = bench.groups.add([column], await filterOf(bench, rule), 'distinctWithNull');
  const judge = (): Verdict => {
    const count = groups.get('distinctWithNull');
    return whole(metric, count, holds(limits, count));
  };
  return { judge, limits };
}

async function entropy(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.Entropy`;
  const column = columnOf(bench, name);
  const where = await filterOf(bench, rule);
  const limits = await conditionOf(bench, rule, metric);
  const groups = bench.groups.add([column], where, 'rows', 'surprise');
  const judge = (): Verdict => {
    const rows = groups.get('rows');
    if (rows === 0) return nothing(where, `Entropy(${name},None)`);
    return judged(metric, Math.max(0, Math.log(rows) - groups.get('surprise') / rows), limits);
  };
  return { judge, limits };
}

async function duplicateRowCount(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const names = rule.parameters.map(({ value }) => value);
  const metric = `${names.length === 0 ? 'Dataset.*' : entity(names)}.DuplicateRowCount`;
  const columns = names.length === 0 ? bench.primary.columns : names.map((name) => columnOf(bench, name));
  const where = await filterOf(bench, rule);
  const limits = await conditionOf(bench, rule, metric);
  const groups = bench.groups.add(columns, where, 'repeated');
  const judge = (): Verdict => {
    const count = groups.get('repeated');
    const { metrics, ...rest } = whole(metric, count, holds(limits, count));
    // The official engine reports no metric for the form without columns.
    return { ...rest, metrics: names.length === 0 ? {} : metrics };
  };
  const failing = (): number => groups.get('repeated');
  return { judge, limits, rows: within(where, `(NOT ${repeated(bench, columns, where)})`), failing };
}

/** Rule types on groups of equal values. */
export const groupRules: Record<string, Compile> = {
  Uniqueness: uniqueness,
  IsUnique: uniqueness,
  IsPrimaryKey: primaryKey,
  UniqueValueRatio: uniqueValueRatio,
  DistinctValuesCount: distinctValuesCount,
  Entropy: entropy,
  DuplicateRowCount: duplicateRowCount,
};
