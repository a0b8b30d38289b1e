import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { optionalDateToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { nextTimes } from '../../model/calendar.js';
import type { Configuration } from '../../model/configuration.js';
import type { OverlapPolicy } from '../../model/overlap-policies.js';
import { UsageError } from '../errors.js';
import { TemporalConnection } from '../temporal-connection.js';
import { scheduleChanges } from './changes.js';
import type { ScheduleChange } from './changes.js';
import { defineSchedule, scheduleId } from './definition.js';
import type { PlannedSchedule, ScheduleDefinition } from './definition.js';

/** What `apply` did, or would do, with one schedule. */
export interface AppliedSchedule {
  readonly name: string;
  /** `undeclared` ones are Sluice's, of this task queue, and left alone unless pruned. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'undeclared' | 'deleted';
  readonly changes: readonly ScheduleChange[];
  /** The next times, ISO 8601, without jitter. */
  readonly next: readonly string[];
}

/** A schedule as it stands. */
export interface ScheduleState {
  readonly name: string;
  readonly state: 'active' | 'paused' | 'not applied' | 'undeclared';
  /** Cron expression or calendar, and the time zone. */
  readonly times: string;
  readonly next: readonly string[];
  /** The latest first. */
  readonly runs: readonly { readonly runKey: string; readonly workflowId: string; readonly startedAt: string }[];
  readonly running: readonly string[];
  readonly note?: string;
  /** Runs that were skipped since another one went on, and those that the catch-up window left behind. */
  readonly skipped: number;
  readonly missed: number;
  /** In what it differs from its declaration. */
  readonly changes: readonly ScheduleChange[];
}

/** The server keeps at most so many runs in a schedule's buffer. */
const maximumBackfill = 1_000;

const iso = (time: Date): string => time.toISOString().replace('.000Z', 'Z');

/** Keeps the schedules of a configuration in Temporal. It touches only schedules that it has made itself. */
export class Schedules {
  private constructor(
    private readonly configuration: Configuration,
    private readonly temporal: TemporalConnection
  ) {}

  /**
   * Connects to the Temporal server that the environment names.
   * @throws UsageError naming the address when no server answers.
   */
  static async connect(configuration: Configuration, env: NodeJS.ProcessEnv = process.env): Promise<Schedules> {
    return new Schedules(configuration, await TemporalConnection.connect(env));
  }

  /**
   * Makes what Temporal has equal to what is declared: creates, updates what differs, and with `prune` deletes those of
   * the same task queue that are no longer declared. Whether a schedule is paused stays as it is. Nothing is changed
   * when a schedule is not Sluice's own.
   * @throws UsageError naming it.
   */
  async apply(
    planned: readonly PlannedSchedule[],
    { prune = false, dryRun = false }: { readonly prune?: boolean; readonly dryRun?: boolean } = {}
  ): Promise<AppliedSchedule[]> {
    const { deployment, taskQueue } = this.configuration;
    const works = await Promise.all(
      planned.map(async (one) => {
        const { declaration } = one;
        const definition = defineSchedule(one, deployment, taskQueue);
        return { declaration, definition, now: await this.find(declaration.name) };
      })
    );
    const applied: AppliedSchedule[] = [];
    for (const { declaration, definition, now } of works) {
      const { name, calendars, timeZone } = declaration;
      const next = nextTimes(calendars, timeZone, 3, new Date()).map(iso);
      const changes = now === undefined ? [] : scheduleChanges(now, declaration, definition);
      const outcome = now === undefined ? 'created' : changes.length > 0 ? 'updated' : 'unchanged';
      if (!dryRun && outcome === 'created') await this.call(() => this.temporal.client.schedule.create(definition));
      if (!dryRun && outcome === 'updated') await this.update(definition);
      applied.push({ name, outcome, changes, next });
    }
    for (const name of await this.undeclared(planned)) {
      if (prune && !dryRun) await this.call(() => this.handle(name).delete());
      applied.push({ name, outcome: prune ? 'deleted' : 'undeclared', changes: [], next: [] });
    }
    return applied;
  }

  /** The declared schedules as they stand, and those of the same task queue that are not declared. */
  async list(planned: readonly PlannedSchedule[]): Promise<ScheduleState[]> {
    const { deployment, taskQueue } = this.configuration;
    const declared = planned.map(async (one): Promise<ScheduleState> => {
      const { declaration } = one;
      const { name, cron, calendars, timeZone } = declaration;
      const now = await this.find(name);
      const times = `${cron ?? 'calendar'} ${timeZone}`;
      if (now === undefined) {
        const next = nextTimes(calendars, timeZone, 3, new Date()).map(iso);
        return { name, state: 'not applied', times, next, runs: [], running: [], skipped: 0, missed: 0, changes: [] };
      }
      const changes = scheduleChanges(now, declaration, defineSchedule(one, deployment, taskQueue));
      return { ...stateOf(name, now), changes };
    });
    const others = (await this.undeclared(planned)).map(async (name): Promise<ScheduleState | undefined> => {
      const now = await this.find(name);
      return now && { ...stateOf(name, now), state: 'undeclared' };
    });
    const all = await Promise.all([...declared, ...others]);
    return all.filter((state) => state !== undefined);
  }

  /** Holds a schedule: no run starts at its times until it is resumed. */
  async pause(name: string, note = 'Paused by `sluice schedule pause`'): Promise<ScheduleState> {
    await this.existing(name);
    await this.call(() => this.handle(name).pause(note));
    return stateOf(name, await this.existing(name));
  }

  /** Lets a paused schedule go on. */
  async resume(name: string, note = 'Resumed by `sluice schedule resume`'): Promise<ScheduleState> {
    await this.existing(name);
    await this.call(() => this.handle(name).unpause(note));
    return stateOf(name, await this.existing(name));
  }

  /** Starts a run of the schedule now, or once the one that runs has ended. */
  async trigger(name: string, overlap: OverlapPolicy = 'BUFFER_ONE'): Promise<ScheduleState> {
    await this.existing(name);
    await this.call(() => this.handle(name).trigger(overlap));
    return stateOf(name, await this.existing(name));
  }

  /**
   * Starts the runs of all times from `from` up to, but without, `to`, one after the other in their order.
   * @returns the run keys that they get.
   * @throws UsageError when there is no such time, there are too many, or they are not in the past.
   */
  async backfill(name: string, from: Date, to: Date, overlap: OverlapPolicy = 'BUFFER_ALL'): Promise<string[]> {
    await this.existing(name);
    if (from >= to) throw new UsageError('--from must be before --to.');
    if (to.getTime() > Date.now()) throw new UsageError('--to must not be in the future.');
    // The server leaves out the start of a range and takes its end.
    const [start, end] = [new Date(from.getTime() - 1), new Date(to.getTime() - 1)];
    const times = await this.matchingTimes(name, start, end);
    const range = `from ${iso(from)} to ${iso(to)}`;
    if (times.length === 0) throw new UsageError(`The schedule ${name} has no time ${range}.`);
    if (times.length > maximumBackfill) {
      throw new UsageError(
        `The schedule ${name} has more than ${maximumBackfill} times ${range}: go in smaller steps.`
      );
    }
    await this.call(() => this.handle(name).backfill({ start, end, overlap }));
    return times.map((time) => `${name}-${iso(time)}`);
  }

  /** Deletes a schedule; runs that it has started go on. */
  async delete(name: string): Promise<void> {
    await this.existing(name);
    await this.call(() => this.handle(name).delete());
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.temporal.close();
  }

  private handle(name: string): ScheduleHandle {
    return this.temporal.client.schedule.getHandle(scheduleId(name));
  }

  private call<T>(work: () => Promise<T>): Promise<T> {
    return this.temporal.call(work);
  }

  /** The times of a schedule after `start` up to `end`, as the server reckons them. */
  private async matchingTimes(name: string, start: Date, end: Date): Promise<Date[]> {
    const { workflowService } = this.temporal.client;
    const { startTime } = await this.call(() =>
      workflowService.listScheduleMatchingTimes({
        namespace: this.temporal.namespace,
        scheduleId: scheduleId(name),
        startTime: optionalDateToTs(start),
        endTime: optionalDateToTs(end),
      })
    );
    return startTime.map((time) => new Date(tsToMs(time)));
  }

  private async update(definition: ScheduleDefinition): Promise<void> {
    const { action, spec, policies } = definition;
    const handle = this.temporal.client.schedule.getHandle(definition.scheduleId);
    // The whole specification is replaced: what is kept of the old one would go on to fire beside the new one
    // (https://github.com/temporalio/sdk-typescript/issues/1351).
    await this.call(() => handle.update(({ state }) => ({ action, spec, policies, state })));
  }

  /** @throws UsageError when a schedule has the id and is not of Sluice and this configuration's task queue. */
  private async find(name: string): Promise<ScheduleDescription | undefined> {
    let found: ScheduleDescription;
    try {
      found = await this.temporal.read(() => this.handle(name).describe());
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
    const { sluiceSchedule, taskQueue } = found.memo ?? {};
    if (sluiceSchedule !== name) {
      throw new UsageError(`The schedule ${scheduleId(name)} was not made by Sluice: give yours another name.`);
    }
    if (taskQueue !== this.configuration.taskQueue) {
      const other = `the configuration with task queue ${String(taskQueue)}`;
      throw new UsageError(`The schedule ${scheduleId(name)} belongs to ${other}: give yours another name.`);
    }
    return found;
  }

  private async existing(name: string): Promise<ScheduleDescription> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    throw new UsageError(`There is no schedule ${name}; \`sluice schedule list\` shows them.`);
  }

  /** Names of Sluice's schedules of this task queue that are not among these. */
  private async undeclared(planned: readonly PlannedSchedule[]): Promise<string[]> {
    const declared = new Set(planned.map(({ declaration }) => declaration.name));
    return this.temporal.read(async () => {
      const names: string[] = [];
      for await (const { scheduleId: id, memo } of this.temporal.client.schedule.list()) {
        const name = memo?.sluiceSchedule;
        if (typeof name !== 'string' || id !== scheduleId(name)) continue;
        if (memo?.taskQueue === this.configuration.taskQueue && !declared.has(name)) names.push(name);
      }
      return names.sort();
    });
  }
}

function stateOf(name: string, { state, spec, info, action }: ScheduleDescription): ScheduleState {
  const prefix = `${action.workflowId}-`;
  const runs = info.recentActions.map(({ takenAt, action: { workflow } }) => {
    const { workflowId } = workflow;
    const time = workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : workflowId;
    return { runKey: `${name}-${time}`, workflowId, startedAt: iso(takenAt) };
  });
  return {
    name,
    state: state.paused ? 'paused' : 'active',
    times: `${spec.calendars?.map(({ comment }) => comment || 'calendar').join('; ')} ${spec.timezone || 'UTC'}`,
    next: state.paused ? [] : info.nextActionTimes.slice(0, 3).map(iso),
    runs: runs.reverse().slice(0, 5),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    note: state.note || undefined,
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    changes: [],
  };
}
