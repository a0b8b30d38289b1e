import { gigabyte, priceItem, priceUsage, runCost } from './cost.js';
import type { CostItem, PricingSettings, RunCost } from './cost.js';
import type { Prices } from './prices.js';

/** What a run is expected to cost. */
export interface CostEstimate extends RunCost {
  /** How many recorded runs the quantities are the mean of; 0 when none was recorded yet. */
  readonly basedOnRuns: number;
}

const keyOf = ({ item, detail, unit }: CostItem): string => JSON.stringify([item, detail, unit]);

const mean = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
};

/**
 * What the next run is expected to cost: the mean quantities of earlier runs at present prices, and for an export of the
 * whole table what the table holds now. Without earlier runs only that is known.
 * @param earlier - items of each earlier run, of the same pipeline and mode
 * @param tableBytes - size of the table, when the whole of it is to be exported; null when it is not known
 */
export function estimateCost(
  earlier: readonly (readonly CostItem[])[],
  prices: Prices,
  settings: PricingSettings = {},
  tableBytes: number | null = null
): CostEstimate {
  const unknown = priceUsage(
    {
      exportBytes: null,
      glue: null,
      warehouse: [],
      s3: { puts: null, copies: null, gets: null, bytes: null, archivedBytes: null },
      temporal: { actions: null, heartbeats: null },
    },
    prices,
    settings
  ).items.map((one) => (one.item === 'redshift-compute' ? { ...one, quantity: null } : one));
  const lines = new Map((earlier.length === 0 ? unknown : earlier.flat()).map((one) => [keyOf(one), one]));
  const items = [...lines.values()].map(({ amount: _amount, note, ...one }) => {
    const quantity = mean(
      earlier.flatMap((run) =>
        run.filter((other) => keyOf(other) === keyOf({ ...one, amount: null })).map((other) => other.quantity)
      )
    );
    if (one.item === 'redshift-scan') return priceItem({ ...one, quantity: 0, note }, prices);
    if (one.item === 'dynamodb-export' && tableBytes !== null) {
      return priceItem({ ...one, quantity: tableBytes / gigabyte, note: 'by the size of the table' }, prices);
    }
    const reason = earlier.length === 0 ? 'no run of this kind was recorded yet' : note;
    return priceItem({ ...one, quantity, ...(reason && { note: reason }) }, prices, settings.temporalCloud);
  });
  return { ...runCost(items, prices), basedOnRuns: earlier.length };
}
