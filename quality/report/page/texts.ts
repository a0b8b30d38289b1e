const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** A count, such as 12,345. */
export const count = (value: number): string => whole.format(value);

/** A count with its noun in the right number. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** A share of 0 to 1 such as 98.2%; a dash where there is none. What is not all never reads 100%, nor some 0%. */
export function share(value: number | undefined): string {
  if (value === undefined) return '–';
  const shown = value < 1 && value > 0.999 ? 0.999 : value > 0 && value < 0.001 ? 0.001 : value;
  return percent.format(shown);
}
