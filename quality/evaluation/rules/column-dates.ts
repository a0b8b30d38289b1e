import type { DateCondition, DateOperand, Duration, SimpleRule } from '../../syntax/ast.js';
import type { Check, Workbench } from '../check.js';
import { comparison } from '../comparison-sql.js';
import { complianceCheck } from '../compliance.js';
import type { Column } from '../dataset.js';
import { RuleError } from '../errors.js';
import { literal } from '../identifiers.js';
import { dateSql, timestampSql } from '../moment-sql.js';
import { timeToday } from '../time-zones.js';

/**
 * ColumnValues with a condition on dates: compared by day, or by moment where the column has times and an operand is
 * `now()` or a time of day.
 */
export async function columnDates(
  bench: Workbench,
  rule: SimpleRule,
  column: Column,
  condition: DateCondition
): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const operands = condition.operands.filter(({ kind }) => kind !== 'null');
  const byMoment = column.kind === 'timestamp' && operands.some(({ kind }) => kind !== 'date');
  const values = operands.map((operand) => momentSql(operand, bench.now, byMoment));
  const tested = operands.length === 0 ? column.sql : byMoment ? timestampSql(column) : dateSql(column);
  return complianceCheck(bench, rule, {
    metric: `Column.${name}.ColumnValues.Compliance`,
    predicate: membership(column, condition, tested, values),
    analyzer: `Compliance(${name})`,
  });
}

function membership({ sql }: Column, condition: DateCondition, tested: string, values: string[]): string {
  const { operator } = condition;
  const negative = ['!=', 'not in', 'not between'].includes(operator);
  const withNull = values.length < condition.operands.length;
  if (values.length === 0) return `(${sql} IS ${negative ? 'NOT ' : ''}NULL)`;
  const compared = comparison(tested, operator, values);
  if (negative) return withNull ? `(${sql} IS NOT NULL AND ${compared})` : `(${sql} IS NULL OR ${compared})`;
  return withNull ? `(${sql} IS NULL OR ${compared})` : `(${sql} IS NOT NULL AND ${compared})`;
}

function momentSql(operand: DateOperand, now: Date, byMoment: boolean): string {
  const iso = momentOf(operand, now).toISOString();
  return byMoment ? `TIMESTAMP ${literal(iso.slice(0, 19).replace('T', ' '))}` : `DATE ${literal(iso.slice(0, 10))}`;
}

function momentOf(operand: DateOperand, now: Date): Date {
  if (operand.kind === 'date') return calendarDay(operand.date);
  if (operand.kind === 'time') return timeToday(now, operand.hour, operand.minute, operand.timeZone);
  const minute = Math.floor(now.getTime() / 60_000) * 60_000;
  if (operand.kind === 'null' || operand.offset === undefined) return new Date(minute);
  const { sign, duration } = operand.offset;
  return new Date(minute + (sign === '-' ? -1 : 1) * minutes(duration) * 60_000);
}

function calendarDay(date: string): Date {
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) {
    throw new RuleError(`Invalid date operand in ColumnValues rule: ${date} is no day of the calendar`);
  }
  return day;
}

/** A duration in minutes. */
export function minutes({ amount, unit }: Duration): number {
  return amount * { days: 1440, hours: 60, minutes: 1 }[unit];
}
