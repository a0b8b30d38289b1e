import { describe, expect, it } from 'vitest';
import type { CredentialsDeclaration } from '../../../model/credentials.js';
import { alertOf, patience, refreshTime, retryPause } from '../../../workflows/credentials/times.js';

const iso = (time: number): string => new Date(time).toISOString();
const declaration = (durationSeconds: number) => ({ durationSeconds }) as CredentialsDeclaration;

describe('a refresh', () => {
  it.each([900, 3_600, 43_200])('is due with a third of %i s left, by the earlier of two clocks', (seconds) => {
    const third = (seconds * 1000) / 3;
    expect(refreshTime(iso(3 * third), seconds, 0)).toBe(2 * third);
    // The workflow's clock is behind AWS's, and ahead of it.
    expect(refreshTime(iso(4 * third), seconds, 0)).toBe(2 * third);
    expect(refreshTime(iso(2.5 * third), seconds, 0)).toBe(1.5 * third);
  });

  it('is not repeated without a pause, however wrong a clock is', () => {
    expect(refreshTime(iso(-1_000_000), 900, 0)).toBe(90_000);
  });
});

describe('a failure', () => {
  it.each([900, 3_600, 43_200])('that may pass is told of in time with credentials of %i s', (seconds) => {
    const status = { expiration: iso(seconds * 1000), declaration: declaration(seconds) };
    let [now, told] = [(seconds * 2000) / 3, undefined as ReturnType<typeof alertOf>];
    for (; told === undefined; now += retryPause(seconds)) {
      now += patience(seconds);
      told = alertOf(status, { isPermanent: false, now });
    }
    expect(told).toBe('not-refreshed');
    expect(seconds * 1000 - (now - retryPause(seconds))).toBeGreaterThanOrEqual((seconds * 1000) / 6);
  });

  it('is told of at once when it will not pass, when there are no credentials yet, and when they have expired', () => {
    const status = { expiration: iso(3_600_000), declaration: declaration(3_600) };
    expect(alertOf(status, { isPermanent: false, now: 2_400_000 })).toBeUndefined();
    expect(alertOf(status, { isPermanent: true, now: 2_400_000 })).toBe('not-refreshed');
    expect(alertOf({ declaration: declaration(900) }, { isPermanent: false, now: 0 })).toBe('not-refreshed');
    expect(alertOf(status, { isPermanent: true, now: 3_600_000 })).toBe('expired');
  });
});
