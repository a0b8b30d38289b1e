import { Option } from 'commander';
import type { Command } from 'commander';
import { overlapPolicies } from '../../model/overlap-policies.js';
import type { Define } from './define.js';

/** Adds `schedule`. */
export function scheduleCommands(program: Command, define: Define): void {
  const schedule = program.command('schedule').description('Keep schedules as the configuration declares them');
  const note = ['--note <text>', 'why, shown by `list` and in the Web UI'] as const;
  const overlap = (): Option =>
    new Option('--overlap <policy>', 'what to do while another run of the schedule goes on').choices(overlapPolicies);
  define(
    schedule,
    'apply',
    'Create and update schedules until they are as declared; paused ones stay paused',
    ['sluice schedule apply --dry-run', 'sluice schedule apply --prune --json'],
    async () => (await import('../commands/schedule.js')).applySchedules
  )
    .option('--dry-run', 'only show the difference')
    .option('--prune', 'delete schedules of this task queue that are no longer declared');
  define(
    schedule,
    'list',
    'Show declared and existing schedules: next and last runs, whether paused, and drift',
    ['sluice schedule list', 'sluice schedule list --json'],
    async () => (await import('../commands/schedule.js')).listSchedules
  );
  define(
    schedule,
    'pause <name>',
    'Let no run start until the schedule is resumed',
    ["sluice schedule pause nightly --note 'the source moves'"],
    async () => (await import('../commands/schedule.js')).pauseSchedule
  ).option(...note);
  define(
    schedule,
    'resume <name>',
    'Let a paused schedule go on',
    ['sluice schedule resume nightly'],
    async () => (await import('../commands/schedule.js')).resumeSchedule
  ).option(...note);
  define(
    schedule,
    'trigger <name>',
    'Start a run now, or once the one that runs has ended',
    ['sluice schedule trigger nightly', 'sluice schedule trigger nightly --overlap SKIP'],
    async () => (await import('../commands/schedule.js')).triggerSchedule
  ).addOption(overlap());
  define(
    schedule,
    'backfill <name>',
    'Start the runs of past times, one after the other in their order',
    ['sluice schedule backfill nightly --from 2026-03-01 --to 2026-03-08T00:00:00Z'],
    async () => (await import('../commands/schedule.js')).backfillSchedule
  )
    .requiredOption('--from <time>', 'first time, ISO 8601 with zone, or a date (midnight UTC)')
    .requiredOption('--to <time>', 'end of the range, itself left out')
    .addOption(overlap());
  define(
    schedule,
    'delete <name>',
    'Delete a schedule; runs that it has started go on',
    ['sluice schedule delete nightly'],
    async () => (await import('../commands/schedule.js')).deleteSchedule
  );
}
