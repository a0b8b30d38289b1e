import type { Condition } from './syntax/ast.js';

/** What a rule type takes: one row per name and number of parameters. Source: awslabs/dqdl, rules-config.json. */
export interface RuleType {
  name: string;
  /** What each parameter is, in order. */
  parameters: readonly ParameterKind[];
  /** Whether the last parameter may be repeated. */
  repeatsLast: boolean;
  /** Kinds of condition it takes, in the order of preference; `none` where it may stand without. */
  conditions: readonly (Condition['kind'] | 'none')[];
  /** Whether `where "…"` may follow. */
  where: boolean;
  /** Whether `with threshold …` may follow. */
  threshold: boolean;
  /** Where it may stand. */
  usedAs: 'rule' | 'analyzer' | 'both';
  /** What it looks at. */
  scope: 'table' | 'column' | 'file' | 'dataset';
}

/**
 * What a parameter of a rule type names: a column of the primary dataset; `columns`: several in one string, separated by
 * commas; `alias`: another dataset; `reference`: columns of another dataset; `mapping`: pairs of columns of both;
 * `aggregate`: an expression such as `sum(price)`; `metric`: name of a metric, then its columns.
 */
export type ParameterKind =
  | 'column'
  | 'columns'
  | 'alias'
  | 'reference'
  | 'mapping'
  | 'aggregate'
  | 'metric'
  | 'pattern'
  | 'sql'
  | 'path';

const ofColumn = {
  parameters: ['column'],
  repeatsLast: false,
  conditions: ['number'],
  where: true,
  threshold: false,
  usedAs: 'both',
  scope: 'column',
} as const satisfies Omit<RuleType, 'name'>;

const ofTable = { ...ofColumn, parameters: [], scope: 'table' } as const;
const ofDataset = { ...ofColumn, where: false, scope: 'dataset' } as const;
const ofFile = { ...ofColumn, where: false, scope: 'file' } as const;
const yesOrNo = { conditions: ['none'], usedAs: 'rule' } as const;

/** Every rule type there is. */
export const ruleTypes: readonly RuleType[] = [
  { ...ofTable, name: 'RowCount' },
  { ...ofTable, name: 'ColumnCount', where: false },
  { ...ofTable, name: 'ColumnNamesMatchPattern', parameters: ['pattern'], where: false, ...yesOrNo },
  {
    ...ofTable,
    name: 'CustomSql',
    parameters: ['sql'],
    conditions: ['number', 'none'],
    where: false,
    threshold: true,
  },
  // Not yet in rules-config.json at awslabs/dqdl's HEAD, but in the parser that deequ 2.1.0 runs (dqdl 1.0.6).
  { ...ofTable, name: 'DuplicateRowCount' },
  { ...ofColumn, name: 'DuplicateRowCount', repeatsLast: true },

  { ...ofColumn, name: 'Completeness' },
  { ...ofColumn, name: 'IsComplete', ...yesOrNo },
  { ...ofColumn, name: 'Uniqueness', repeatsLast: true },
  { ...ofColumn, name: 'IsUnique', repeatsLast: true, ...yesOrNo },
  { ...ofColumn, name: 'IsPrimaryKey', repeatsLast: true, ...yesOrNo },
  { ...ofColumn, name: 'UniqueValueRatio' },
  { ...ofColumn, name: 'DistinctValuesCount' },
  { ...ofColumn, name: 'ColumnExists', where: false, ...yesOrNo },
  { ...ofColumn, name: 'ColumnDataType', conditions: ['string'], threshold: true },
  { ...ofColumn, name: 'ColumnLength' },
  { ...ofColumn, name: 'ColumnValues', conditions: ['string', 'number', 'date'], threshold: true },
  { ...ofColumn, name: 'ColumnCorrelation', parameters: ['column', 'column'] },
  { ...ofColumn, name: 'Mean' },
  { ...ofColumn, name: 'Sum' },
  { ...ofColumn, name: 'StandardDeviation' },
  { ...ofColumn, name: 'Variance' },
  { ...ofColumn, name: 'Entropy' },
  { ...ofColumn, name: 'DataFreshness', conditions: ['duration'] },
  { ...ofColumn, name: 'DetectAnomalies', parameters: ['metric'], repeatsLast: true, where: false, ...yesOrNo },
  { ...ofColumn, name: 'AllStatistics', where: false, usedAs: 'analyzer' },

  { ...ofDataset, name: 'RowCountMatch', parameters: ['alias'] },
  { ...ofDataset, name: 'SchemaMatch', parameters: ['alias'] },
  { ...ofDataset, name: 'ReferentialIntegrity', parameters: ['columns', 'reference'] },
  { ...ofDataset, name: 'DatasetMatch', parameters: ['alias', 'mapping'] },
  { ...ofDataset, name: 'DatasetMatch', parameters: ['alias', 'mapping', 'mapping'] },
  { ...ofDataset, name: 'AggregateMatch', parameters: ['aggregate', 'aggregate'] },

  { ...ofFile, name: 'FileFreshness', parameters: [], conditions: ['date'], threshold: true },
  { ...ofFile, name: 'FileFreshness', parameters: ['path'], conditions: ['date'], threshold: true },
  { ...ofFile, name: 'FileMatch', parameters: [], conditions: ['string'] },
  { ...ofFile, name: 'FileMatch', parameters: ['path'], conditions: ['string'] },
  { ...ofFile, name: 'FileMatch', parameters: ['path', 'path'], ...yesOrNo },
  { ...ofFile, name: 'FileUniqueness', parameters: [] },
  { ...ofFile, name: 'FileUniqueness', parameters: ['path'] },
  { ...ofFile, name: 'FileSize', parameters: [], conditions: ['size'], threshold: true },
  { ...ofFile, name: 'FileSize', parameters: ['path'], conditions: ['size'], threshold: true },
];

const byName = new Map<string, RuleType[]>();
for (const type of ruleTypes) byName.set(type.name, [...(byName.get(type.name) ?? []), type]);

/** Names of all rule types, each once. */
export const ruleTypeNames: readonly string[] = [...byName.keys()];

/** The forms of a rule type, which differ in their parameters; none for an unknown name. Letter case counts. */
export function formsOf(name: string): readonly RuleType[] {
  return byName.get(name) ?? [];
}

/** The form of a rule type that takes this number of parameters. */
export function ruleTypeOf(name: string, parameterCount: number): RuleType | undefined {
  return formsOf(name).find(({ parameters, repeatsLast }) =>
    repeatsLast ? parameterCount >= parameters.length : parameterCount === parameters.length
  );
}
