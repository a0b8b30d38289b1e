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

/** Milliseconds that the attempts of one refresh may take together: a twentieth of the lifetime, from 1 to 3 min. */
export function patience(durationSeconds: number): number {
  return Math.min(180_000, Math.max(60_000, durationSeconds * 50));
}

/** Milliseconds from a refresh that failed to the next: a twentieth of the lifetime, at most 5 min. */
export function retryPause(durationSeconds: number): number {
  return Math.min(300_000, durationSeconds * 50);
}

/**
 * What people have to be told of a refresh that failed at `now`, if anything: at once when it will not pass by itself,
 * else so early that half of what was left at the refresh is still left, since the next one may take its time to fail.
 */
export function alertOf(
  { expiration, declaration: { durationSeconds } }: Pick<CredentialsStatus, 'expiration' | 'declaration'>,
  { isPermanent, now }: { readonly isPermanent: boolean; readonly now: number }
): CredentialsStatus['alerted'] {
  if (expiration === undefined) return 'not-refreshed';
  const end = Date.parse(expiration);
  if (now >= end) return 'expired';
  const nextFailure = now + retryPause(durationSeconds) + patience(durationSeconds);
  return isPermanent || nextFailure > end - (durationSeconds * 1000) / 6 ? 'not-refreshed' : undefined;
}
