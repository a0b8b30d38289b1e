import { join } from 'node:path';
import Table from 'cli-table3';
import { billedDpuSeconds, dpuPriceKey } from '../../model/cost/glue-dpu.js';
import { pricesIn } from '../../model/cost/prices.js';
import { compile, loadModel } from '../../model/index.js';
import type { EntityPlan, LakeColumn, WarehousePlan } from '../../model/index.js';

/** Assumptions: seconds that work takes, which no list price tells. */
export interface LandingOptions {
  /** Of a Spark run besides its tables: session, reading the specs. */
  readonly sparkSeconds: number;
  /** Of casting and loading one table in Spark. */
  readonly tableSeconds: number;
  /** Of one COPY. */
  readonly copySeconds: number;
  /** Base capacity of the serverless workgroup. */
  readonly rpu: number;
  readonly region: string;
}

/** What keeps a landing column from being what COPY would make of the lake's column. */
function obstacle(column: EntityPlan['spec']['columns'][number], lake: readonly LakeColumn[]): string | undefined {
  const { source, type, required } = column;
  if (source.kind === 'key') return 'a part of a key';
  if (source.kind === 'position' || source.kind === 'field') return 'made by explode';
  if (required) return 'rows without it are rejected';
  if (source.kind === 'writtenAt') return undefined;
  const from = lake.find(({ name }) => name === source.column)?.lakeType.replace(/^int$/, 'integer');
  if (from === 'string' && type.startsWith('varchar')) return 'too long a text would fail the load, not be rejected';
  return from === type ? undefined : `${from} to ${type}`;
}

function needs(plan: WarehousePlan): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { spec } of plan.entities) {
    const lake = plan.lake.spec.itemTypes.find(({ name }) => name === spec.itemType)!.columns;
    for (const column of spec.columns) {
      const why = obstacle(column, lake) ?? 'nothing: COPY gives the same';
      counts.set(why, (counts.get(why) ?? 0) + 1);
    }
  }
  return counts;
}

/** Prints what landing costs a run by list price, in each way, and what COPY straight from the lake could not do. */
export function benchLanding(options: LandingOptions): void {
  const { sparkSeconds, tableSeconds, copySeconds, rpu, region } = options;
  const prices = pricesIn(region);
  const plan = compile(loadModel(join(import.meta.dirname, '../../examples/ecommerce/warehouse.yaml')));
  const tables = plan.entities.length;
  const glue = (runs: number, tablesEach: number, executionClass: 'STANDARD' | 'FLEX'): [number, number | null] => {
    const workers = { workerType: 'G.1X', numberOfWorkers: 2 };
    const executionTime = sparkSeconds + tablesEach * tableSeconds;
    const each = billedDpuSeconds({ ...workers, executionClass, executionTime, autoScaled: false }) ?? 0;
    const price = prices.price(dpuPriceKey({ ...workers, executionClass }));
    return [runs * each, price === null ? null : (runs * each * price) / 3600];
  };
  const rpuHour = prices.price('redshift-rpu-hour');
  const copy = rpuHour === null ? null : (tables * copySeconds * rpu * rpuHour) / 3600;
  const usd = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(4));
  const table = new Table({ head: ['landing of the ecommerce example', 'DPU-seconds', 'RPU-seconds', 'USD a run'] });
  const ways: readonly (readonly [string, [number, number | null]])[] = [
    ['Spark, a job run for each table', glue(tables, 1, 'STANDARD')],
    ['Spark, one job run (the default)', glue(1, tables, 'STANDARD')],
    ['Spark, one job run, FLEX', glue(1, tables, 'FLEX')],
    ['COPY straight from the lake', [0, 0]],
  ];
  for (const [name, [seconds, cost]] of ways) {
    const total = cost === null || copy === null ? null : cost + copy;
    table.push([name, seconds.toFixed(0), (tables * copySeconds * rpu).toFixed(0), usd(total)]);
  }
  console.log(table.toString());
  console.log(`Prices of ${prices.date}, ${region}. Assumed, not measured: ${JSON.stringify(options)}.`);
  console.log('Every way ends in a COPY of each table, so its RPU-seconds are the same.\n');
  const columns = new Table({ head: ['why a landing column needs more than COPY from the lake', 'columns'] });
  for (const [why, count] of [...needs(plan)].sort(([a], [b]) => (a < b ? -1 : 1))) columns.push([why, count]);
  console.log(columns.toString());
}
