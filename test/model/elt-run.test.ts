import { describe, expect, it } from 'vitest';
import { defaultRunKey, freshRunKey, runKeyProblem } from '../../model/elt-run.js';

describe('run keys', () => {
  const lateEvening = new Date('2026-02-28T23:59:07.500Z');

  it('is the date in UTC by default', () => {
    expect(defaultRunKey(lateEvening)).toBe('2026-02-28');
  });

  it('is new at every call when a fresh one is asked for', () => {
    expect(freshRunKey(lateEvening)).toMatch(/^2026-02-28T235907Z-[0-9a-f]{4}$/);
    expect(new Set(Array.from({ length: 20 }, () => freshRunKey(lateEvening))).size).toBeGreaterThan(15);
  });

  it.each(['', ' 2026', 'a b', 'x'.repeat(201), "2026'--", '../x'])('refuses %j', (key) => {
    expect(runKeyProblem(key)).toBeDefined();
  });

  it.each([defaultRunKey(), freshRunKey(), 'nightly:2026-02-28_1'])('accepts %j', (key) => {
    expect(runKeyProblem(key)).toBeUndefined();
  });
});
