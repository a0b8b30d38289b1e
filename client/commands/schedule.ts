import { loadConfiguration } from '../../model/configuration.js';
import type { OverlapPolicy } from '../../model/overlap-policies.js';
import type { CommandContext } from '../command-context.js';
import { UsageError } from '../errors.js';
import { table } from '../output/table.js';
import { planSchedules } from '../schedules/plan-schedules.js';
import { Schedules } from '../schedules/schedules.js';
import type { AppliedSchedule, ScheduleState } from '../schedules/schedules.js';

/** Opens the schedules of the configuration for one command, and closes them after it. */
async function withSchedules<T>(
  { configFile, env }: CommandContext,
  work: (schedules: Schedules, planned: ReturnType<typeof planSchedules>) => Promise<T>
): Promise<T> {
  const configuration = loadConfiguration({ file: configFile, env });
  const planned = planSchedules(configuration);
  const schedules = await Schedules.connect(configuration, env);
  try {
    return await work(schedules, planned);
  } finally {
    await schedules.close();
  }
}

/**
 * `sluice schedule apply`: brings Temporal's schedules to what the configuration declares. The document is
 * `{"schedules": [AppliedSchedule], "dryRun"}`.
 */
export async function applySchedules(
  context: CommandContext,
  options: { readonly dryRun?: boolean; readonly prune?: boolean }
): Promise<void> {
  const { console } = context;
  const applied = await withSchedules(context, (schedules, planned) => schedules.apply(planned, options));
  console.print(drawApplied(applied));
  if (applied.some(({ outcome }) => outcome === 'undeclared')) {
    console.note('Undeclared schedules go on; `sluice schedule apply --prune` deletes them.');
  }
  if (options.dryRun) console.note('Nothing was changed (--dry-run).');
  console.document({ schedules: applied, dryRun: options.dryRun === true });
}

/** What was done, or would be, with each schedule. */
export function drawApplied(applied: readonly AppliedSchedule[]): string {
  if (applied.length === 0) return 'No schedule is declared: see `schedules` in docs/schedules.md.';
  const rows = applied.map(({ name, outcome, changes, next }) => [
    name,
    outcome,
    changes.map(({ field, from, to }) => `${field}: ${cut(from)} → ${cut(to)}`).join('\n'),
    next[0] ?? '',
  ]);
  return table(['schedule', 'outcome', 'changes', 'next (UTC)'], rows);
}

const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** `sluice schedule list`: the document is `{"schedules": [ScheduleState]}`. */
export async function listSchedules(context: CommandContext): Promise<void> {
  const states = await withSchedules(context, (schedules, planned) => schedules.list(planned));
  context.console.print(states.length === 0 ? 'No schedule is there or declared.' : drawStates(states));
  const differing = states.filter(({ changes }) => changes.length > 0).map(({ name }) => name);
  if (differing.length > 0) {
    context.console.note(`Not as declared: ${differing.join(', ')}; \`sluice schedule apply --dry-run\` tells how.`);
  }
  context.console.document({ schedules: states });
}

function drawStates(states: readonly ScheduleState[]): string {
  const rows = states.map(({ name, state, times, next, runs, note, skipped, missed }) => [
    name,
    state,
    times,
    next[0] ?? '',
    runs[0]?.runKey ?? '',
    [
      ...(note === undefined ? [] : [note]),
      ...(skipped ? [`${skipped} skipped`] : []),
      ...(missed ? [`${missed} missed`] : []),
    ].join('; '),
  ]);
  return table(['schedule', 'state', 'times', 'next (UTC)', 'last run', 'note'], rows);
}

/** Does one thing to one schedule; the document is `{"schedule": ScheduleState}`. */
async function change(
  context: CommandContext,
  done: string,
  work: (schedules: Schedules) => Promise<ScheduleState>
): Promise<void> {
  const schedule = await withSchedules(context, work);
  context.console.print(`${done} ${schedule.name}.${schedule.next[0] ? ` Next: ${schedule.next[0]}.` : ''}`);
  context.console.document({ schedule });
}

/** `sluice schedule pause NAME`. */
export async function pauseSchedule(
  context: CommandContext,
  name: string,
  { note }: { readonly note?: string }
): Promise<void> {
  await change(context, 'Paused', (schedules) => schedules.pause(name, note));
}

/** `sluice schedule resume NAME`. */
export async function resumeSchedule(
  context: CommandContext,
  name: string,
  { note }: { readonly note?: string }
): Promise<void> {
  await change(context, 'Resumed', (schedules) => schedules.resume(name, note));
}

/** `sluice schedule trigger NAME`. */
export async function triggerSchedule(
  context: CommandContext,
  name: string,
  { overlap }: { readonly overlap?: OverlapPolicy }
): Promise<void> {
  await change(context, 'Triggered', (schedules) => schedules.trigger(name, overlap));
}

/** `sluice schedule backfill NAME --from TIME --to TIME`; the document is `{"name", "runKeys"}`. */
export async function backfillSchedule(
  context: CommandContext,
  name: string,
  { from, to, overlap }: { readonly from: string; readonly to: string; readonly overlap?: OverlapPolicy }
): Promise<void> {
  const [start, end] = [instant('--from', from), instant('--to', to)];
  const runKeys = await withSchedules(context, (schedules) => schedules.backfill(name, start, end, overlap));
  context.console.print(
    `${runKeys.length} runs of ${name} will start one after the other: ${runKeys.slice(0, 5).join(', ')}${runKeys.length > 5 ? ', …' : ''}`
  );
  context.console.document({ name, runKeys });
}

/** A time that names its zone, or a date, which is midnight UTC. */
function instant(option: string, text: string): Date {
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text) || Number.isNaN(time.getTime())) {
    throw new UsageError(`${option}: ${JSON.stringify(text)} is not a time like 2026-03-01T00:00:00Z, or a date.`);
  }
  return time;
}

/** `sluice schedule delete NAME`; the document is `{"deleted"}`. */
export async function deleteSchedule(context: CommandContext, name: string): Promise<void> {
  await withSchedules(context, (schedules) => schedules.delete(name));
  context.console.print(`Deleted ${name}. Runs that it has started go on.`);
  context.console.document({ deleted: name });
}
