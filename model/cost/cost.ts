import { billedDpuSeconds, dpuPriceKey } from './glue-dpu.js';
import type { GlueRunFacts } from './glue-dpu.js';
import type { Prices } from './prices.js';
import type { RunUsage, WarehouseCapacity } from './usage.js';
import { billedSeconds, busySeconds } from './warehouse-time.js';

/** One line of what a run costs. */
export interface CostItem {
  /** Such as `glue` or `s3-requests`. */
  readonly item: string;
  /** What of it, such as `G.1X STANDARD`; empty when there is one line only. */
  readonly detail: string;
  /** Null when it is not known. */
  readonly quantity: number | null;
  readonly unit: string;
  /** US dollars; null when the quantity or its price is not known. */
  readonly amount: number | null;
  /** True for what is paid a month for as long as it is kept. */
  readonly monthly?: boolean;
  /** What the figure leaves out, or why it is not known. */
  readonly note?: string;
}

/** What a run has cost, or is to cost, at list prices. */
export interface RunCost {
  readonly currency: string;
  readonly region: string;
  /** Day of the prices. */
  readonly priceDate: string;
  readonly items: readonly CostItem[];
  /** Σ of the known amounts, without monthly ones; null when none is known. */
  readonly total: number | null;
  /** Σ of the known monthly amounts. */
  readonly monthly: number | null;
  /** Items whose amount is not known: the total is without them. */
  readonly unknown: readonly string[];
}

/** Bytes of what AWS bills as a GB. */
export const gigabyte = 2 ** 30;

const times = (quantity: number | null, price: number | null, per = 1): number | null =>
  quantity === null || price === null ? null : (quantity * price) / per;

const named = ({ item, detail }: CostItem): string => (detail === '' ? item : `${item} (${detail})`);

/** The total of items; zero amounts count as known. */
export function runCost(items: readonly CostItem[], prices: Pick<Prices, 'currency' | 'region' | 'date'>): RunCost {
  const sum = (monthly: boolean): number | null => {
    const known = items.filter((one) => (one.monthly ?? false) === monthly && one.amount !== null);
    return known.length === 0 ? null : known.reduce((total, { amount }) => total + (amount ?? 0), 0);
  };
  return {
    currency: prices.currency,
    region: prices.region,
    priceDate: prices.date,
    items,
    total: sum(false),
    monthly: sum(true),
    unknown: items.filter(({ amount }) => amount === null).map(named),
  };
}

function glueItems(runs: readonly GlueRunFacts[] | null, prices: Prices): CostItem[] {
  if (runs === null) {
    return [{ item: 'glue', detail: '', quantity: null, unit: 'DPU-second', amount: null, note: 'Glue did not say' }];
  }
  const kinds = new Map<string, GlueRunFacts[]>();
  for (const run of runs) {
    const kind = `${run.workerType ?? 'DPUs'} ${run.executionClass ?? 'STANDARD'}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), run]);
  }
  return [...kinds].sort().map(([detail, all]) => {
    const seconds = all.map(billedDpuSeconds);
    const quantity = seconds.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
    const [first] = all;
    const price = first === undefined ? null : prices.price(dpuPriceKey(first));
    const note = `${all.length} run${all.length === 1 ? '' : 's'}`;
    return { item: 'glue', detail, quantity, unit: 'DPU-second', amount: times(quantity, price, 3600), note };
  });
}

function redshiftItem({ warehouse }: RunUsage, capacity: WarehouseCapacity, prices: Prices): CostItem {
  const { baseCapacity, nodeType, nodes } = capacity;
  if (nodeType !== undefined && nodes !== undefined) {
    const quantity = busySeconds(warehouse) * nodes;
    const amount = times(quantity, prices.price(`redshift-node-hour-${nodeType}`), 3600);
    const note = 'share of a cluster that is paid for anyway';
    return { item: 'redshift-compute', detail: nodeType, quantity, unit: 'node-second', amount, note };
  }
  if (baseCapacity !== undefined) {
    const quantity = billedSeconds(warehouse) * baseCapacity;
    const amount = times(quantity, prices.price('redshift-rpu-hour'), 3600);
    const note = 'at most, by the time that steps took';
    return { item: 'redshift-compute', detail: 'serverless', quantity, unit: 'RPU-second', amount, note };
  }
  return {
    item: 'redshift-compute',
    detail: '',
    quantity: busySeconds(warehouse),
    unit: 'second',
    amount: null,
    note: 'declare cost.baseCapacity, or cost.nodeType and cost.nodes',
  };
}

function s3Items({ s3 }: RunUsage, prices: Prices): CostItem[] {
  const requests = (detail: string, quantity: number | null, key: string, note?: string): CostItem => ({
    item: 's3-requests',
    detail,
    quantity,
    unit: 'request',
    amount: times(quantity, prices.price(key), 1000),
    ...(note !== undefined && { note }),
  });
  const storage = (detail: string, bytes: number | null, key: string): CostItem => {
    const quantity = times(bytes, 1, gigabyte);
    const amount = times(quantity, prices.price(key));
    return { item: 's3-storage', detail, quantity, unit: 'GB-month', amount, monthly: true };
  };
  return [
    requests('PUT Standard', s3.puts, 's3-standard-put-1000'),
    requests('COPY Standard-IA', s3.copies, 's3-standard-ia-put-1000'),
    requests('GET', s3.gets, 's3-standard-get-1000', 'at least: ranged reads of Glue are not counted'),
    storage('Standard', s3.bytes, 's3-standard-gb-month'),
    storage('Standard-IA', s3.archivedBytes, 's3-standard-ia-gb-month'),
  ];
}

/** Prices what a run has used. */
export function priceUsage(
  usage: RunUsage,
  prices: Prices,
  given: WarehouseCapacity & {
    /** False, or undefined, for a Temporal server of one's own, which has no price per Action. */
    readonly temporalCloud?: boolean;
  } = {}
): RunCost {
  const { exportBytes, temporal } = usage;
  const exported = times(exportBytes, 1, gigabyte);
  const actionPrice = given.temporalCloud ? prices.price('temporal-actions-million') : null;
  const actions = (detail: string, quantity: number | null, note?: string): CostItem => ({
    item: 'temporal-actions',
    detail,
    quantity,
    unit: 'Action',
    amount: times(quantity, actionPrice, 1_000_000),
    ...(given.temporalCloud ? note !== undefined && { note } : { note: 'no price: not declared as Temporal Cloud' }),
  });
  const items: CostItem[] = [
    {
      item: 'dynamodb-export',
      detail: '',
      quantity: exported,
      unit: 'GB',
      amount: times(exported, prices.price('dynamodb-export-gb')),
    },
    ...glueItems(usage.glue, prices),
    redshiftItem(usage, given, prices),
    // COPY and INSERT read S3 and local tables; no statement of Sluice reads an external table.
    {
      item: 'redshift-scan',
      detail: 'Spectrum',
      quantity: 0,
      unit: 'TB',
      amount: 0,
      note: 'no external table is read',
    },
    ...s3Items(usage, prices),
    actions('history', temporal.actions, 'queries are not counted'),
    actions('heartbeats', temporal.heartbeats, 'by the pace that activities keep'),
  ];
  return runCost(items, prices);
}
