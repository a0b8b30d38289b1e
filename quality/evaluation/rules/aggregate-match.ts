import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { aliasOf, conditionOf, judged, unmet } from '../check.js';
import { findColumn } from '../dataset.js';
import { RuleError } from '../errors.js';
import type { Cell } from '../shared-scan.js';

/** AggregateMatch: sum or average of a column over that of another dataset's. */
async function aggregateMatch(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const [first, second] = rule.parameters.map(({ value }) => aggregateOf(bench, value)) as [Aggregate, Aggregate];
  const names = first.column === second.column ? first.column : `${first.column},${second.column}`;
  const metric = `Column.${names}.AggregateMatch`;
  const limits = await conditionOf(bench, rule, metric);
  const judge = (): Verdict => {
    // Without values the official engine reads 0.
    const [a, b] = [first.cell.get() ?? 0, second.cell.get() ?? 0];
    const ratio = b === 0 ? (a === 0 ? 1 : 0) : a / b;
    return judged(metric, ratio, limits, unmet(ratio, '.'));
  };
  return { judge, limits };
}

interface Aggregate {
  column: string;
  cell: Cell;
}

/** `sum(c)`, `avg(alias.c)`; everything before the last point is the alias. */
function aggregateOf(bench: Workbench, expression: string): Aggregate {
  const parts = /^(sum|avg|SUM|AVG)\((.*)\)$/s.exec(expression.trim());
  if (parts === null) throw new RuleError(`AggregateMatch supports sum(column) and avg(column), not ${expression}`);
  const [, operation, path] = parts as unknown as [string, string, string];
  const bare = path.replaceAll('"', '').trim();
  const whole = findColumn(bench.primary, bare);
  const point = whole === undefined ? bare.lastIndexOf('.') : -1;
  const dataset = point < 0 ? bench.primary : aliasOf(bench, bare.slice(0, point));
  const name = bare.slice(point + 1);
  const column = findColumn(dataset, name);
  if (column === undefined) throw new RuleError(`Input data does not include column ${name}!`);
  if (column.kind !== 'number' && column.kind !== 'string') {
    throw new RuleError(`Column ${name} of type ${column.type} has no ${operation.toLowerCase()}`);
  }
  const number = column.kind === 'string' ? `TRY_CAST(${column.sql} AS DOUBLE)` : column.sql;
  const scan = dataset === bench.primary ? bench.scan : bench.scanOf(dataset);
  // Compensated sums: the average of rows that were loaded four times equals that of the rows.
  const compensated = column.kind === 'string' || /^(DOUBLE|FLOAT)$/.test(column.type) ? 'f' : '';
  return { column: name, cell: scan.add(`${compensated}${operation.toLowerCase()}(${number})`) };
}

/** AggregateMatch. */
export const aggregateMatchRules: Record<string, Compile> = { AggregateMatch: aggregateMatch };
