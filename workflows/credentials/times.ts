import type { CredentialsStatus } from './types.js';

/** Milliseconds; no two refreshes follow each other faster, whatever the clocks say. */
const leastPause = 60_000;

/**
 * When credentials are refreshed that became current at `now`: at two thirds of their lifetime, by AWS's clock or by
 * the workflow's, whichever comes first.
 */
export function refreshTime(expiration: string, durationSeconds: number, now: number): number {
  const lifetime = durationSeconds * 1000;
  const due = Math.min(Date.parse(expiration) - lifetime / 3, now + (lifetime * 2) / 3);
  return Math.max(due, now + Math.max(leastPause, lifetime / 10));
}

/** From when on a failure is told of that may still pass by itself: with half of what was left at the refresh. */
export function alertTime({ expiration, declaration }: CredentialsStatus): number {
  if (expiration === undefined) return 0;
  return Date.parse(expiration) - (declaration.durationSeconds * 1000) / 6;
}

/** Milliseconds until the next try after one that failed: a twentieth of the lifetime, from 15 s to 5 min. */
export function retryPause(durationSeconds: number): number {
  return Math.min(300_000, Math.max(15_000, durationSeconds * 50));
}
