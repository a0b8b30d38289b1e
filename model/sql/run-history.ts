import type { RunCost } from '../cost/cost.js';
import type { SqlStatement } from '../plan.js';
import type { RunRecord, StageRecord, StepRecord } from '../run-record.js';
import { quote, table } from './text.js';

/** Columns of `sluice.runs`, `sluice.stages` and `sluice.run_costs` with their Redshift types; texts have room for UTF-8. */
const columns = {
  runs: {
    workflow_id: 'varchar(1000)',
    run_id: 'varchar(64)',
    run_key: 'varchar(512)',
    pipeline: 'varchar(128)',
    source_table: 'varchar(255)',
    plan_hash: 'varchar(64)',
    mode: 'varchar(16)',
    verdict: 'varchar(16)',
    started_at: 'timestamp',
    ended_at: 'timestamp',
    resumption: 'integer',
    items: 'bigint',
    bytes: 'bigint',
    rejected: 'bigint',
    windows: 'varchar(65535)',
    failure_stage: 'varchar(128)',
    failure_class: 'varchar(128)',
    failure_message: 'varchar(4096)',
  },
  stages: {
    workflow_id: 'varchar(1000)',
    run_id: 'varchar(64)',
    run_key: 'varchar(512)',
    pipeline: 'varchar(128)',
    ordinal: 'integer',
    stage: 'varchar(128)',
    step: 'varchar(512)',
    state: 'varchar(16)',
    started_at: 'timestamp',
    ended_at: 'timestamp',
    row_count: 'bigint',
    bytes: 'bigint',
    remote_id: 'varchar(2048)',
    counts: 'varchar(65535)',
  },
  run_costs: {
    workflow_id: 'varchar(1000)',
    run_id: 'varchar(64)',
    run_key: 'varchar(512)',
    pipeline: 'varchar(128)',
    ordinal: 'integer',
    item: 'varchar(128)',
    detail: 'varchar(128)',
    quantity: 'double precision',
    unit: 'varchar(64)',
    amount: 'double precision',
    monthly: 'boolean',
    note: 'varchar(512)',
    currency: 'varchar(3)',
    region: 'varchar(64)',
    price_date: 'varchar(10)',
  },
} as const;

type HistoryTable = keyof typeof columns;

/** The statements that make the tables of the run history; each can be run again without harm. */
export function runHistoryTables(): SqlStatement[] {
  return (Object.keys(columns) as HistoryTable[]).map((name) => {
    const lines = Object.entries(columns[name]).map(([column, type]) => `  ${quote(column)} ${type}`);
    const sql = `CREATE TABLE IF NOT EXISTS ${table('sluice', name)} (\n${lines.join(',\n')}\n)\nDISTSTYLE AUTO`;
    return { name: `sluice.${name}`, sql };
  });
}

/** A query and its named parameters, which the Data API's ExecuteStatement takes. */
export interface BoundQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Statements for one transaction and their named parameters, which the Data API's BatchExecuteStatement takes. */
export interface BoundTransaction {
  readonly sqls: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}

type Value = string | number | boolean | Date | null | undefined;

/** Rows of one INSERT statement: far below the Data API's 100 KB. */
const rowsPerStatement = 50;

/** Statements of one transaction, below the Data API's 40 and, with their text, its 100 KB. */
const statementsPerTransaction = 5;

/** Binds texts: each distinct one is a parameter. The Data API binds neither NULL nor an empty text. */
class Bindings {
  readonly #names = new Map<string, string>();

  get parameters(): Record<string, string> {
    return Object.fromEntries([...this.#names].map(([value, name]) => [name, value]));
  }

  /** The SQL of a value of a column's type. */
  sql(value: Value, type: string): string {
    if (value === undefined || value === null || value === '') return `CAST(NULL AS ${type})`;
    if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
    if (typeof value === 'number' && type === 'double precision') {
      return Number.isFinite(value) ? `CAST(${value} AS ${type})` : `CAST(NULL AS ${type})`;
    }
    if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : `CAST(NULL AS ${type})`;
    if (value instanceof Date) return `TIMESTAMP '${value.toISOString().replace('T', ' ').replace('Z', '')}'`;
    const text = fitting(value, Number(/\((\d+)\)/.exec(type)?.[1] ?? 0));
    let name = this.#names.get(text);
    if (name === undefined) this.#names.set(text, (name = `p${this.#names.size + 1}`));
    return `CAST(:${name} AS ${type})`;
  }
}

/** A text without control characters, cut to at most this many bytes of UTF-8 at a character's end. */
function fitting(text: string, bytes: number): string {
  const clean = text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  let room = bytes;
  let end = 0;
  for (const character of clean) {
    const point = character.codePointAt(0) ?? 0;
    room -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (room < 0) break;
    end += character.length;
  }
  return clean.slice(0, end);
}

const time = (iso: string | undefined): Date | undefined => (iso === undefined ? undefined : new Date(iso));

function insert(name: HistoryTable, rows: readonly (readonly Value[])[], bindings: Bindings): string {
  const types = Object.values(columns[name]);
  const names = Object.keys(columns[name]).map(quote).join(', ');
  const values = rows.map(
    (row) => `(${row.map((value, index) => bindings.sql(value, types[index] ?? '')).join(', ')})`
  );
  return `INSERT INTO ${table('sluice', name)} (${names})\nVALUES\n${values.join(',\n')}`;
}

function runRow(run: RunRecord): Value[] {
  const { workflowId, runId, runKey, pipeline, planHash, mode, verdict, resumption, items, bytes, failure } = run;
  const ids = [workflowId, runId, runKey, pipeline, run.table, planHash, mode, verdict];
  const windows = run.windows.length === 0 ? undefined : JSON.stringify(run.windows);
  const times = [time(run.startedAt), time(run.endedAt)];
  const failed = [failure?.stage, failure?.errorClass, failure?.message];
  return [...ids, ...times, resumption, items, bytes, run.rejectedItems, windows, ...failed];
}

/** The stage itself, whose `step` is NULL, and then its steps, numbered over all stages of the run. */
function stageRows(run: RunRecord): Value[][] {
  const { workflowId, runId, runKey, pipeline } = run;
  const parts = run.stages.flatMap((stage): { stage: StageRecord; step?: StepRecord }[] => [
    { stage },
    ...stage.steps.map((step) => ({ stage, step })),
  ]);
  return parts.map(({ stage, step }, ordinal) => {
    const { state, startedAt, endedAt } = step ?? stage;
    const counts = step?.counts;
    const figures = [counts?.rows, counts?.bytes, step?.remoteId, counts && JSON.stringify(counts)];
    const named = [workflowId, runId, runKey, pipeline, ordinal, stage.name, step?.name, state];
    return [...named, time(startedAt), time(endedAt), ...figures];
  });
}

function costRows(run: RunRecord, { items, currency, region, priceDate }: RunCost): Value[][] {
  const { workflowId, runId, runKey, pipeline } = run;
  return items.map(({ item, detail, quantity, unit, amount, monthly = false, note }, ordinal) => {
    const figures = [item, detail, quantity, unit, amount, monthly, note];
    return [workflowId, runId, runKey, pipeline, ordinal, ...figures, currency, region, priceDate];
  });
}

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

/**
 * The transactions, to be executed one after the other, that put a run's record in the place of what there is of it.
 * One suffices for some 200 steps. Repeating them gives the same rows.
 */
export function recordRunTransactions(run: RunRecord, cost?: RunCost): BoundTransaction[] {
  const parts = chunks(stageRows(run), rowsPerStatement);
  return chunks(parts, statementsPerTransaction).map((stages, index) => {
    const bindings = new Bindings();
    const { runs: types } = columns;
    const ofRun = (name: HistoryTable): string =>
      `DELETE FROM ${table('sluice', name)}
WHERE ${quote('workflow_id')} = ${bindings.sql(run.workflowId, types.workflow_id)}
  AND ${quote('run_id')} = ${bindings.sql(run.runId, types.run_id)}`;
    const first =
      index > 0
        ? []
        : [
            // Two attempts at the same record must not both delete before either inserts.
            `LOCK ${table('sluice', 'runs')}`,
            ofRun('stages'),
            ofRun('runs'),
            insert('runs', [runRow(run)], bindings),
            ...(cost === undefined ? [] : [ofRun('run_costs'), insert('run_costs', costRows(run, cost), bindings)]),
          ];
    const sqls = [...first, ...stages.map((rows) => insert('stages', rows, bindings))];
    return { sqls, parameters: bindings.parameters };
  });
}

/** A query over `sluice.runs`, the newest first, with the parameters that it has. */
export function selectRuns(filter: {
  readonly table?: string;
  readonly pipeline?: string;
  /** Run key or workflow id. */
  readonly run?: string;
  readonly failed?: boolean;
  readonly limit: number;
}): BoundQuery {
  const bindings = new Bindings();
  const { runs: types } = columns;
  const equals = (name: 'source_table' | 'pipeline' | 'run_key' | 'workflow_id', value: string): string =>
    `${quote(name)} = ${bindings.sql(value, types[name])}`;
  const conditions = [
    ...(filter.table === undefined ? [] : [equals('source_table', filter.table)]),
    ...(filter.pipeline === undefined ? [] : [equals('pipeline', filter.pipeline)]),
    ...(filter.run === undefined ? [] : [`(${equals('run_key', filter.run)} OR ${equals('workflow_id', filter.run)})`]),
    ...(filter.failed ? [`${quote('verdict')} = 'failed'`] : []),
  ];
  const sql = `SELECT ${Object.keys(types).map(quote).join(', ')}
FROM ${table('sluice', 'runs')}${conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`}
ORDER BY ${quote('started_at')} DESC, ${quote('run_id')}
LIMIT ${Math.trunc(filter.limit)}`;
  return { sql, parameters: bindings.parameters };
}

/** A query over a table of the run history, for one execution, in order. */
export function selectOfRun(
  name: 'stages' | 'run_costs',
  run: { readonly workflowId: string; readonly runId: string }
): BoundQuery {
  const bindings = new Bindings();
  const types = columns[name];
  const sql = `SELECT ${Object.keys(types).map(quote).join(', ')}
FROM ${table('sluice', name)}
WHERE ${quote('workflow_id')} = ${bindings.sql(run.workflowId, types.workflow_id)}
  AND ${quote('run_id')} = ${bindings.sql(run.runId, types.run_id)}
ORDER BY ${quote('ordinal')}`;
  return { sql, parameters: bindings.parameters };
}

/** A query over what the latest runs of a pipeline have cost that succeeded in a mode, each execution's lines together. */
export function selectLatestCosts(of: {
  readonly pipeline: string;
  readonly mode: string;
  readonly runs: number;
}): BoundQuery {
  const bindings = new Bindings();
  const { run_costs: types, runs } = columns;
  const sql = `SELECT ${Object.keys(types)
    .map((name) => `c.${quote(name)}`)
    .join(', ')}
FROM ${table('sluice', 'run_costs')} c
JOIN (
  SELECT ${quote('workflow_id')}, ${quote('run_id')}, ${quote('started_at')}
  FROM ${table('sluice', 'runs')}
  WHERE ${quote('pipeline')} = ${bindings.sql(of.pipeline, runs.pipeline)}
    AND ${quote('mode')} = ${bindings.sql(of.mode, runs.mode)}
    AND ${quote('verdict')} = 'succeeded'
    AND ${quote('resumption')} = 0
  ORDER BY ${quote('started_at')} DESC
  LIMIT ${Math.trunc(of.runs)}
) r ON r.${quote('workflow_id')} = c.${quote('workflow_id')} AND r.${quote('run_id')} = c.${quote('run_id')}
ORDER BY r.${quote('started_at')} DESC, c.${quote('run_id')}, c.${quote('ordinal')}`;
  return { sql, parameters: bindings.parameters };
}
