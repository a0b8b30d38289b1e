import { describe, expect, it } from 'vitest';
import { setupTransactions } from '../../workflows/elt/setup-transactions.js';

const statements = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `s${index}`, sql: String(index).padEnd(length, '-') }));

describe('setupTransactions', () => {
  it('keeps to the 40 statements and the 100 KB that the Data API takes', () => {
    for (const given of [statements(1, 10), statements(95, 100), statements(10, 30_000), statements(3, 90_000)]) {
      const transactions = setupTransactions(given);
      expect(transactions.flatMap(({ sqls }) => sqls)).toEqual(given.map(({ sql }) => sql));
      for (const { sqls } of transactions) {
        expect(sqls.length).toBeLessThanOrEqual(40);
        expect(sqls.join('').length).toBeLessThan(100_000);
      }
    }
  });

  it('numbers the transactions, so that each has a client token of its own', () => {
    expect(setupTransactions(statements(41, 10)).map(({ step }) => step)).toEqual(['setup 1/2', 'setup 2/2']);
    expect(setupTransactions([])).toEqual([]);
  });
});
