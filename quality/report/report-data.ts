/**
 * What one table's results under one ruleset come to on one day, as the page carries it: a tuple, since there may be
 * thousands. Counts of rules are those of the results, each result once.
 */
export type Cell = readonly [
  /** Index into {@link ReportData.scopes}. */
  scope: number,
  /** Day in UTC on which the results were completed, `YYYY-MM-DD`. */
  day: string,
  results: number,
  /** Results whose score could be read, and the sum of these scores (0 to 1 each). */
  scored: number,
  scoreSum: number,
  passed: number,
  failed: number,
  error: number,
  skipped: number,
  /** Results that tell of their rows; rows they read, rows no rule on rows failed, and those of passed results. */
  counting: number,
  rows: number,
  cleanRows: number,
  clearedRows: number,
  /** For each rule type: index into {@link ReportData.ruleTypes}, rules passed, rules evaluated; flat. */
  byType: readonly number[],
];

/** Where a ruleset was evaluated. */
export interface Scope {
  readonly database: string;
  readonly table: string;
  readonly ruleset: string;
}

/** A rule that did not pass in one result. */
export interface FailingRule {
  /** Index into {@link ReportData.scopes}. */
  readonly scope: number;
  /** When the result was completed: ISO 8601, UTC. */
  readonly completedOn: string;
  readonly name: string;
  readonly rule: string;
  readonly result: 'FAIL' | 'ERROR';
  readonly message: string;
  readonly failedRows?: number;
  /** Keys of some of the failing rows, `column=value` joined by commas: the only row data of the page. */
  readonly sampleKeys: readonly string[];
}

/** Everything the page shows, in bounded size: days or failing rules beyond the bound are left out, which it says. */
export interface ReportData {
  /** ISO 8601, UTC. */
  readonly generatedOn: string;
  readonly scopes: readonly Scope[];
  readonly ruleTypes: readonly string[];
  /** Oldest day first. */
  readonly cells: readonly Cell[];
  /** Newest first. */
  readonly failingRules: readonly FailingRule[];
  readonly leftOut: {
    /** Results of days before {@link ReportData.cells} begin. */
    readonly results: number;
    /** Results that do not say when they were completed. */
    readonly undated: number;
    /** Failing rules older than the {@link ReportData.failingRules}, of the days that are shown. */
    readonly failingRules: number;
  };
}
