import type { DuckDBConnection } from '@duckdb/node-api';
import type { Ruleset } from '../syntax/ast.js';
import type { FailingRows, FailingRowsOptions, RowTotals } from './failing-rows.js';
import type { MetricHistory } from './history.js';
import type { Outcome } from './outcome.js';
import type { CompositeMethod } from './prepared-rule.js';
import type { Quarantine } from './quarantine.js';

/** What `evaluate` works on. */
export interface EvaluationInput {
  ruleset: Ruleset;
  connection: DuckDBConnection;
  /** Name of the table or view the rules are about. */
  primary: string;
  /** Names of the tables or views that rules call by an alias, such as `reference` or `database.table`. */
  aliases?: Record<string, string>;
  /** Past values of the metrics, for dynamic rules and DetectAnomalies. */
  history?: MetricHistory;
  /** COLUMN unless told. */
  compositeMethod?: CompositeMethod;
  /** The moment that `now()` means; the present unless told. */
  now?: Date;
  /** Asks for the count, and a sample of keys, of the rows that fail each rule on rows. */
  failingRows?: FailingRowsOptions;
  /** A folder for `good.parquet` and `bad.parquet`. */
  quarantine?: { folder: string };
}

/** The result of one rule. */
export interface RuleResult extends Outcome {
  /** `Rule_1` for the first. */
  name: string;
  /** The rule's canonical text. */
  rule: string;
  labels: Record<string, string>;
  /** The rule with the numbers that a dynamic condition came to. */
  evaluatedRule?: string;
  /** For rules on rows, when asked for. */
  failingRows?: FailingRows;
}

/** The metrics one analyzer gathered. */
export interface AnalyzerResult {
  /** `Analyzer_1` for the first. */
  name: string;
  analyzer: string;
  /** Why some of its metrics are missing. */
  message?: string;
  metrics: Record<string, number>;
}

/** A metric of an analyzer that lies outside what its past predicts. */
export interface Observation {
  metric: string;
  actual: number;
  expected: number;
  lower: number;
  upper: number;
}

/** What `evaluate` answers. */
export interface EvaluationResult {
  /** Rules passed over rules evaluated, 0 to 1; 1 without rules. A rule in ERROR has not passed. */
  score: number;
  rules: RuleResult[];
  analyzers: AnalyzerResult[];
  observations: Observation[];
  /** Rows are counted when failing rows are asked for; a row passes that fails no rule on rows. */
  totals: { rules: Record<'passed' | 'failed' | 'error', number>; rows?: RowTotals };
  quarantine?: Quarantine;
}
