import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentText } from '../../bench/report/document.js';
import { performancePage } from '../../bench/report/performance-page.js';
import { median } from '../../bench/report/report.js';
import type { PublishedResult } from '../../bench/report/report.js';

const result: PublishedResult = {
  bench: 'elt-scale',
  title: 'Loads',
  columns: ['s', 'MiB'],
  reference: { by: 'Sluice', columns: ['s'] },
  measured: [
    { by: 'Sluice', samples: { s: [4, 1, 2], MiB: [300] } },
    { by: 'a | b', samples: { s: [5, 3] } },
  ],
  notes: ['One line.'],
  conditions: { commit: 'abc1234', date: '2026-11-21', node: 'v20', machine: '2 × CPU, 24 GiB' },
};

describe('docs/performance.md', () => {
  it('is what the kept results make', async () => {
    const page = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');
    expect(readFileSync(page, 'utf8')).toBe(await documentText());
  });

  it('shows medians and their ratio to the reference, and a dash where nothing was measured', () => {
    const rows = performancePage([result]).split('\n');
    expect(rows).toContain('| by | s | × | MiB |');
    expect(rows).toContain('| Sluice | 2.000 | 1.00 | 300 |');
    expect(rows).toContain('| a \\| b | 4.000 | 2.00 | – |');
  });

  it('refuses a result that no section asks for', () => {
    expect(() => performancePage([{ ...result, bench: 'dqx' }])).toThrow('bench/results/dqx.json');
  });
});

describe('median', () => {
  it('is the middle, of an even number the mean of the two, and of none NaN', () => {
    expect(median([3, 10, 1])).toBe(3);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
