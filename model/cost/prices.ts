import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const region = z.record(
  z.string(),
  z.strictObject({
    price: z.number().nonnegative().nullable(),
    per: z.string(),
    source: z.string(),
    checked: z.string().optional(),
  })
);

/** Prices as a file gives them; `*` is for what costs the same in every Region. */
export const priceListSchema = z.strictObject({
  version: z.literal(1),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'not a date like 2026-03-01'),
  currency: z.literal('USD'),
  regions: z.record(z.string().regex(/^(\*|[a-z]{2}(-[a-z]+)+-\d)$/, 'not a Region like us-east-1, or *'), region),
});

/** A dated list of prices in US dollars, by Region and key, such as `glue-dpu-hour-standard`. Unknown ones are null. */
export type PriceList = z.infer<typeof priceListSchema>;

/** The prices of one Region. */
export interface Prices {
  /** Day on which they were gathered. */
  readonly date: string;
  readonly currency: string;
  readonly region: string;
  /** US dollars for the unit that the list names with the price; null when it is not known. */
  price(key: string): number | null;
}

/** The list that comes with Sluice, `model/cost/prices.json`. */
export function ownPrices(): PriceList {
  return priceListSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')));
}

/** The prices of a Region; those of `given` replace those of Sluice's own list, key by key, and so does its date. */
export function pricesIn(region: string, given?: PriceList): Prices {
  const own = ownPrices();
  const find = (list: PriceList | undefined, key: string): { readonly price: number | null } | undefined =>
    list?.regions[region]?.[key] ?? list?.regions['*']?.[key];
  return {
    date: given?.date ?? own.date,
    currency: own.currency,
    region,
    price: (key) => (find(given, key) ?? find(own, key))?.price ?? null,
  };
}
