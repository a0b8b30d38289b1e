import type { Deployment } from '../model/configuration.js';
import { runCost } from '../model/cost/cost.js';
import type { CostItem, RunCost } from '../model/cost/cost.js';
import { selectLatestCosts, selectOfRun } from '../model/sql/run-history.js';
import { recordedRows, textOf } from './recorded-rows.js';
import type { RecordedRow } from './recorded-rows.js';
import { openWarehouse } from './warehouse.js';
import type { ResultValue, WarehouseQuery } from './warehouse-query.js';

const figure = (value: ResultValue | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const flag = (value: ResultValue | undefined): boolean => value === true || value === 't' || value === 'true';

function itemOf(row: RecordedRow): CostItem {
  return {
    item: textOf(row.item),
    detail: textOf(row.detail),
    quantity: figure(row.quantity),
    unit: textOf(row.unit),
    amount: figure(row.amount),
    ...(flag(row.monthly) && { monthly: true }),
    ...(textOf(row.note) !== '' && { note: textOf(row.note) }),
  };
}

/** What recorded runs have cost: `sluice.run_costs`. */
export class RunCosts {
  private readonly warehouse: WarehouseQuery;

  /** Nothing is called yet. */
  constructor(redshift: Deployment['redshift'], env: NodeJS.ProcessEnv = process.env) {
    this.warehouse = openWarehouse(redshift, env);
  }

  /**
   * What an execution has cost; undefined when that was not recorded.
   * @throws the error of the Data API, or RunFailedError, when the warehouse cannot be read.
   */
  async of(
    run: { readonly workflowId: string; readonly runId: string },
    signal?: AbortSignal
  ): Promise<RunCost | undefined> {
    const rows = await recordedRows(this.warehouse, selectOfRun('run_costs', run), signal);
    const [first] = rows;
    if (first === undefined) return undefined;
    const prices = { currency: textOf(first.currency), region: textOf(first.region), date: textOf(first.price_date) };
    return runCost(rows.map(itemOf), prices);
  }

  /** The items of the latest runs of a pipeline that succeeded in one go, run by run, the newest first. Throws as {@link of}. */
  async latest(
    pipeline: string,
    mode: 'full' | 'incremental',
    runs: number,
    signal?: AbortSignal
  ): Promise<CostItem[][]> {
    const byRun = new Map<string, CostItem[]>();
    for (const row of await recordedRows(this.warehouse, selectLatestCosts({ pipeline, mode, runs }), signal)) {
      const id = textOf(row.run_id);
      byRun.set(id, [...(byRun.get(id) ?? []), itemOf(row)]);
    }
    return [...byRun.values()];
  }

  /** Frees the connections. */
  close(): void {
    this.warehouse.close();
  }
}
