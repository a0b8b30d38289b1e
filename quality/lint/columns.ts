import { suggestion } from '../near-name.js';
import { ruleTypeOf } from '../rule-types.js';
import type { ParameterKind } from '../rule-types.js';
import type { Analyzer, Parameter, Ruleset, SimpleRule } from '../syntax/ast.js';
import { simpleRules } from '../syntax/walk.js';
import type { Finding } from './finding.js';

/** Columns that rules and analyzers name and the primary dataset does not have; letter case does not count. */
export function columnFindings(ruleset: Ruleset, columns: readonly string[]): Finding[] {
  const known = new Set(columns.map((column) => column.toLowerCase()));
  const checks = [...ruleset.rules.flatMap(simpleRules), ...ruleset.analyzers];
  return checks.flatMap((check) =>
    namedColumns(check)
      .filter(({ column }) => !known.has(column.toLowerCase()))
      .map(({ column, at }) => ({
        // That a column is missing may be just what this rule is to find out.
        severity: check.type === 'ColumnExists' ? ('warning' as const) : ('error' as const),
        line: at.line,
        column: at.column,
        message: `there is no column "${column}"${suggestion(column, columns)}`,
      }))
  );
}

interface NamedColumn {
  column: string;
  at: Parameter['at'];
}

function namedColumns({ type, parameters }: SimpleRule | Analyzer): NamedColumn[] {
  if (type === 'AllStatistics' && parameters[0]?.value === 'AllColumns') return [];
  const kinds: readonly ParameterKind[] = ruleTypeOf(type, parameters.length)?.parameters ?? [];
  return parameters.flatMap(({ value, at }, index) => {
    const kind = kinds[index] ?? kinds.at(-1)!;
    return columnsIn(kind, value, index).map((column) => ({ column, at }));
  });
}

/** Columns of the primary dataset in a parameter. */
function columnsIn(kind: ParameterKind, value: string, index: number): string[] {
  switch (kind) {
    case 'column':
      return [value];
    case 'columns':
      return value.split(',').map((column) => column.trim());
    case 'mapping':
      return value.split(',').map((pair) => pair.split('->')[0]!.trim());
    case 'aggregate': {
      const column = value.slice(value.indexOf('(') + 1, Math.max(0, value.lastIndexOf(')'))).trim();
      return index === 0 && column !== '' && column !== '*' ? [column] : [];
    }
    case 'metric':
      return index === 0 ? [] : [value];
    default:
      return [];
  }
}
