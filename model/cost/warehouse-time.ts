/** Milliseconds since the epoch, from (included) to (excluded). */
export type Interval = readonly [from: number, to: number];

/** Redshift Serverless bills a workgroup that wakes up for at least this many seconds. */
const minimumSeconds = 60;

/** The union of intervals, in order and apart. */
function union(intervals: readonly Interval[]): Interval[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...intervals].sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Seconds in which at least one of the intervals held. */
export function busySeconds(intervals: readonly Interval[]): number {
  return union(intervals).reduce((sum, [from, to]) => sum + (to - from) / 1000, 0);
}

/**
 * Seconds that Redshift Serverless bills: each burst of work for at least a minute, in which work that begins meanwhile
 * is covered.
 * @see https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html
 */
export function billedSeconds(intervals: readonly Interval[]): number {
  let paidUntil = -Infinity;
  let seconds = 0;
  for (const [from, to] of union(intervals)) {
    const end = from <= paidUntil ? Math.max(paidUntil, to) : Math.max(to, from + minimumSeconds * 1000);
    seconds += (end - Math.max(from, paidUntil)) / 1000;
    paidUntil = end;
  }
  return seconds;
}
