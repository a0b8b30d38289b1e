import type { Analyzer, NumericCondition, Parameter, Position, SimpleRule } from '../syntax/ast.js';
import type { Dataset } from './dataset.js';

/**
 * A rule that only measures: its condition is of no interest. For ColumnValues and ColumnLength `=` reports both ends.
 */
export function measuringRule(type: string, parameters: Parameter[], at: Position): SimpleRule {
  const operands: NumericCondition['operands'] = [{ kind: 'literal', text: '0', value: 0 }];
  const condition: NumericCondition = { kind: 'number', operator: '=', operands };
  return { kind: 'rule', type, parameters, condition, tags: [], labels: {}, ownLabels: [], labelsOnGroup: false, at };
}

/** The rules that measure what an analyzer asks for; AllStatistics of `AllColumns` is that of each column. */
export function measuringRules({ type, parameters, at }: Analyzer, primary: Dataset): SimpleRule[] {
  if (type !== 'AllStatistics') return [measuringRule(type, parameters, at)];
  const [asked] = parameters;
  const names = asked!.value === 'AllColumns' ? primary.columns.map(({ name }) => name) : [asked!.value];
  const ofTable = ['RowCount', 'ColumnCount'].map((name) => measuringRule(name, [], at));
  return [...ofTable, ...names.flatMap((name) => statisticsOf(name, primary, at))];
}

const always = ['Completeness', 'Uniqueness', 'DistinctValuesCount', 'UniqueValueRatio', 'Entropy'];
const ofNumbers = ['ColumnValues', 'Mean', 'Sum', 'StandardDeviation'];

function statisticsOf(name: string, { columns }: Dataset, at: Position): SimpleRule[] {
  const kind = columns.find((column) => column.name === name)?.kind;
  const more = kind === 'number' ? ofNumbers : kind === 'string' ? ['ColumnLength'] : [];
  const parameter: Parameter = { value: name, raw: name, form: 'quoted', at };
  return [...always, ...more].map((type) => measuringRule(type, [parameter], at));
}
