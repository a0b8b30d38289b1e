import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    pool: 'forks', // Temporal's and DuckDB's native modules cannot be loaded in worker threads
    maxWorkers: 4, // of two cores: much of a run is waiting
    isolate: false, // a process for each file would load the SDKs and engines 160 times: an eighth of a run's CPU
    execArgv: ['--max-semi-space-size=64'], // MiB: short-lived objects are what tests make; a tenth less CPU
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } }, // a second, Vitest's own, is short where four test files share two cores
    hookTimeout: 600_000, // the first run on a machine makes a Python environment
    reporters: ['default', ['json', { outputFile: 'coverage/vitest.json' }]],
  },
});
