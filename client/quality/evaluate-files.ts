import { randomBytes } from 'node:crypto';
import { evaluate } from '../../quality/index.js';
import type { CompositeMethod, EvaluationResult, MetricHistory, Quarantine, Ruleset } from '../../quality/index.js';
import { resultDocument } from '../../quality/results/result-document.js';
import type { ResultDocument, RuleRun } from '../../quality/results/result-document.js';
import { UsageError, messageOf } from '../errors.js';
import { openFiles } from './data-files.js';

/** What is evaluated in this process, and under which names its result is known. */
export interface FileEvaluation {
  readonly data: readonly string[];
  /** Files by the alias that rules use. */
  readonly references: ReadonlyMap<string, readonly string[]>;
  readonly ruleset: Ruleset;
  readonly rulesetName: string;
  readonly database: string;
  readonly table: string;
  /** Columns that tell rows apart: the only values of rows that a result holds. */
  readonly keys?: readonly string[];
  /** Keys kept of a rule's failing rows. */
  readonly sample?: number;
  readonly compositeMethod?: CompositeMethod;
  readonly history?: MetricHistory;
  /** Folder for good.parquet and bad.parquet. */
  readonly quarantine?: string;
}

/** What came of a {@link FileEvaluation}. */
export interface EvaluatedFiles {
  readonly result: ResultDocument;
  /** Analyzers, with the metrics that they gathered. */
  readonly analyzers: EvaluationResult['analyzers'];
  readonly observations: EvaluationResult['observations'];
  readonly quarantine?: Quarantine;
}

/**
 * Evaluates a ruleset over files in this process.
 * @throws UsageError for files that cannot be read and for keys that are no columns.
 */
export async function evaluateFiles(request: FileEvaluation): Promise<EvaluatedFiles> {
  const { keys, sample, history, quarantine, compositeMethod } = request;
  const startedOn = new Date();
  const session = await openFiles();
  try {
    await session.open(request.data, 'data');
    const aliases: Record<string, string> = {};
    for (const [alias, files] of request.references) {
      aliases[alias] = `reference_${Object.keys(aliases).length + 1}`;
      await session.open(files, aliases[alias]);
    }
    const evaluated = await evaluate({
      ruleset: request.ruleset,
      connection: session.connection,
      primary: 'data',
      aliases,
      failingRows: { ...(keys && { keys }), ...(sample !== undefined && { sample }) },
      ...(history && { history }),
      ...(quarantine !== undefined && { quarantine: { folder: quarantine } }),
      ...(compositeMethod && { compositeMethod }),
    }).catch((error: unknown) => {
      throw new UsageError(messageOf(error), undefined, { cause: error });
    });
    const { rows } = evaluated.totals;
    const result = resultDocument({
      ...request,
      runId: `local-${randomBytes(8).toString('hex')}`,
      resultId: `dqresult-${randomBytes(20).toString('hex')}`,
      score: evaluated.score,
      startedOn,
      completedOn: new Date(),
      totalRows: rows?.processed,
      passedRows: rows?.passed,
      engine: 'duckdb',
      rules: evaluated.rules.map(ruleRun),
      analyzers: evaluated.analyzers.map(({ name, analyzer, metrics }) => ({
        Name: name,
        Description: analyzer,
        EvaluatedMetrics: metrics,
      })),
    });
    const { analyzers, observations, quarantine: split } = evaluated;
    return { result, analyzers, observations, ...(split && { quarantine: split }) };
  } finally {
    await session.close();
  }
}

function ruleRun({
  name,
  rule,
  result,
  message,
  metrics,
  labels,
  failingRows,
}: EvaluationResult['rules'][number]): RuleRun {
  return {
    Name: name,
    Result: result,
    Description: rule,
    EvaluationMessage: message ?? '',
    EvaluatedMetrics: metrics,
    ...(Object.keys(labels).length > 0 && { Labels: labels }),
    ...(failingRows && { FailedRows: failingRows.count }),
    ...(failingRows?.sample && { SampleKeys: failingRows.sample.map(withoutNulls) }),
  };
}

/** A key of several columns may lack some. */
function withoutNulls(key: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(key).filter((entry): entry is [string, string] => entry[1] !== null));
}
