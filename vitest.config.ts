import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    pool: 'forks', // Temporal's and DuckDB's native modules cannot be loaded in worker threads
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 600_000, // the first run on a machine makes a Python environment
    reporters: ['default', ['json', { outputFile: 'coverage/vitest.json' }]],
  },
});
