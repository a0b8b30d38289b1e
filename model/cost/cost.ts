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

type Unpriced = Omit<CostItem, 'amount'>;

/** The price of an item, and how many of its units that price is for; undefined for what has none. */
function priceOf({ item, detail, unit }: Unpriced): { readonly key: string; readonly per: number } | undefined {
  switch (`${item} ${unit}`) {
    case 'dynamodb-export GB':
      return { key: 'dynamodb-export-gb', per: 1 };
    case 'glue DPU-second': {
      const [workerType, executionClass] = detail.split(' ');
      return { key: dpuPriceKey({ workerType, executionClass }), per: 3600 };
    }
    case 'redshift-compute node-second':
      return { key: `redshift-node-hour-${detail}`, per: 3600 };
    case 'redshift-compute RPU-second':
      return { key: 'redshift-rpu-hour', per: 3600 };
    case 'redshift-scan TB':
      return { key: 'redshift-spectrum-tb', per: 1 };
    case 's3-requests request': {
      const [kind = '', storageClass = 'Standard'] = detail.split(' ');
      return { key: `s3-${storageClass.toLowerCase()}-${kind === 'GET' ? 'get' : 'put'}-1000`, per: 1000 };
    }
    case 's3-storage GB-month':
      return { key: `s3-${detail.toLowerCase()}-gb-month`, per: 1 };
    case 'temporal-actions Action':
      return { key: 'temporal-actions-million', per: 1_000_000 };
    default:
      return undefined;
  }
}

/** Puts prices to quantities. Actions have none on a Temporal server of one's own. */
export function priceItem(one: Unpriced, prices: Prices, temporalCloud = false): CostItem {
  const found = one.item === 'temporal-actions' && !temporalCloud ? undefined : priceOf(one);
  const { item, detail, quantity, unit, ...rest } = one;
  // Nothing of something costs nothing, whatever its price.
  const amount = quantity === 0 && found ? 0 : found ? times(quantity, prices.price(found.key), found.per) : null;
  return { item, detail, quantity, unit, amount, ...rest };
}

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

function glueItems(runs: readonly GlueRunFacts[] | null): Unpriced[] {
  if (runs === null)
    return [{ item: 'glue', detail: '', quantity: null, unit: 'DPU-second', note: 'Glue did not say' }];
  const kinds = new Map<string, GlueRunFacts[]>();
  for (const run of runs) {
    const kind = `${run.workerType ?? 'Standard'} ${run.executionClass ?? 'STANDARD'}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), run]);
  }
  return [...kinds].sort().map(([detail, all]) => {
    const seconds = all.map(billedDpuSeconds);
    const quantity = seconds.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
    const note = `${all.length} run${all.length === 1 ? '' : 's'}`;
    return { item: 'glue', detail, quantity, unit: 'DPU-second', note };
  });
}

function redshiftItem({ warehouse }: RunUsage, { baseCapacity, nodeType, nodes }: WarehouseCapacity): Unpriced {
  const item = 'redshift-compute';
  if (nodeType !== undefined && nodes !== undefined) {
    const quantity = busySeconds(warehouse) * nodes;
    return {
      item,
      detail: nodeType,
      quantity,
      unit: 'node-second',
      note: 'share of a cluster that is paid for anyway',
    };
  }
  if (baseCapacity !== undefined) {
    const quantity = billedSeconds(warehouse) * baseCapacity;
    return { item, detail: 'serverless', quantity, unit: 'RPU-second', note: 'at most, by the time that steps took' };
  }
  const note = 'declare cost.baseCapacity, or cost.nodeType and cost.nodes';
  return { item, detail: '', quantity: busySeconds(warehouse), unit: 'second', note };
}

function s3Items({ s3 }: RunUsage): Unpriced[] {
  const requests = { item: 's3-requests', unit: 'request' };
  const storage = { item: 's3-storage', unit: 'GB-month', monthly: true };
  const gigabytes = (bytes: number | null): number | null => times(bytes, 1, gigabyte);
  const atLeast = 'at least: ranged reads of Glue are not counted';
  return [
    { ...requests, detail: 'PUT Standard', quantity: s3.puts },
    { ...requests, detail: 'COPY Standard-IA', quantity: s3.copies },
    { ...requests, detail: 'GET Standard', quantity: s3.gets, note: atLeast },
    { ...storage, detail: 'Standard', quantity: gigabytes(s3.bytes) },
    { ...storage, detail: 'Standard-IA', quantity: gigabytes(s3.archivedBytes) },
  ];
}

/** What prices depend on besides the usage. */
export interface PricingSettings extends WarehouseCapacity {
  /** False, or undefined, for a Temporal server of one's own, which has no price per Action. */
  readonly temporalCloud?: boolean;
}

/** Prices what a run has used. */
export function priceUsage(usage: RunUsage, prices: Prices, given: PricingSettings = {}): RunCost {
  const { exportBytes, temporal } = usage;
  const actions = (detail: string, quantity: number | null, note: string): Unpriced => ({
    item: 'temporal-actions',
    detail,
    quantity,
    unit: 'Action',
    note: given.temporalCloud ? note : 'no price: not declared as Temporal Cloud',
  });
  const items: Unpriced[] = [
    { item: 'dynamodb-export', detail: '', quantity: times(exportBytes, 1, gigabyte), unit: 'GB' },
    ...glueItems(usage.glue),
    redshiftItem(usage, given),
    // COPY and INSERT read S3 and local tables; no statement of Sluice reads an external table.
    { item: 'redshift-scan', detail: 'Spectrum', quantity: 0, unit: 'TB', note: 'no external table is read' },
    ...s3Items(usage),
    actions('history', temporal.actions, 'queries are not counted'),
    actions('heartbeats', temporal.heartbeats, 'by the pace that activities keep'),
  ];
  return runCost(
    items.map((one) => priceItem(one, prices, given.temporalCloud)),
    prices
  );
}
