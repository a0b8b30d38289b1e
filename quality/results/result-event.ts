/** What an EventBridge event says of a result. It is a wake-up call: the API is the source of truth. */
export interface ResultNotice {
  readonly resultId: string;
  readonly rulesetNames: readonly string[];
  /** `SUCCEEDED` or `FAILED`: the verdict on the data. */
  readonly state: string;
  /** 0 to 1. */
  readonly score: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of an evaluation over the catalog. */
  readonly runId?: string;
  readonly database?: string;
  readonly table?: string;
  /** Of an evaluation within a Glue job. */
  readonly jobName?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/**
 * Reads the event `Data Quality Evaluation Results Available` in both spellings of its fields: AWS's guide prints
 * `resultID`, `rulesSucceeded`, …; its sample code reads `resultId`, `numRulesSucceeded`, ….
 * Undefined for any other event.
 */
export function parseResultEvent(event: unknown): ResultNotice | undefined {
  const { source, 'detail-type': detailType, detail } = fieldsOf(event);
  if (source !== 'aws.glue-dataquality' || detailType !== 'Data Quality Evaluation Results Available') return undefined;
  const fields = fieldsOf(detail);
  const context = fieldsOf(fields['context']);
  const resultId = fields['resultId'] ?? fields['resultID'];
  if (typeof resultId !== 'string') return undefined;
  const count = (name: string): number => Number(fields[`numR${name}`] ?? fields[`r${name}`] ?? 0);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    resultId,
    rulesetNames: Array.isArray(fields['rulesetNames']) ? fields['rulesetNames'].map(String) : [],
    state: text(fields['state']) ?? '',
    score: Number(fields['score'] ?? 0),
    succeeded: count('ulesSucceeded'),
    failed: count('ulesFailed'),
    skipped: count('ulesSkipped'),
    runId: text(context['runId']),
    database: text(context['databaseName']),
    table: text(context['tableName']),
    jobName: text(context['jobName']),
  };
}
