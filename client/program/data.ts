import type { Command } from 'commander';
import type { Define } from './define.js';

/** Adds `archive`, `restore` and `query`. */
export function dataCommands(program: Command, define: Define): void {
  define(
    program,
    'archive',
    'Move what raw and lake hold of the table to the archive buckets, as every run does before its export',
    ['sluice archive', 'sluice archive --model warehouse.yaml --json'],
    async () => (await import('../commands/archive.js')).archive
  ).option('--model <file>', 'warehouse.yaml (default: the one of the configuration)');

  define(
    program,
    'restore',
    'Bring an archived generation of raw and lake back',
    ['sluice restore --at 2026-03-01T12:00:00Z', 'sluice restore --overwrite --reload --json'],
    async () => (await import('../commands/restore.js')).restore
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--at <time>', 'the latest generation at or before, ISO 8601 with zone or a date (default: the latest)')
    .option('--overwrite', 'archive what stands there first, instead of refusing')
    .option('--reload', 'load the warehouse from the restored lake');

  define(
    program,
    'query <sql>',
    'Run SQL on the warehouse through the Redshift Data API',
    [`sluice query 'SELECT count(*) FROM dwh."order"'`, `sluice query 'SELECT * FROM dwh.date LIMIT 5' --json`],
    async () => (await import('../commands/query.js')).query
  );
}
