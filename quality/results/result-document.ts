/** One rule's outcome in a {@link ResultDocument}; the first four names are those of Glue's `RuleResults`. */
export interface RuleRun {
  /** `Rule_1`, `Rule_2`, … in the ruleset's order. */
  readonly Name: string;
  readonly Result: 'PASS' | 'FAIL' | 'ERROR';
  /** The rule's text. */
  readonly Description: string;
  /** Why it did not pass; empty when it did. */
  readonly EvaluationMessage: string;
  readonly EvaluatedMetrics: Readonly<Record<string, number>>;
  readonly Labels?: Readonly<Record<string, string>>;
  /** Of a rule on rows: how many did not satisfy it. */
  readonly FailedRows?: number;
  /** A bounded sample of the keys of those rows, each `{column: value}`: the only row data that results hold. */
  readonly SampleKeys?: readonly Readonly<Record<string, string>>[];
}

/** What one analyzer gathered. */
export interface AnalyzerRun {
  /** `Analyzer_1`, `Analyzer_2`, …. */
  readonly Name: string;
  /** The analyzer's text. */
  readonly Description: string;
  readonly EvaluatedMetrics: Readonly<Record<string, number>>;
}

/**
 * One evaluation of one ruleset over one table, as it stands in the quality bucket at
 * `gluedataqualitylogs/year=YYYY/month=MM/day=DD/<resultId>.json`. The run-level fields are strings, as in AWS's own
 * sample (https://github.com/aws-samples/aws-glue-data-quality-alerts), so that one table definition reads both.
 */
export interface ResultDocument {
  readonly ruleset_name: string;
  readonly databaseName: string;
  readonly tableName: string;
  /** The evaluation run, or the run of the pipeline when no service evaluated. */
  readonly runId: string;
  readonly resultId: string;
  /** `SUCCEEDED` when every rule passed, else `FAILED`: the verdict on the data. */
  readonly state: 'SUCCEEDED' | 'FAILED';
  /** 0 to 1: passed rules over evaluated rules. */
  readonly score: string;
  readonly numRulesSucceeded: string;
  /** Rules that failed or had an error. */
  readonly numRulesFailed: string;
  readonly numRulesSkipped: string;
  /** ISO 8601, UTC. */
  readonly startedOn: string;
  readonly completedOn: string;
  /** Rows read, where the engine tells. */
  readonly totalRows?: string;
  /** Rows that no rule on rows failed, where the engine tells. */
  readonly passedRows?: string;
  /** `glue` or `duckdb`. */
  readonly engine: string;
  readonly resultrun: readonly RuleRun[];
  /** Of rulesets with analyzers: what dynamic rules look back to. */
  readonly analyzerrun?: readonly AnalyzerRun[];
}

/** What {@link resultDocument} is made from. */
export interface EvaluatedRuleset {
  readonly rulesetName: string;
  readonly database: string;
  readonly table: string;
  readonly runId: string;
  readonly resultId: string;
  readonly score: number;
  readonly startedOn: Date;
  readonly completedOn: Date;
  readonly totalRows?: number | undefined;
  readonly passedRows?: number | undefined;
  readonly engine: 'glue' | 'duckdb';
  readonly rules: readonly RuleRun[];
  readonly analyzers?: readonly AnalyzerRun[];
}

/** Metrics that are numbers: JSON has neither NaN nor Infinity, and writes them as null. */
function finite(metrics: unknown): Record<string, number> {
  const entries = typeof metrics === 'object' && metrics !== null ? Object.entries(metrics) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
}

/** The document of an evaluation; metrics that are no finite number are left out. */
export function resultDocument(evaluated: EvaluatedRuleset): ResultDocument {
  const { totalRows, passedRows, analyzers = [] } = evaluated;
  const rules = evaluated.rules.map((rule) => ({ ...rule, EvaluatedMetrics: finite(rule.EvaluatedMetrics) }));
  const succeeded = rules.filter(({ Result }) => Result === 'PASS').length;
  return {
    ruleset_name: evaluated.rulesetName,
    databaseName: evaluated.database,
    tableName: evaluated.table,
    runId: evaluated.runId,
    resultId: evaluated.resultId,
    state: succeeded === rules.length ? 'SUCCEEDED' : 'FAILED',
    score: String(evaluated.score),
    numRulesSucceeded: String(succeeded),
    numRulesFailed: String(rules.length - succeeded),
    numRulesSkipped: '0',
    startedOn: evaluated.startedOn.toISOString(),
    completedOn: evaluated.completedOn.toISOString(),
    ...(totalRows === undefined ? {} : { totalRows: String(totalRows) }),
    ...(passedRows === undefined ? {} : { passedRows: String(passedRows) }),
    engine: evaluated.engine,
    resultrun: rules,
    ...(analyzers.length > 0 && {
      analyzerrun: analyzers.map((one) => ({ ...one, EvaluatedMetrics: finite(one.EvaluatedMetrics) })),
    }),
  };
}

/** Prefix of all results in the quality bucket. */
export const resultsPrefix = 'gluedataqualitylogs/';

/** Key of a result in the quality bucket, by the day in UTC on which it was completed. */
export function resultKey({ resultId, completedOn }: Pick<ResultDocument, 'resultId' | 'completedOn'>): string {
  const [year, month, day] = completedOn.slice(0, 10).split('-');
  return `${resultsPrefix}year=${year}/month=${month}/day=${day}/${resultId}.json`;
}

/** Thrown by {@link parseResultDocument}. */
export class ResultDocumentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ResultDocumentError';
  }
}

const textFields = ['ruleset_name', 'databaseName', 'tableName', 'runId', 'resultId', 'state', 'score'] as const;

/**
 * Reads a result. One that AWS's sample wrote has fewer fields: what it lacks is empty.
 * @throws ResultDocumentError for a text that is not a result; the message does not quote it.
 */
export function parseResultDocument(text: string): ResultDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ResultDocumentError('it is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new ResultDocumentError('it is not an object');
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of textFields) {
    if (typeof fields[name] !== 'string') throw new ResultDocumentError(`the field ${name} is missing`);
  }
  if (!Array.isArray(fields['resultrun'])) throw new ResultDocumentError('the array resultrun is missing');
  const string = (name: string, otherwise: string): string => {
    const found = fields[name];
    return typeof found === 'string' || typeof found === 'number' ? String(found) : otherwise;
  };
  const rules = (fields['resultrun'] as (Partial<RuleRun> | null)[]).map((found, index) => {
    const rule = found ?? {};
    return {
      ...rule,
      Name: rule.Name ?? `Rule_${index + 1}`,
      Result: rule.Result ?? 'ERROR',
      Description: rule.Description ?? '',
      EvaluationMessage: rule.EvaluationMessage ?? '',
      EvaluatedMetrics: finite(rule.EvaluatedMetrics),
    };
  });
  const completedOn = string('completedOn', '');
  return {
    ...(fields as unknown as ResultDocument),
    numRulesSucceeded: string('numRulesSucceeded', '0'),
    numRulesFailed: string('numRulesFailed', '0'),
    numRulesSkipped: string('numRulesSkipped', '0'),
    startedOn: string('startedOn', completedOn),
    completedOn,
    engine: string('engine', 'glue'),
    resultrun: rules,
    ...(Array.isArray(fields['analyzerrun']) && {
      analyzerrun: (fields['analyzerrun'] as Partial<AnalyzerRun>[]).map((one, index) => ({
        Name: one.Name ?? `Analyzer_${index + 1}`,
        Description: one.Description ?? '',
        EvaluatedMetrics: finite(one.EvaluatedMetrics),
      })),
    }),
  };
}
