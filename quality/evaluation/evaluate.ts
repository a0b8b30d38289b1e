import type { Rule } from '../syntax/ast.js';
import { formatRule } from '../syntax/format.js';
import type { PreparedAnalyzer } from './analyze.js';
import { analyzed, observations, prepareAnalyzer } from './analyze.js';
import type { Workbench } from './check.js';
import type { Dataset } from './dataset.js';
import { describeDataset } from './dataset.js';
import type { AnalyzerResult, EvaluationInput, EvaluationResult, RuleResult } from './evaluation.js';
import { failingRows, keyColumns } from './failing-rows.js';
import { isDynamic } from './numbers.js';
import type { PreparedRule } from './prepared-rule.js';
import { prepareRule } from './prepared-rule.js';
import type { RowRule } from './quarantine.js';
import { quarantine } from './quarantine.js';
import { SharedGroups } from './shared-groups.js';
import { SharedScan } from './shared-scan.js';

/**
 * Evaluates a ruleset on tables of a DuckDB connection, reading each as seldom as the rules allow. A rule that cannot
 * be evaluated is ERROR, with a message, and the others go on. The tables stay as they are, and SQL within the ruleset
 * can read nothing but them.
 *
 * @throws Error when the primary, a table behind an alias, or a key column does not exist.
 */
export async function evaluate(input: EvaluationInput): Promise<EvaluationResult> {
  const { bench, scans } = await setUp(input);
  keyColumns(bench.primary, input.failingRows?.keys);
  const prepared: PreparedRule[] = [];
  for (const rule of input.ruleset.rules) {
    prepared.push(await prepareRule(bench, rule, input.compositeMethod ?? 'COLUMN'));
  }
  const preparedAnalyzers: PreparedAnalyzer[] = [];
  for (const analyzer of input.ruleset.analyzers) preparedAnalyzers.push(await prepareAnalyzer(bench, analyzer));
  for (const scan of scans()) await scan.run();

  const rules: RuleResult[] = [];
  for (const [index, rule] of prepared.entries()) rules.push(await resultOf(input, rule, `Rule_${index + 1}`));
  const analyzers: AnalyzerResult[] = [];
  for (const [index, one] of preparedAnalyzers.entries()) analyzers.push(await analyzed(one, `Analyzer_${index + 1}`));

  const onRows = rowRules(prepared, rules);
  const failing = input.failingRows && (await failingRows(input.connection, bench.primary, onRows, input.failingRows));
  for (const rule of rules) {
    const rows = failing?.byRule.get(rule.name);
    if (rows !== undefined) rule.failingRows = rows;
  }
  const split =
    input.quarantine && (await quarantine(input.connection, bench.primary, onRows, input.quarantine.folder));
  const count = (wanted: string): number => rules.filter(({ result }) => result === wanted).length;
  const byResult = { passed: count('PASS'), failed: count('FAIL'), error: count('ERROR') };
  return {
    score: rules.length === 0 ? 1 : byResult.passed / rules.length,
    rules,
    analyzers,
    observations: await observations(bench, analyzers),
    totals: { rules: byResult, ...(failing && { rows: failing.totals }) },
    ...(split && { quarantine: split }),
  };
}

/** Finds the datasets and lays out the scans that the rules will share. */
async function setUp(input: EvaluationInput): Promise<{ bench: Workbench; scans(): { run(): Promise<void> }[] }> {
  const { connection, history, now = new Date() } = input;
  const primary = await describeDataset(connection, input.primary);
  const aliases = new Map<string, Dataset>();
  for (const [alias, table] of Object.entries(input.aliases ?? {})) {
    aliases.set(alias.toLowerCase(), await describeDataset(connection, table));
  }
  const scan = new SharedScan(connection, primary);
  const groups = new SharedGroups(connection, primary);
  const byDataset = new Map([[primary, scan]]);
  const scanOf = (dataset: Dataset): SharedScan => {
    const shared = byDataset.get(dataset) ?? new SharedScan(connection, dataset);
    byDataset.set(dataset, shared);
    return shared;
  };
  const bench = { connection, primary, aliases, now, scan, groups, scanOf, history };
  return { bench, scans: () => [...byDataset.values(), groups] };
}

async function resultOf(input: EvaluationInput, prepared: PreparedRule, name: string): Promise<RuleResult> {
  const { rule } = prepared;
  const outcome = await prepared.outcome();
  const result = { name, rule: formatRule(rule, input.ruleset.defaultLabels), ...outcome, labels: rule.labels };
  const evaluated = evaluatedRule(prepared);
  return evaluated === undefined ? result : { ...result, evaluatedRule: formatRule(evaluated) };
}

/** A dynamic rule with the numbers its condition came to. */
function evaluatedRule({ rule, limits }: PreparedRule): Rule | undefined {
  if (rule.kind !== 'rule' || rule.condition?.kind !== 'number' || limits === undefined) return undefined;
  if (!rule.condition.operands.some(isDynamic)) return undefined;
  const operands = limits.numbers.map((value) => ({ kind: 'literal' as const, text: String(value), value }));
  return { ...rule, condition: { ...rule.condition, operands } };
}

/** The rules that say something of each row and could be evaluated. */
function rowRules(prepared: readonly PreparedRule[], rules: readonly RuleResult[]): RowRule[] {
  return prepared.flatMap(({ rows, failing }, index) => {
    const { name, result } = rules[index]!;
    if (rows === undefined || result === 'ERROR') return [];
    const count = failing?.();
    return [{ name, rows, ...(count !== undefined && { failing: count }) }];
  });
}
