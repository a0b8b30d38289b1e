import type { Configuration } from '../../model/configuration.js';
import { CommandError } from '../errors.js';
import { planSchedules } from './plan-schedules.js';
import { Schedules } from './schedules.js';
import type { AppliedSchedule } from './schedules.js';

/** What `sluice schedule apply` would do, or why that is not known. */
export type ScheduleDrift =
  | { readonly kind: 'known'; readonly schedules: readonly AppliedSchedule[] }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Compares the declared schedules with Temporal's, changing nothing; undefined when none is declared. */
export async function scheduleDrift(
  configuration: Configuration,
  env: NodeJS.ProcessEnv
): Promise<ScheduleDrift | undefined> {
  if (configuration.schedules.length === 0) return undefined;
  const planned = planSchedules(configuration);
  let schedules: Schedules | undefined;
  try {
    schedules = await Schedules.connect(configuration, env);
    return { kind: 'known', schedules: await schedules.apply(planned, { dryRun: true }) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { kind: 'unknown', reason: error.message };
  } finally {
    await schedules?.close();
  }
}

/** A line for each schedule, for people. */
export function driftLines(drift: ScheduleDrift | undefined): string[] {
  if (drift === undefined) return [];
  if (drift.kind === 'unknown') return [`not compared: ${drift.reason}`];
  const said: Readonly<Record<AppliedSchedule['outcome'], string>> = {
    created: 'not applied yet',
    updated: 'differs',
    unchanged: 'as declared',
    undeclared: 'no longer declared',
    deleted: 'no longer declared',
  };
  return drift.schedules.map(({ name, outcome, changes, next }) => {
    const differences = changes.map(({ field, from, to }) => `${field} ${from} → ${to}`).join('; ');
    const details = [differences, ...(next[0] ? [`next ${next[0]}`] : [])].filter(Boolean).join('; ');
    return `${name}: ${said[outcome]}${details === '' ? '' : `: ${details}`}`;
  });
}
