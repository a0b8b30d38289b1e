import type { ReportPlan } from '../model/plan.js';
import { table } from './output/table.js';
import type { Cell } from './output/table.js';
import type { QueryResult, ResultValue } from './warehouse-query.js';

/** A line of a report: one value per name of `by`, and the growth in percent. */
export type GrowthRow = Readonly<Record<string, ResultValue>> & { readonly growth: number };

/** Period, such as `2004-Q4` → its lines, in the order of the report. */
export type GrowthReport = Readonly<Record<string, readonly GrowthRow[]>>;

/** Columns of periods that a terminal has room for. */
const shownPeriods = 6;

/**
 * Runs a report of the model and groups its lines by period.
 * @throws Error when the warehouse's answer lacks one of the columns that {@link ReportPlan} promises.
 */
export async function runReport(
  report: ReportPlan,
  query: (sql: string) => Promise<QueryResult>
): Promise<GrowthReport> {
  const result = await query(report.sql);
  const position = (name: string): number => {
    const index = result.columns.findIndex((column) => column.name === name);
    if (index === -1) throw new Error(`Report ${report.name} has no column ${name}.`);
    return index;
  };
  const period = position('period');
  const growth = position('growth');
  const by = report.by.map((name) => [name, position(name)] as const);
  const periods: Record<string, GrowthRow[]> = {};
  for (const row of result.rows) {
    const lines = (periods[String(row[period])] ??= []);
    const value = row[growth] ?? null;
    if (value === null) continue; // a period in which nothing can be compared
    lines.push({
      ...Object.fromEntries(by.map(([name, index]) => [name, row[index] ?? null])),
      growth: Number(value),
    });
  }
  return periods;
}

/** The latest periods side by side, a line per combination of `by`; says how many older ones are left out. */
export function drawReport(report: ReportPlan, growth: GrowthReport): string {
  const all = Object.keys(growth).sort();
  if (all.length === 0) return `${report.title}: no period has one to compare it with.`;
  const periods = all.slice(-shownPeriods);
  const lines = new Map<string, { readonly by: Cell[]; readonly growth: Map<string, number> }>();
  for (const period of periods) {
    for (const row of growth[period] ?? []) {
      const by = report.by.map((name) => row[name]);
      const key = JSON.stringify(by);
      const line = lines.get(key) ?? { by, growth: new Map<string, number>() };
      lines.set(key, line);
      line.growth.set(period, row.growth);
    }
  }
  const sorted = [...lines.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  const rows = sorted.map((line) => [...line.by, ...periods.map((period) => percent(line.growth.get(period)))]);
  const left = all.length - periods.length;
  const note = left > 0 ? `\n${left} earlier ${left === 1 ? 'period is' : 'periods are'} in the --json document.` : '';
  return `${report.title}, in percent\n${table([...report.by, ...periods], rows)}${note}`;
}

function percent(value: number | undefined): Cell {
  return typeof value === 'number' ? value.toFixed(1) : '';
}
