import type { CostItem, RunCost } from '../model/cost/cost.js';
import { table } from './output/table.js';

/** What is not known, as people read it. */
const unknown = 'n/a';

/** US dollars; small ones with more digits, so that nothing that costs something reads as nothing. */
export function dollars(amount: number | null): string {
  if (amount === null) return unknown;
  if (amount === 0 || amount >= 0.01) return amount.toFixed(2);
  return amount < 0.000_001 ? '< 0.000001' : amount.toFixed(6);
}

const figure = (value: number | null): string =>
  value === null ? unknown : value.toLocaleString('en-US', { maximumSignificantDigits: 6 });

const row = ({ item, detail, quantity, unit, amount, monthly, note = '' }: CostItem): string[] => [
  item,
  detail,
  figure(quantity),
  unit,
  `${dollars(amount)}${monthly && amount !== null ? ' a month' : ''}`,
  note,
];

/** The lines of a cost with its totals, for people. */
export function drawCost({ items, total, monthly, unknown: missing, currency, priceDate, region }: RunCost): string {
  const lines = [
    table(['item', 'of', 'quantity', 'unit', currency, 'note'], items.map(row)),
    `${missing.length > 0 ? 'Total of what is known' : 'Total'}: ${currency} ${dollars(total)}, and ${dollars(monthly)} ` +
      `a month for what is kept. List prices of ${priceDate}, ${region}; your bill is the truth.`,
  ];
  if (missing.length > 0) lines.push(`Not known: ${missing.join(', ')}.`);
  return lines.join('\n');
}
