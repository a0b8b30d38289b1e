import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { aliasOf, conditionOf, judged, primaryAlias, unmet, verdict } from '../check.js';
import type { Column, Dataset } from '../dataset.js';
import { findColumn } from '../dataset.js';
import { RuleError } from '../errors.js';
import type { holds } from '../numbers.js';

async function rowCountMatch(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const alias = rule.parameters[0]!.value;
  const metric = `Dataset.${alias}.RowCountMatch`;
  const missing = `Reference dataset '${alias}' not found in additional data sources`;
  const limits = await conditionOf(bench, rule, metric);
  const own = bench.scan.add('count(*)');
  const other = bench.scanOf(aliasOf(bench, alias, missing)).add('count(*)');
  const judge = (): Verdict => {
    const ratio = own.get()! / other.get()!;
    return judged(metric, ratio, limits, unmet(ratio, '.'));
  };
  return { judge, limits };
}

async function schemaMatch(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const alias = rule.parameters[0]!.value;
  const metric = `Dataset.${alias}.SchemaMatch`;
  const limits = await conditionOf(bench, rule, metric);
  const others = aliasOf(bench, alias, `Reference dataset '${alias}' not found`).columns;
  const { columns } = bench.primary;
  if (columns.length !== others.length) {
    return { limits, judge: () => verdict(metric, 0, false, 'Column counts do not match') };
  }
  const same = columns.filter(({ name, type }) => others.some((other) => other.name === name && other.type === type));
  const ratio = same.length / columns.length;
  const message = `${(ratio * 100).toFixed(2)}% of columns passed the threshold`;
  return { limits, judge: () => judged(metric, ratio, limits, message) };
}

/** The counts that rules on rows of both datasets are judged by. */
function shareCheck(
  bench: Workbench,
  metric: string,
  limits: Parameters<typeof holds>[0],
  rows: string,
  empty: string
): Check {
  const total = bench.scan.add('count(*)');
  const judge = async (): Promise<Verdict> => {
    if (total.get() === 0) return { passed: false, message: empty, metrics: {} };
    const statement = `SELECT count(*)::DOUBLE FROM ${bench.primary.sql} AS ${primaryAlias} WHERE ${rows}`;
    const reader = await bench.connection.runAndReadAll(statement);
    const share = (reader.getRowsJS()[0]![0] as number) / total.get()!;
    return judged(metric, share, limits, unmet(share, '.'));
  };
  return { judge, limits, rows };
}

async function referentialIntegrity(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const [own, reference] = rule.parameters.map(({ value }) => value) as [string, string];
  const braces = /^(.+)\.\{(.+)\}$/s.exec(reference) ?? /^(.+)\.([^.]+)$/s.exec(reference);
  if (braces === null)
    throw new RuleError(`Reference ${JSON.stringify(reference)} must be "alias.column" or "alias.{a,b}"`);
  const [, alias, list] = braces as unknown as [string, string, string];
  const other = aliasOf(bench, alias);
  const columns = columnsOf(bench.primary, own.split(','), 'primary');
  const others = columnsOf(other, list.split(','), 'reference');
  if (columns.length !== others.length) {
    throw new RuleError(
      'The number of columns to check from the primary data frame must equal the number of columns to check from the reference data frame.'
    );
  }
  const metric = `Column.${alias}.ReferentialIntegrity`;
  const limits = await conditionOf(bench, rule, metric);
  const same = columns.map((column, index) => equal(column, others[index]!, '=')).join(' AND ');
  const rows = `EXISTS (SELECT 1 FROM ${other.sql} AS r WHERE ${same})`;
  return shareCheck(bench, metric, limits, rows, 'Primary data frame contains no data.');
}

function columnsOf(dataset: Dataset, names: readonly string[], which: string): Column[] {
  const found = names.map((name) => findColumn(dataset, name.trim()));
  const missing = names.filter((_, index) => found[index] === undefined).map((name) => name.trim());
  if (missing.length === 1) throw new RuleError(`Column ${missing[0]} does not exist in ${which} data frame.`);
  if (missing.length > 1) throw new RuleError(`Columns ${missing.join(', ')} do not exist in ${which} data frame.`);
  return found as Column[];
}

/** Compares a column of the primary with one of `r`; text against numbers as numbers, other kinds as text. */
function equal(own: Column, other: Column, operator: '=' | 'IS NOT DISTINCT FROM'): string {
  const sides: [string, string] = [`${primaryAlias}.${own.sql}`, `r.${other.sql}`];
  const kinds = [own.kind, other.kind];
  if (kinds[0] !== kinds[1] && kinds.includes('string')) {
    const type = kinds.includes('number') ? 'DOUBLE' : 'VARCHAR';
    return sides.map((side) => `TRY_CAST(${side} AS ${type})`).join(` ${operator} `);
  }
  return sides.join(` ${operator} `);
}

async function datasetMatch(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const [alias, keyText, matchText] = rule.parameters.map(({ value }) => value) as [string, string, string | undefined];
  const other = aliasOf(bench, alias);
  const metric = `Dataset.${alias}.DatasetMatch`;
  const limits = await conditionOf(bench, rule, metric);
  const keys = pairs(bench.primary, other, mapping(keyText), 'key columns');
  const isKey = (column: Column): boolean => keys.some(([own]) => own.name === column.name);
  const rest = bench.primary.columns
    .filter((column) => !isKey(column))
    .map(({ name }): [string, string] => [name, name]);
  const matches = pairs(bench.primary, other, matchText === undefined ? rest : mapping(matchText), 'columns');
  if (matches.length === 0) throw new RuleError('Empty column comparison map provided.');
  const owns = bench.groups.add(
    keys.map(([own]) => own),
    undefined,
    'distinctWithNull'
  );
  const total = bench.scan.add('count(*)');
  const same = [
    ...keys.map(([own, its]) => equal(own, its, '=')),
    ...matches.map(([own, its]) => equal(own, its, 'IS NOT DISTINCT FROM')),
  ];
  const rows = `EXISTS (SELECT 1 FROM ${other.sql} AS r WHERE ${same.join(' AND ')})`;
  const check = shareCheck(bench, metric, limits, rows, 'Cannot evaluate: primary DataFrame is empty');
  const judge = async (): Promise<Verdict> => {
    const itsKeys = keys.map(([, its]) => its.sql).join(', ');
    const reader = await bench.connection.runAndReadAll(
      `SELECT count(*)::DOUBLE, coalesce(sum(n), 0)::DOUBLE FROM (SELECT count(*) AS n FROM ${other.sql} GROUP BY ${itsKeys})`
    );
    const [unique, count] = reader.getRowsJS()[0] as [number, number];
    if (owns.get('distinctWithNull') === total.get() && unique === count) return check.judge();
    const combination = (side: 0 | 1): string => keys.map((pair) => pair[side].name).join(', ');
    const message =
      `The selected columns are not comparable due to duplicates present in the dataset. Comparison keys must be unique, ` +
      `but in Dataframe 1, there are ${owns.get('distinctWithNull')} unique records and ${total.get()} rows, ` +
      `and in Dataframe 2, there are ${unique} unique records and ${count} rows, ` +
      `based on the combination of keys {${combination(0)}} in Dataframe 1 and {${combination(1)}} in Dataframe 2`;
    return { passed: false, message, metrics: {} };
  };
  return { ...check, judge };
}

/** `a->x,b` as pairs of names; a pair written twice counts once. */
function mapping(text: string): [string, string][] {
  const entries = text.split(',').map((entry): [string, string] => {
    const [own = '', its = own] = entry.split('->').map((name) => name.trim());
    return [own, its];
  });
  return [...new Map(entries)];
}

function pairs(primary: Dataset, other: Dataset, names: [string, string][], what: string): [Column, Column][] {
  const missing = (dataset: Dataset, side: 0 | 1): string[] =>
    names.map((pair) => pair[side]).filter((name) => findColumn(dataset, name) === undefined);
  for (const [dataset, side, ordinal] of [
    [primary, 0, 'first'],
    [other, 1, 'second'],
  ] as const) {
    const absent = missing(dataset, side);
    if (absent.length > 0)
      throw new RuleError(`The following ${what} were not found in the ${ordinal} dataset: ${absent.join(', ')}`);
  }
  return names.map(([own, its]) => [findColumn(primary, own)!, findColumn(other, its)!]);
}

/** Rule types that compare the primary with another dataset, but for AggregateMatch. */
export const datasetRules: Record<string, Compile> = {
  RowCountMatch: rowCountMatch,
  SchemaMatch: schemaMatch,
  ReferentialIntegrity: referentialIntegrity,
  DatasetMatch: datasetMatch,
};
