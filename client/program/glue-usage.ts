import type { Command } from 'commander';
import { positiveInteger } from './arguments.js';
import type { Define } from './define.js';

/** Adds `glue-usage`. */
export function glueUsageCommands(program: Command, define: Define): void {
  const glueUsage = program.command('glue-usage').description('What AWS Glue ran in the account, and what that cost');
  define(
    glueUsage,
    'runs',
    'List the recorded runs of Glue jobs, the latest first',
    ['sluice glue-usage runs --flagged', 'sluice glue-usage runs --job land_order_job --limit 50 --json'],
    async () => (await import('../commands/glue-usage.js')).glueUsageRuns
  )
    .option('--job <name>', 'only of this job')
    .option('--flagged', 'only those that failed, timed out or passed a limit')
    .option('--limit <n>', 'at most this many', positiveInteger, 20);
  define(
    glueUsage,
    'report',
    'Sum up the recorded runs as the weekly report does, and write it as an HTML page',
    ['sluice glue-usage report', 'sluice glue-usage report --days 1 --out glue.html --json'],
    async () => (await import('../commands/glue-usage.js')).glueUsagePage
  )
    .option('--days <n>', 'runs that ended in the last days', positiveInteger, 7)
    .option('--out <file>', 'file to write', 'glue-usage.html');
}
