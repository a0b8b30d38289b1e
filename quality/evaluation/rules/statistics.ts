import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { columnOf, conditionOf, filterOf, judged, nothing, within, wrongType } from '../check.js';
import type { Column } from '../dataset.js';

/** The types that the official engine names when a number is expected. */
export const numeric = 'one of (LongType,IntegerType,DoubleType,DecimalType,ByteType,FloatType,ShortType)';

/** Completeness and IsComplete: the share of rows with a value. */
async function completeness(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.Completeness`;
  const { sql } = columnOf(bench, name);
  const where = await filterOf(bench, rule);
  const limits =
    rule.condition === undefined ? { operator: '=' as const, numbers: [1] } : await conditionOf(bench, rule, metric);
  const complete = bench.scan.add(`count(${sql})`, where);
  const rows = bench.scan.add('count(*)', where);
  const judge = (): Verdict => {
    if (rows.get() === 0) return nothing(where, `Completeness(${name},None,None)`);
    return judged(metric, complete.get()! / rows.get()!, limits);
  };
  const failing = (): number => rows.get()! - complete.get()!;
  return { judge, limits, rows: within(where, `(${sql} IS NOT NULL)`), failing };
}

const aggregates: Record<string, (sql: string) => string> = {
  Mean: (sql) => `avg(${sql})`,
  Sum: (sql) => `sum(${sql})`,
  StandardDeviation: (sql) => `stddev_pop(${sql})`,
  Variance: (sql) => `var_pop(${sql})`,
};

async function aggregate(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.${rule.type}`;
  const column = columnOf(bench, name);
  const where = await filterOf(bench, rule);
  const limits = await conditionOf(bench, rule, metric);
  if (column.kind !== 'number') return { judge: () => wrongType(name, numeric, column) };
  const value = bench.scan.add(aggregateSql(rule.type, column), where);
  const judge = (): Verdict => {
    const number = value.get();
    return number === null ? nothing(where, `${rule.type}(${name},None)`) : judged(metric, number, limits);
  };
  return { judge, limits };
}

/** The aggregate of a rule type such as `Mean` over a numeric column. */
export function aggregateSql(type: string, { sql }: Column): string {
  return aggregates[type]!(sql);
}

async function correlation(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const names = rule.parameters.map(({ value }) => value);
  const metric = `Multicolumn.${names.join()}.ColumnCorrelation`;
  const columns = names.map((name) => columnOf(bench, name));
  const where = await filterOf(bench, rule);
  const limits = await conditionOf(bench, rule, metric);
  const wrong = columns.findIndex(({ kind }) => kind !== 'number');
  if (wrong >= 0) return { judge: () => wrongType(names[wrong]!, numeric, columns[wrong]!) };
  const [a, b] = columns.map(({ sql }) => sql) as [string, string];
  const pairs = bench.scan.add('count(*)', where, `${a} IS NOT NULL AND ${b} IS NOT NULL`);
  const value = bench.scan.add(`corr(${a}, ${b})`, where);
  const judge = (): Verdict => {
    if (pairs.get() === 0) return nothing(where, `Correlation(${names.join()},None)`);
    return judged(metric, value.get() ?? Number.NaN, limits);
  };
  return { judge, limits };
}

/** Rule types on one aggregate of a column, or of two. */
export const statisticsRules: Record<string, Compile> = {
  Completeness: completeness,
  IsComplete: completeness,
  Mean: aggregate,
  Sum: aggregate,
  StandardDeviation: aggregate,
  Variance: aggregate,
  ColumnCorrelation: correlation,
};
