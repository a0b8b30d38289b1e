import type { Deployment } from '../model/configuration.js';
import { runCost } from '../model/cost/cost.js';
import type { CostItem, RunCost } from '../model/cost/cost.js';
import { selectCosts, selectLatestCosts } from '../model/sql/run-history.js';
import { RunFailedError } from './errors.js';
import { openWarehouse } from './warehouse.js';
import type { ResultValue, WarehouseQuery } from './warehouse-query.js';

type Row = Readonly<Record<string, ResultValue>>;

const text = (value: ResultValue | undefined): string => (value === null || value === undefined ? '' : String(value));

const figure = (value: ResultValue | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const flag = (value: ResultValue | undefined): boolean => value === true || value === 't' || value === 'true';

function itemOf(row: Row): CostItem {
  return {
    item: text(row.item),
    detail: text(row.detail),
    quantity: figure(row.quantity),
    unit: text(row.unit),
    amount: figure(row.amount),
    ...(flag(row.monthly) && { monthly: true }),
    ...(text(row.note) !== '' && { note: text(row.note) }),
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
    const rows = await this.rows(selectCosts(run), signal);
    const [first] = rows;
    if (first === undefined) return undefined;
    const prices = { currency: text(first.currency), region: text(first.region), date: text(first.price_date) };
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
    for (const row of await this.rows(selectLatestCosts({ pipeline, mode, runs }), signal)) {
      const id = text(row.run_id);
      byRun.set(id, [...(byRun.get(id) ?? []), itemOf(row)]);
    }
    return [...byRun.values()];
  }

  /** Frees the connections. */
  close(): void {
    this.warehouse.close();
  }

  private async rows(query: ReturnType<typeof selectCosts>, signal?: AbortSignal): Promise<Row[]> {
    try {
      const { columns, rows } = await this.warehouse.query(query.sql, signal, query.parameters);
      return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])));
    } catch (error) {
      // A warehouse that no run of this version has set up.
      if (error instanceof RunFailedError && /does not exist/i.test(error.message)) return [];
      throw error;
    }
  }
}
