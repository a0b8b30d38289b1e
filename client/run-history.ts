import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type { Configuration } from '../model/configuration.js';
import { selectOfRun, selectRuns } from '../model/sql/run-history.js';
import type { BoundQuery } from '../model/sql/run-history.js';
import type { EltProgress, ProgressState, StageName, StageProgress, StepProgress } from '../workflows/index.js';
import { UsageError } from './errors.js';
import { recordedRows, textOf } from './recorded-rows.js';
import type { RecordedRow } from './recorded-rows.js';
import type { RunDetails, RunFilter, RunSummary } from './run-types.js';
import { openWarehouse } from './warehouse.js';
import type { ResultValue, WarehouseQuery } from './warehouse-query.js';

const statuses: Readonly<Record<string, WorkflowExecutionStatusName>> = {
  succeeded: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

/** Milliseconds that the warehouse may take to answer before the rest is shown without it. */
const patience = 15_000;

/** A timestamp of the warehouse, which is in UTC, as ISO 8601. */
function iso(value: ResultValue | undefined): string | undefined {
  const given = textOf(value);
  return given === '' ? undefined : new Date(`${given.replace(' ', 'T')}Z`).toISOString();
}

/** The runs that the warehouse keeps, `sluice.runs` and `sluice.stages`: also those that Temporal no longer has. */
export class RunHistory {
  private readonly warehouse: WarehouseQuery;

  /** Nothing is called yet. */
  constructor({ deployment }: Configuration, env: NodeJS.ProcessEnv = process.env) {
    this.warehouse = openWarehouse(deployment.redshift, env);
  }

  /**
   * The latest runs that have ended, the newest first; none of a warehouse that no run of this version has set up.
   * @throws the error of the Data API, or RunFailedError, when the warehouse cannot be read.
   */
  async list(filter: RunFilter = {}): Promise<RunSummary[]> {
    return (await this.rows(selectRuns({ ...filter, limit: filter.limit ?? 20 }))).map(summaryOf);
  }

  /**
   * The latest execution of a run, with its stages; undefined when the warehouse does not know it.
   * @param run - run key or workflow id.
   * @throws UsageError when several models have one of this key; else as {@link list}.
   */
  async find(run: string): Promise<RunDetails | undefined> {
    const found = await this.rows(selectRuns({ run, limit: 100 }));
    const [first] = found;
    if (first === undefined) return undefined;
    const ids = [...new Set(found.map(({ workflow_id: id }) => textOf(id)))];
    if (ids.length > 1) throw new UsageError(`Several models have a run ${run}: give its workflow id.`, ids);
    const summary = summaryOf(first);
    const stages = stagesOf(await this.rows(selectOfRun('stages', summary)));
    const progress: EltProgress = {
      runKey: summary.runKey,
      table: summary.table,
      planHash: textOf(first.plan_hash),
      stages,
      ...(Number(first.resumption) > 0 && { resumption: Number(first.resumption) }),
    };
    const failure = textOf(first.failure_message);
    return { ...summary, progress, ...(failure !== '' && { failure }) };
  }

  /** Frees the connections. */
  close(): void {
    this.warehouse.close();
  }

  private rows(query: BoundQuery): Promise<RecordedRow[]> {
    return recordedRows(this.warehouse, query, AbortSignal.timeout(patience));
  }
}

function summaryOf(row: RecordedRow): RunSummary {
  const verdict = textOf(row.verdict);
  return {
    workflowId: textOf(row.workflow_id),
    runId: textOf(row.run_id),
    runKey: textOf(row.run_key),
    table: textOf(row.source_table),
    status: statuses[verdict] ?? 'UNKNOWN',
    stage: textOf(row.failure_stage),
    startedAt: iso(row.started_at) ?? '',
    endedAt: iso(row.ended_at),
    historyEvents: 0,
  };
}

function stagesOf(rows: readonly RecordedRow[]): StageProgress[] {
  const stages: (Omit<StageProgress, 'steps'> & { readonly steps: StepProgress[] })[] = [];
  for (const row of rows) {
    const [startedAt, endedAt] = [iso(row.started_at), iso(row.ended_at)];
    const common = { state: textOf(row.state) as ProgressState, startedAt, endedAt };
    if (row.step === null) {
      stages.push({ name: textOf(row.stage) as StageName, ...common, steps: [] });
      continue;
    }
    const counts = textOf(row.counts);
    stages.at(-1)?.steps.push({
      name: textOf(row.step),
      ...common,
      remoteId: textOf(row.remote_id) || undefined,
      counts: counts === '' ? undefined : (JSON.parse(counts) as Record<string, number>),
    });
  }
  return stages;
}

/** Runs of both sources, each execution once, the newest first; what Temporal says of a run comes before its record. */
export function mergeRuns(
  temporal: readonly RunSummary[],
  warehouse: readonly RunSummary[],
  limit: number
): RunSummary[] {
  const runs = new Map([...warehouse, ...temporal].map((run) => [`${run.workflowId} ${run.runId}`, run]));
  return [...runs.values()]
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
    .slice(0, limit);
}
