import type { Past } from './numbers.js';
import { deviation, mean } from './numbers.js';

/** What a metric was expected to be, by its past. */
export interface Band {
  expected: number;
  lower: number;
  upper: number;
}

/** How many past values a prediction needs. */
export const enoughPast = 3;

const window = 30;
const deviations = 3;

/**
 * The band a metric's next value is expected in: the mean of its last 30 values, ± 3 of their standard deviations. A
 * past that never moved allows for rounding only.
 *
 * @returns undefined with fewer than 3 past values.
 */
export function expectedBand(past: Past): Band | undefined {
  const recent = past.slice(0, window);
  if (recent.length < enoughPast) return undefined;
  const expected = mean(recent);
  const reach = Math.max(deviations * deviation(recent), Math.abs(expected) * 1e-9);
  return { expected, lower: expected - reach, upper: expected + reach };
}

/** Whether a value lies outside the band; NaN does. */
export function isOutside({ lower, upper }: Band, value: number): boolean {
  return !(value >= lower && value <= upper);
}
