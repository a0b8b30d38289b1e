import { basename } from 'node:path';
import { ReconciliationError, reconciliationRuleset } from '../../../quality/reconciliation.js';
import { parse } from '../../../quality/index.js';
import type { ResultDocument } from '../../../quality/results/result-document.js';
import { judge } from '../../../quality/results/verdict.js';
import type { GateDemand } from '../../../quality/results/verdict.js';
import type { CommandContext } from '../../command-context.js';
import { NotPassedError, UsageError } from '../../errors.js';
import { drawResult } from '../../quality/draw-result.js';
import { evaluateFiles } from '../../quality/evaluate-files.js';
import { resultHistory } from '../../quality/result-history.js';
import { folderStore } from '../../quality/result-store.js';
import type { ResultStore } from '../../quality/result-store.js';
import { readRuleset } from '../../quality/ruleset-file.js';

/** Options of `sluice dq evaluate`. */
export interface EvaluateOptions {
  readonly engine?: 'duckdb' | 'glue';
  readonly data?: readonly string[];
  readonly database?: string;
  readonly table?: string;
  readonly ruleset?: string;
  readonly rulesetName?: string;
  /** `alias=FILE`, for Glue `alias=database.table`. */
  readonly reference: readonly string[];
  /** Alias of the table that is compared with. */
  readonly reconcile?: string;
  readonly keys?: readonly string[];
  readonly sum?: readonly string[];
  readonly sample?: number;
  readonly quarantine?: string;
  readonly composite?: 'ROW' | 'COLUMN';
  readonly history?: string;
  readonly keep?: boolean;
  readonly results?: string;
  readonly minimumScore?: number;
  readonly critical?: NonNullable<GateDemand['critical']>;
}

/** What is evaluated: the text of the rules, and the name their results go by. */
export interface Rules {
  readonly name: string;
  /** Absent where Glue has the ruleset already. */
  readonly text?: string;
}

/** Options that only one engine takes. */
const ofEngine = {
  duckdb: ['data', 'sample', 'quarantine', 'history', 'keep', 'results'],
  glue: [],
} as const;

/**
 * `sluice dq evaluate`: evaluates a ruleset over files in this process, or over a table of the catalog in Glue. The document
 * is `{"passed", "reasons", "uri", "result"}`, in-process also `analyzers`, `observations` and `quarantine`. A result
 * that does not pass ends the command with exit code 3.
 */
export async function evaluate(context: CommandContext, options: EvaluateOptions): Promise<void> {
  const engine = options.engine ?? (options.data === undefined ? 'glue' : 'duckdb');
  if (engine === 'glue') {
    const misplaced = ofEngine.duckdb.filter((name) => options[name] !== undefined);
    if (misplaced.length > 0) {
      throw new UsageError(`--engine glue does not take ${misplaced.map((name) => `--${name}`).join(', ')}`);
    }
  }
  const rules = rulesOf(context, options);
  if (engine === 'duckdb') return await evaluateHere(context, rules, options);
  // Temporal's client and the AWS SDK take longer to load than a ruleset to evaluate.
  const { evaluateInGlue } = await import('./evaluate-in-glue.js');
  await evaluateInGlue(context, rules, options);
}

function rulesOf({ console }: CommandContext, options: EvaluateOptions): Rules {
  const { ruleset, rulesetName, reconcile: alias, keys, sum: sums } = options;
  if (alias !== undefined) {
    if (ruleset !== undefined) throw new UsageError('--reconcile makes the rules: it does not take --ruleset');
    try {
      const text = reconciliationRuleset({ alias, ...(keys && { keys }), ...(sums && { sums }) });
      return { name: rulesetName ?? `reconcile_${alias.replaceAll('.', '_')}`, text };
    } catch (error) {
      throw error instanceof ReconciliationError ? new UsageError(error.message) : error;
    }
  }
  if (sums !== undefined) throw new UsageError('--sum needs --reconcile');
  if (ruleset === undefined) {
    if (rulesetName === undefined) throw new UsageError('Rules are needed: --ruleset FILE, or in Glue --ruleset-name');
    return { name: rulesetName };
  }
  const { text } = readRuleset(ruleset, console);
  return { name: rulesetName ?? nameOf(ruleset), text };
}

/** A file's name without folder and extension, as tables and rulesets are named. */
function nameOf(file: string): string {
  return basename(file).replace(/\.[^.]+(\.gz)?$/, '');
}

/** What `--reference` gives, in its order. @throws UsageError when one is not `alias=source`. */
export function referencesOf(options: EvaluateOptions): [alias: string, source: string][] {
  return options.reference.map((given) => {
    const at = given.indexOf('=');
    if (at < 1 || at === given.length - 1) throw new UsageError(`--reference takes alias=source, not ${given}`);
    return [given.slice(0, at), given.slice(at + 1)];
  });
}

async function evaluateHere(context: CommandContext, rules: Rules, options: EvaluateOptions): Promise<void> {
  const { data, database = 'local', keys, sample, quarantine, composite: compositeMethod, history } = options;
  if (data === undefined) throw new UsageError('--engine duckdb needs --data FILE');
  if (rules.text === undefined) throw new UsageError('--engine duckdb needs --ruleset FILE');
  const table = options.table ?? nameOf(data[0]!);
  const references = new Map<string, string[]>();
  for (const [alias, file] of referencesOf(options)) references.set(alias, [...(references.get(alias) ?? []), file]);
  const store = await storeOf(context, options);
  const past = history === undefined ? store : folderStore(history);
  try {
    const evaluated = await evaluateFiles({
      data,
      references,
      ruleset: parse(rules.text),
      rulesetName: rules.name,
      database,
      table,
      ...(keys && { keys }),
      ...(sample !== undefined && { sample }),
      ...(compositeMethod && { compositeMethod }),
      ...(past && { history: resultHistory(past, { database, table }) }),
      ...(quarantine !== undefined && { quarantine }),
    });
    const { result, quarantine: split } = evaluated;
    const uri = await store?.keep(result);
    context.console.print(drawResult(result));
    if (split !== undefined) {
      context.console.print(`${split.goodRows} good rows in ${split.good}, ${split.badRows} bad ones in ${split.bad}`);
    }
    conclude(context, options, { ...(uri !== undefined && { uri }), ...evaluated });
  } finally {
    store?.close();
  }
}

async function storeOf(
  { configFile, env }: CommandContext,
  { keep, results }: EvaluateOptions
): Promise<ResultStore | undefined> {
  if (results !== undefined) return folderStore(results);
  if (!keep) return undefined;
  const [{ loadConfiguration }, { bucketStore }] = await Promise.all([
    import('../../../model/configuration.js'),
    import('../../quality/bucket-store.js'),
  ]);
  return bucketStore(loadConfiguration({ file: configFile, env }).deployment.buckets.quality, env);
}

/** What the options ask of a result. */
export const demandOf = ({ minimumScore, critical }: EvaluateOptions): GateDemand => ({
  ...(minimumScore !== undefined && { minimumScore }),
  ...(critical && { critical }),
});

/**
 * Judges, and ends the command accordingly.
 * @throws NotPassedError when the data did not pass.
 */
export function conclude(
  { console }: CommandContext,
  options: EvaluateOptions,
  outcome: { readonly result: ResultDocument; readonly [more: string]: unknown }
): void {
  const { passed, reasons } = judge(outcome.result, demandOf(options));
  const document = { passed, reasons, ...outcome };
  if (!passed) throw new NotPassedError(`The data did not pass: ${reasons.join('; ')}.`, document);
  console.document(document);
}
