import type { SimpleRule } from '../../syntax/ast.js';
import type { Check, Compile, Verdict, Workbench } from '../check.js';
import { columnOf, conditionOf, filterOf, nothing, unmet, within, wrongType } from '../check.js';
import { comparison, settled } from '../comparison-sql.js';
import { complianceCheck } from '../compliance.js';
import type { Limits } from '../numbers.js';
import { holds } from '../numbers.js';

/** ColumnLength: by the shortest and longest text, which skip NULL, or by the share of rows. */
async function columnLength(bench: Workbench, rule: SimpleRule): Promise<Check> {
  const name = rule.parameters[0]!.value;
  const column = columnOf(bench, name);
  const limits = await conditionOf(bench, rule, metricOf(name, rule.condition!.operator));
  if (column.kind !== 'string') return { judge: () => wrongType(name, 'StringType', column) };
  const length = `length(CAST(${column.sql} AS VARCHAR))`;
  const compared = comparison(length, limits.operator, limits.numbers.map(String));
  if (['in', 'not in', 'not between'].includes(limits.operator)) {
    const metric = metricOf(name, limits.operator);
    const predicate = membership(column.sql, compared, limits);
    return complianceCheck(bench, rule, { metric, predicate, analyzer: `Compliance(${name})` });
  }
  const where = await filterOf(bench, rule);
  const ends = endsOf(limits).map(({ end, by }) => ({
    key: `Column.${name}.${end}Length`,
    by,
    cell: bench.scan.add(`${end === 'Minimum' ? 'min' : 'max'}(${length})`, where),
  }));
  const rows = bench.scan.add('count(*)', where);
  const judge = (): Verdict => {
    if (ends[0]!.cell.get() === null) {
      const [first] = endsOf(limits);
      const analyzer = `${first!.end === 'Minimum' ? 'Min' : 'Max'}Length(${name},None,None)`;
      return nothing(rows.get() === 0 ? where : undefined, analyzer);
    }
    const metrics = Object.fromEntries(ends.map(({ key, cell }) => [key, cell.get()!]));
    const failing = ends.filter(({ cell, by }) => !holds(by, cell.get()!));
    const messages = failing.map(({ cell }) => unmet(cell.get()!));
    return { passed: failing.length === 0, ...(failing.length > 0 && { message: messages.join('\n') }), metrics };
  };
  const none = (): boolean => ends.every(({ cell, by }) => cell.get() === null || holds(by, cell.get()!));
  const failing = limits.operator === '!=' ? undefined : (): number | undefined => (none() ? 0 : undefined);
  return { judge, limits, rows: within(where, settled(compared, true)), failing };
}

function metricOf(name: string, operator: string): string {
  if (['in', 'not in', 'not between'].includes(operator)) return `Column.${name}.LengthCompliance`;
  return `Column.${name}.${operator.startsWith('<') ? 'Maximum' : 'Minimum'}Length`;
}

/** Which ends are judged, each by its part of the condition. */
function endsOf(limits: Limits): { end: 'Minimum' | 'Maximum'; by: Limits }[] {
  const { operator, numbers } = limits;
  if (operator.startsWith('>')) return [{ end: 'Minimum', by: limits }];
  if (operator.startsWith('<')) return [{ end: 'Maximum', by: limits }];
  if (operator !== 'between') return (['Minimum', 'Maximum'] as const).map((end) => ({ end, by: limits }));
  return [
    { end: 'Minimum', by: { operator: '>', numbers: [numbers[0]!] } },
    { end: 'Maximum', by: { operator: '<', numbers: [numbers[1]!] } },
  ];
}

/** NULL counts as length 0 for lists that name 0. */
function membership(sql: string, compared: string, { operator, numbers }: Limits): string {
  const isNull = numbers.includes(0) === (operator === 'in');
  return isNull ? `(${sql} IS NULL OR ${compared})` : `(${sql} IS NOT NULL AND ${compared})`;
}

/** ColumnLength. */
export const columnLengthRules: Record<string, Compile> = { ColumnLength: columnLength };
