import type { Command } from 'commander';
import { positiveInteger } from './arguments.js';
import type { Define } from './define.js';

/** Adds `runs`, `show` and what is said to a run: `cancel`, `pause`, `resume`, `approve`, `reject`. */
export function runCommands(program: Command, define: Define): void {
  define(
    program,
    'runs',
    'List runs, the latest first',
    ['sluice runs', 'sluice runs --failed --pipeline ecommerce', 'sluice runs --table ecommerce --limit 50 --json'],
    async () => (await import('../commands/runs.js')).runs
  )
    .option('--table <name>', 'only runs of this DynamoDB table')
    .option('--pipeline <name>', 'only runs of the model of this name')
    .option('--failed', 'only runs that failed')
    .option('--limit <n>', 'at most this many', positiveInteger, 20);

  define(
    program,
    'show <run>',
    'Show one run, by run key or workflow id: stages, times, row counts, remote ids, failure',
    ['sluice show 2026-03-01', 'sluice show elt-ecommerce-2026-03-01 --json'],
    async () => (await import('../commands/show.js')).show
  );

  const reason = ['--reason <text>', 'why; kept with the run'] as const;
  const by = ['--by <name>', 'who asks (default: the user of this process)'] as const;

  define(
    program,
    'cancel <run>',
    'Stop the remote jobs of a run, once, and end it as CANCELLED',
    ['sluice cancel 2026-03-01', 'sluice cancel 2026-03-01 --wait --json'],
    async () => (await import('../commands/cancel.js')).cancel
  ).option('--wait', 'return when the run has ended');

  define(
    program,
    'pause <run>',
    'Let a run stand still when its present stage has ended',
    ['sluice pause 2026-03-01 --reason "month-end close"'],
    async () => (await import('../commands/pause.js')).pause
  )
    .option(...reason)
    .option(...by);

  define(
    program,
    'resume <run>',
    'Let a paused run go on, or go on with one that failed, was cancelled or terminated, from the stage it ended in',
    ['sluice resume 2026-03-01', 'sluice resume 2026-03-01 --watch'],
    async () => (await import('../commands/resume.js')).resume
  )
    .option('--model <file>', 'warehouse.yaml that the run was started with (default: the one of the configuration)')
    .option(...reason)
    .option(...by)
    .option('--watch', 'show the stages live and wait for the end');

  define(
    program,
    'approve <run>',
    'Approve what a run asks, as `sluice show` tells',
    ['sluice approve 2026-03-01 --reason "the gap is known"'],
    async () => (await import('../commands/decide.js')).approve
  )
    .option('--name <question>', 'which question, where several wait')
    .option('--ruleset <file>', 'of a recommendation: rules to save instead of the recommended ones')
    .option(...reason)
    .option(...by);

  define(
    program,
    'reject <run>',
    'Reject what a run asks, as `sluice show` tells',
    ['sluice reject 2026-03-01 --reason "wait for the backfill"'],
    async () => (await import('../commands/decide.js')).reject
  )
    .option('--name <question>', 'which question, where several wait')
    .option(...reason)
    .option(...by);
}
