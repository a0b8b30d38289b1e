import type { NumericCondition, SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { columnOf, filterOf, nothing, unmet, within, wrongType } from '../check.js';
import { comparison, settled } from '../comparison-sql.js';
import { complianceCheck } from '../compliance.js';
import type { Column } from '../dataset.js';
import { double } from '../identifiers.js';
import type { Limits } from '../numbers.js';
import { holds, isDynamic, limitsOf } from '../numbers.js';
import { columnDates } from './column-dates.js';
import { columnTexts } from './column-texts.js';
import { numeric } from './statistics.js';

const columnValues: Compile = (bench, rule) => {
  const name = rule.parameters[0]!.value;
  const column = columnOf(bench, name);
  if (rule.condition?.kind === 'string') return columnTexts(bench, rule, column, rule.condition);
  if (rule.condition?.kind === 'date') return columnDates(bench, rule, column, rule.condition);
  return columnNumbers(bench, rule, column, rule.condition as NumericCondition);
};

async function columnNumbers(
  bench: Workbench,
  rule: SimpleRule,
  column: Column,
  condition: NumericCondition
): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const metric = `Column.${name}.ColumnValues.Compliance`;
  const { operator } = condition;
  const operands = condition.operands.filter(({ kind }) => kind !== 'null');
  const withNull = operands.length < condition.operands.length;
  const past = operands.some(isDynamic) ? ((await bench.history?.values(pastMetric(name, operator))) ?? []) : [];
  const limits = limitsOf({ ...condition, operands }, past);
  const analyzer = `Compliance(${name})`;

  if (withNull || ['!=', 'in', 'not in', 'not between'].includes(operator)) {
    if (operands.length > 0 && !isNumberLike(column)) return { judge: () => wrongType(name, numeric, column) };
    const predicate = membership(column, limits, withNull);
    return complianceCheck(bench, rule, { metric, predicate, analyzer });
  }
  const isText = column.kind === 'string' && operator === 'between';
  if (column.kind !== 'number' && !isText) return { judge: () => wrongType(name, numeric, column) };
  const predicate = settled(comparison(number(column), operator, limits.numbers.map(double)));
  if (rule.threshold !== undefined) return complianceCheck(bench, rule, { metric, predicate, analyzer });
  const where = await filterOf(bench, rule);
  const judging =
    operator === 'between'
      ? betweenJudge(bench, column, limits, where)
      : boundsJudge(bench, name, column, limits, where);
  return { ...judging, limits, rows: within(where, predicate) };
}

/** The metric whose past a dynamic condition reads. */
function pastMetric(name: string, operator: string): string {
  if (operator === '>' || operator === '>=') return `Column.${name}.Minimum`;
  if (operator === '<' || operator === '<=') return `Column.${name}.Maximum`;
  return `Column.${name}.ColumnValues.Compliance`;
}

function isNumberLike({ kind }: Column): boolean {
  return kind === 'number' || kind === 'string';
}

/** The column as a number; text that is none becomes NULL, as in Spark. */
function number({ kind, sql }: Column): string {
  return kind === 'string' ? `TRY_CAST(${sql} AS DOUBLE)` : sql;
}

/** `=` and `!=` NULL, `!=`, `in`, `not in` and `not between`, each with what it says of NULL rows. */
function membership(column: Column, { operator, numbers }: Limits, withNull: boolean): string {
  const { sql } = column;
  const negative = operator === '!=' || operator === 'not in';
  if (numbers.length === 0) return `(${sql} IS ${negative ? 'NOT ' : ''}NULL)`;
  const compared = comparison(number(column), operator, numbers.map(double));
  if (operator === 'not between') return `(${sql} IS NOT NULL AND ${compared})`;
  if (negative) return withNull ? `(${sql} IS NOT NULL AND ${compared})` : `(${sql} IS NULL OR ${compared})`;
  return withNull ? `(${sql} IS NULL OR ${compared})` : `(${sql} IS NOT NULL AND ${compared})`;
}

const nullUnmet = unmet('NULL');

/** `>`, `>=`, `<`, `<=` and `=` by the column's minimum and maximum; NULL rows fail. */
function boundsJudge(
  bench: Workbench,
  name: string,
  { sql }: Column,
  limits: Limits,
  where: string | undefined
): Pick<Check, 'judge' | 'failing'> {
  const bounds =
    limits.operator === '=' ? ['Minimum', 'Maximum'] : limits.operator.startsWith('>') ? ['Minimum'] : ['Maximum'];
  const cells = bounds.map((bound) => bench.scan.add(`${bound === 'Minimum' ? 'min' : 'max'}(${sql})`, where));
  const rows = bench.scan.add('count(*)', where);
  const present = bench.scan.add(`count(${sql})`, where);
  // Every value lies between the ends, so that all hold where both ends of `=`, or the one that is judged, do.
  const failing = (): number | undefined =>
    present.get() === rows.get() && cells.every((cell) => cell.get() === null || holds(limits, cell.get()!))
      ? 0
      : undefined;
  const judge = (): Verdict => {
    if (present.get() === 0) {
      const verdict = nothing(rows.get() === 0 ? where : undefined, `${bounds[0]}(${name},None,None)`);
      return rows.get() === 0 || verdict.passed ? verdict : { ...verdict, message: `${verdict.message}\n${nullUnmet}` };
    }
    const metrics = Object.fromEntries(bounds.map((bound, index) => [`Column.${name}.${bound}`, cells[index]!.get()!]));
    const failing = cells.map((cell) => cell.get()!).filter((value) => !holds(limits, value));
    const messages = [...failing.map((value) => unmet(value)), ...(present.get()! < rows.get()! ? [nullUnmet] : [])];
    return { passed: messages.length === 0, ...(messages.length > 0 && { message: messages.join('\n') }), metrics };
  };
  return { judge, failing };
}

/** `between`: the official engine reports no metric, and counts NULL rows apart from the others. */
function betweenJudge(
  bench: Workbench,
  column: Column,
  limits: Limits,
  where: string | undefined
): Pick<Check, 'judge' | 'failing'> {
  const inside = comparison(number(column), 'between', limits.numbers.map(double));
  const rows = bench.scan.add('count(*)', where);
  const present = bench.scan.add(`count(${column.sql})`, where);
  const complying = bench.scan.add('count(*)', where, `(${column.sql} IS NULL OR ${inside})`);
  // Text that is no number neither complies nor is NULL, so that only rows that all comply tell.
  const failing = (): number | undefined =>
    present.get() === rows.get() && complying.get() === rows.get() ? 0 : undefined;
  const judge = (): Verdict => {
    if (rows.get() === 0) return nothing(where, `Compliance(${column.name})`);
    const share = complying.get()! / rows.get()!;
    const messages = [...(share === 1 ? [] : [unmet(share)]), ...(present.get()! < rows.get()! ? [nullUnmet] : [])];
    return { passed: messages.length === 0, ...(messages.length > 0 && { message: messages.join('\n') }), metrics: {} };
  };
  return { judge, failing };
}

/** ColumnValues, by the kind of its condition. */
export const columnValuesRules: Record<string, Compile> = { ColumnValues: columnValues };
