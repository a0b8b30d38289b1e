import type { DuckDBConnection } from '@duckdb/node-api';
import type { Rule, Ruleset } from '../syntax/ast.js';
import { formatAnalyzer, formatRule } from '../syntax/format.js';
import { expectedBand, isOutside } from './anomaly.js';
import type { Workbench } from './check.js';
import type { Dataset } from './dataset.js';
import { describeDataset } from './dataset.js';
import type { FailingRows, FailingRowsOptions } from './failing-rows.js';
import { failingRows, keyColumns, rowsFailingAny } from './failing-rows.js';
import type { MetricHistory } from './history.js';
import { measuringRules } from './measuring.js';
import { isDynamic } from './numbers.js';
import type { Outcome } from './outcome.js';
import type { CompositeMethod, PreparedRule } from './prepared-rule.js';
import { prepareRule, prepareSimple } from './prepared-rule.js';
import type { Quarantine } from './quarantine.js';
import { quarantine } from './quarantine.js';
import { SharedGroups } from './shared-groups.js';
import { SharedScan } from './shared-scan.js';

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
  totals: {
    rules: Record<'passed' | 'failed' | 'error', number>;
    rows?: Record<'processed' | 'passed' | 'failed', number>;
  };
  quarantine?: Quarantine;
}

/**
 * Evaluates a ruleset on tables of a DuckDB connection, reading each as seldom as the rules allow. A rule that cannot
 * be evaluated is ERROR, with a message, and the others go on. The tables stay as they are, and SQL within the ruleset
 * can read nothing but them.
 *
 * @throws Error when the primary, a table behind an alias, or a key column does not exist.
 */
export async function evaluate(input: EvaluationInput): Promise<EvaluationResult> {
  const bench = await workbench(input);
  keyColumns(bench.bench.primary, input.failingRows?.keys);
  const rules: PreparedRule[] = [];
  for (const rule of input.ruleset.rules)
    rules.push(await prepareRule(bench.bench, rule, input.compositeMethod ?? 'COLUMN'));
  const analyzers: PreparedRule[][] = [];
  for (const analyzer of input.ruleset.analyzers) {
    const parts: PreparedRule[] = [];
    for (const rule of measuringRules(analyzer, bench.bench.primary))
      parts.push(await prepareSimple(bench.bench, rule));
    analyzers.push(parts);
  }
  await bench.run();
  const results: RuleResult[] = [];
  for (const [index, rule] of rules.entries()) results.push(await resultOf(input, bench.bench, rule, index));
  const gathered: AnalyzerResult[] = [];
  for (const [index, parts] of analyzers.entries()) {
    const analyzer = formatAnalyzer(input.ruleset.analyzers[index]!);
    gathered.push({ name: `Analyzer_${index + 1}`, analyzer, ...(await measured(parts)) });
  }
  const count = (wanted: string): number => results.filter(({ result }) => result === wanted).length;
  const passed = count('PASS');
  const named = rules
    .flatMap(({ rows }, index) => (rows === undefined ? [] : [{ name: results[index]!.name, rows }]))
    .filter(({ name }) => results.find((result) => result.name === name)!.result !== 'ERROR');
  const rows =
    input.failingRows &&
    (await rowTotals(
      bench.bench,
      named.map((one) => one.rows)
    ));
  return {
    score: results.length === 0 ? 1 : passed / results.length,
    rules: results,
    analyzers: gathered,
    observations: await observations(bench.bench, gathered),
    totals: { rules: { passed, failed: count('FAIL'), error: count('ERROR') }, ...(rows && { rows }) },
    ...(input.quarantine && {
      quarantine: await quarantine(input.connection, bench.bench.primary, named, input.quarantine.folder),
    }),
  };
}

async function workbench(input: EvaluationInput): Promise<{ bench: Workbench; run(): Promise<void> }> {
  const { connection } = input;
  const primary = await describeDataset(connection, input.primary);
  const aliases = new Map<string, Dataset>();
  for (const [alias, table] of Object.entries(input.aliases ?? {})) {
    aliases.set(alias.toLowerCase(), await describeDataset(connection, table));
  }
  const scan = new SharedScan(connection, primary);
  const groups = new SharedGroups(connection, primary);
  const others = new Map<Dataset, SharedScan>();
  const scanOf = (dataset: Dataset): SharedScan => {
    if (dataset === primary) return scan;
    const shared = others.get(dataset) ?? new SharedScan(connection, dataset);
    others.set(dataset, shared);
    return shared;
  };
  const now = input.now ?? new Date();
  const bench = { connection, primary, aliases, now, scan, groups, scanOf, history: input.history };
  const run = async (): Promise<void> => {
    await scan.run();
    await groups.run();
    for (const other of others.values()) await other.run();
  };
  return { bench, run };
}

async function resultOf(
  input: EvaluationInput,
  bench: Workbench,
  prepared: PreparedRule,
  index: number
): Promise<RuleResult> {
  const { rule, rows } = prepared;
  const outcome = await prepared.outcome();
  const result: RuleResult = {
    name: `Rule_${index + 1}`,
    rule: formatRule(rule, input.ruleset.defaultLabels),
    ...outcome,
    labels: rule.labels,
  };
  const evaluated = evaluatedRule(prepared);
  if (evaluated !== undefined) result.evaluatedRule = formatRule(evaluated);
  if (input.failingRows === undefined || rows === undefined || outcome.result === 'ERROR') return result;
  return { ...result, failingRows: await failingRows(bench.connection, bench.primary, rows, input.failingRows) };
}

function evaluatedRule({ rule, limits }: PreparedRule): Rule | undefined {
  if (rule.kind !== 'rule' || rule.condition?.kind !== 'number' || limits === undefined) return undefined;
  if (!rule.condition.operands.some(isDynamic)) return undefined;
  const operands = limits.numbers.map((value) => ({ kind: 'literal' as const, text: String(value), value }));
  return { ...rule, condition: { ...rule.condition, operands } };
}

async function measured(parts: readonly PreparedRule[]): Promise<Pick<AnalyzerResult, 'message' | 'metrics'>> {
  const metrics: Record<string, number> = {};
  const messages: string[] = [];
  for (const part of parts) {
    const outcome = await part.outcome();
    Object.assign(metrics, outcome.metrics);
    if (outcome.result === 'ERROR' && outcome.message !== undefined) messages.push(outcome.message);
  }
  return { ...(messages.length > 0 && { message: [...new Set(messages)].join('\n') }), metrics };
}

async function observations(bench: Workbench, analyzers: readonly AnalyzerResult[]): Promise<Observation[]> {
  const found = new Map<string, Observation>();
  for (const [metric, actual] of analyzers.flatMap(({ metrics }) => Object.entries(metrics))) {
    const band = expectedBand((await bench.history?.values(metric)) ?? []);
    if (band !== undefined && isOutside(band, actual)) found.set(metric, { metric, actual, ...band });
  }
  return [...found.values()];
}

async function rowTotals(
  bench: Workbench,
  predicates: string[]
): Promise<Record<'processed' | 'passed' | 'failed', number>> {
  const count = await bench.connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${bench.primary.sql}`);
  const processed = count.getRowsJS()[0]![0] as number;
  const failed = await rowsFailingAny(bench.connection, bench.primary, predicates);
  return { processed, passed: processed - failed, failed };
}
