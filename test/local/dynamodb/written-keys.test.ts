import { describe, expect, it } from 'vitest';
import { WrittenKeys } from '../../../local/dynamodb/written-keys.js';

const keys = (count: number, kind: string): string[] => Array.from({ length: count }, (_, n) => `${kind}${n}/`);

describe('WrittenKeys', () => {
  it('has every key that was added, also after it has grown, and nearly no other', () => {
    const written = new WrittenKeys();
    const added = keys(300_000, 'added');
    for (const key of added) {
      written.add(key);
      written.add(key);
    }
    expect(added.filter((key) => !written.has(key))).toEqual([]);
    expect(keys(300_000, 'other').filter((key) => written.has(key)).length).toBeLessThan(300);
  });

  it('has no key at first', () => {
    const written = new WrittenKeys();
    expect(keys(1_000, 'any').filter((key) => written.has(key))).toEqual([]);
  });

  it('takes every key for a written one where there are too many', () => {
    const written = new WrittenKeys(1 << 17);
    const added = keys(100_000, 'added');
    for (const key of added) written.add(key);
    for (const key of [...added, ...keys(1_000, 'other')]) if (!written.has(key)) expect.fail(key);
    written.add('one more');
    expect(written.has('another')).toBe(true);
  });
});
