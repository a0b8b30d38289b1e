/** A column with Hive's type, as the Glue catalog spells it. */
export interface CatalogColumn {
  readonly name: string;
  readonly type: string;
}

/** A view of Athena over the kept results. */
export interface ResultView {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly CatalogColumn[];
}

/** Name of the table over the kept results, as the crawler of AWS's write-up names it. */
export const resultTableName = 'dq_gluedataqualitylogs';

/** Fields of a ResultDocument that are texts, in its spelling; the catalog knows them in lower case. */
const fields = [
  'ruleset_name',
  'databaseName',
  'tableName',
  'runId',
  'resultId',
  'state',
  'score',
  'numRulesSucceeded',
  'numRulesFailed',
  'numRulesSkipped',
  'startedOn',
  'completedOn',
  'totalRows',
  'passedRows',
  'engine',
] as const;

const rule = 'struct<name:string,result:string,description:string,evaluationmessage:string,failedrows:bigint>';

/** Columns of the table, without its partitions. */
export const resultColumns: readonly CatalogColumn[] = [
  ...fields.map((name) => ({ name: name.toLowerCase(), type: 'string' })),
  { name: 'resultrun', type: `array<${rule}>` },
];

/** What the OpenX SerDe is told of the fields, as crawlers write it. */
export const resultPaths = [...fields, 'resultrun'].sort().join(',');

/** Partitions of the table; their values stand in the keys of the results. */
export const resultPartitions: readonly CatalogColumn[] = ['year', 'month', 'day'].map((name) => ({
  name,
  type: 'string',
}));

/** Columns that both views have: expression over the table `r`, Hive's type. */
const shared: readonly (readonly [name: string, type: string, sql?: string])[] = [
  ['databasename', 'string'],
  ['tablename', 'string'],
  ['ruleset_name', 'string'],
  ['runid', 'string'],
  ['resultid', 'string'],
  ['state', 'string'],
  ['numrulessucceeded', 'bigint', 'CAST(r.numrulessucceeded AS bigint)'],
  ['numrulesfailed', 'bigint', 'CAST(r.numrulesfailed AS bigint)'],
  ['numrulesskipped', 'bigint', 'CAST(r.numrulesskipped AS bigint)'],
  ['score', 'double', 'CAST(r.score AS double)'],
  ['totalrows', 'bigint', 'CAST(r.totalrows AS bigint)'],
  ['passedrows', 'bigint', 'CAST(r.passedrows AS bigint)'],
  ['engine', 'string'],
  ['startedon', 'string'],
  ['completedon', 'string'],
  ['year', 'string'],
  ['month', 'string'],
  ['day', 'string'],
];

const ofRule = (field: string): string => `element_at(r.resultrun, t.n).${field}`;

const unnested: typeof shared = [
  ['rule', 'string', ofRule('name')],
  ['result', 'string', ofRule('result')],
  ['description', 'string', ofRule('description')],
  ['evaluationmessage', 'string', ofRule('evaluationmessage')],
  ['failedrows', 'bigint', ofRule('failedrows')],
];

function view(name: string, columns: typeof shared, from: string): ResultView {
  const list = columns.map(([column, , sql = `r.${column}`]) => `  ${sql} AS ${column}`).join(',\n');
  return { name, sql: `SELECT\n${list}\n${from}`, columns: columns.map(([column, type]) => ({ name: column, type })) };
}

/**
 * The views over the table in a database of the catalog, in Athena's SQL:
 * `data_quality_result_view` has a row for each rule of a result, so the counts of a result stand there as often as it
 * has rules; `data_quality_result_totals_view` has each result once, for sums. Rows are numbered rather than unnested as
 * rows: versions of Athena differ in whether a row that is unnested is one column or several.
 */
export function resultViews(database: string): readonly ResultView[] {
  const table = `"${database}"."${resultTableName}" r`;
  const numbers = 'UNNEST(sequence(1, greatest(cardinality(r.resultrun), 1))) AS t (n)';
  return [
    view(
      'data_quality_result_view',
      [...shared, ...unnested],
      `FROM ${table}\nCROSS JOIN ${numbers}\nWHERE cardinality(r.resultrun) > 0`
    ),
    view('data_quality_result_totals_view', shared, `FROM ${table}`),
  ];
}
