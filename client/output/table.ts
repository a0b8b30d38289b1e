import CliTable from 'cli-table3';

/** A cell as it comes from the warehouse or from a count. */
export type Cell = string | number | boolean | null | undefined;

/**
 * A table with a head and ruled borders, for a terminal. Numbers stand to the right; NULL shows as `NULL`.
 * Control characters in values are escaped, so that data cannot drive the terminal.
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])));
  const drawn = new CliTable({
    head: head.map(printable),
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) drawn.push(head.map((_, column) => text(row[column])));
  return drawn.toString();
}

/** A whole number with separators of thousands. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Seconds at one decimal; minutes and hours where there are any: `4.2 s`, `3 min 07 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')} min ${String(whole % 60).padStart(2, '0')} s`;
  return hours > 0 ? `${hours} h ${rest}` : rest;
}

function isNumeric(cell: Cell): boolean {
  if (cell === '') return true;
  return (
    cell === null || typeof cell === 'number' || (typeof cell === 'string' && /^-?\d[\d,]*(\.\d+)?( s|%)?$/.test(cell))
  );
}

function text(cell: Cell): string {
  if (cell === undefined) return '';
  return cell === null ? 'NULL' : printable(String(cell));
}

function printable(value: string): string {
  return value.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
