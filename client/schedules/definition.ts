import { isDeepStrictEqual } from 'node:util';
import type { ScheduleDescription, ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import type { Deployment } from '../../model/configuration.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { ScheduleDeclaration } from '../../model/schedule.js';
import type { EltResult, EltStart } from '../../workflows/index.js';
import { duration } from '../output/table.js';
import { calendarText, fromCalendarSpec, toCalendarSpec } from './calendar-spec.js';

/** Marks schedules that Sluice has made: their memo names the schedule and the task queue of its configuration. */
export interface ScheduleMemo {
  readonly sluiceSchedule: string;
  readonly taskQueue: string;
}

/** The elt workflow as a schedule starts it. */
type ScheduledElt = (input: EltStart) => Promise<EltResult>;

/** A schedule as Temporal is to have it. */
export type ScheduleDefinition = ScheduleOptions<ScheduleOptionsStartWorkflowAction<ScheduledElt>> & {
  readonly memo: Record<string, unknown> & ScheduleMemo;
};

/** One thing in which a schedule differs from its declaration. */
export interface ScheduleChange {
  readonly field: string;
  /** As Temporal has it. */
  readonly from: string;
  /** As it is declared. */
  readonly to: string;
}

/** Temporal's id of a schedule. */
export const scheduleId = (name: string): string => `sluice-${name}`;

/**
 * The schedule that a declaration stands for. Its runs have the workflow id `elt-<model>-<schedule>-<scheduled time>`,
 * of which the workflow takes its run key `<schedule>-<scheduled time>`.
 */
export function defineSchedule(
  declaration: ScheduleDeclaration,
  plan: WarehousePlan,
  deployment: Deployment,
  taskQueue: string
): ScheduleDefinition {
  const { name, cron, calendars, timeZone, overlap, catchupWindow, pauseOnFailure, jitter, mode } = declaration;
  const options = eltWorkflowOptions(plan, deployment, name, taskQueue);
  const { runKey: _runKey, ...memo } = options.memo;
  return {
    scheduleId: scheduleId(name),
    // Times are given as calendars alone, each compiled here, so that what the server has can be compared with it.
    spec: { calendars: calendars.map((one) => toCalendarSpec(one, cron)), timezone: timeZone, jitter },
    policies: { overlap, catchupWindow, pauseOnFailure },
    action: {
      type: 'startWorkflow',
      workflowType: 'elt',
      workflowId: options.workflowId,
      taskQueue,
      args: [{ plan, deployment, ...(mode === 'incremental' && { incremental: true }) }],
      memo: { ...memo, schedule: name },
      typedSearchAttributes: options.typedSearchAttributes.filter(({ key }) => key.name !== 'SluiceRunKey'),
      staticSummary: `ELT of ${plan.source.table} into ${deployment.redshift.database}, schedule ${name}`,
      staticDetails: options.staticDetails,
    },
    memo: { sluiceSchedule: name, taskQueue },
  };
}

/** What of a schedule is compared, each part as a value and as people read it. */
interface Facet {
  readonly value: unknown;
  readonly text: string;
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
const facet = (value: unknown, text = String(value)): Facet => ({ value: json(value), text });
const milliseconds = (value: number | undefined): Facet => facet(value ?? 0, duration((value ?? 0) / 1000));

/** Times in words, from what the server or the declaration has. */
function timesFacet(spec: ScheduleDescription['spec']): Facet {
  const calendars = (spec.calendars ?? []).map((one) => ({ ...fromCalendarSpec(one), comment: one.comment ?? '' }));
  const { intervals = [], skip = [], startAt, endAt } = spec;
  const texts = calendars.map(({ comment, ...one }) => (comment === '' ? calendarText(one) : comment));
  const others = [
    ...intervals.map(({ every }) => `every ${duration(every / 1000)}`),
    ...skip.map((one) => `not ${calendarText(fromCalendarSpec(one))}`),
    ...(startAt ? [`from ${startAt.toISOString()}`] : []),
    ...(endAt ? [`until ${endAt.toISOString()}`] : []),
  ];
  return facet([calendars, intervals, skip, startAt, endAt], [...texts, ...others].join('; '));
}

type Action = Pick<
  ScheduleDescription['action'],
  'workflowId' | 'taskQueue' | 'args' | 'workflowType' | 'memo' | 'staticSummary' | 'staticDetails'
>;

function actionFacets({ workflowId, taskQueue, args, workflowType, ...shown }: Action): Record<string, Facet> {
  const input = (args?.[0] ?? {}) as Partial<EltStart>;
  const { plan, deployment, incremental = false, ...rest } = input;
  return {
    mode: facet(incremental, incremental ? 'incremental' : 'full'),
    plan: facet(plan, `${plan?.name ?? 'none'} ${plan?.hash?.slice(0, 12) ?? ''}`.trim()),
    deployment: facet(deployment, JSON.stringify(deployment)),
    'task queue': facet(taskQueue),
    workflow: facet([workflowType, workflowId, rest, args?.length], `${workflowType} ${workflowId}`),
    summary: facet([shown.staticSummary, shown.staticDetails, shown.memo], shown.staticSummary ?? ''),
  };
}

/** The differences between a schedule as Temporal has it and its definition; none when there is nothing to do. */
export function scheduleChanges(
  now: ScheduleDescription,
  declaration: ScheduleDeclaration,
  definition: ScheduleDefinition
): ScheduleChange[] {
  const { action, spec, policies } = definition;
  const wanted: Record<string, Facet> = {
    times: facet(
      [declaration.calendars.map((one) => ({ ...one, comment: declaration.cron ?? '' })), [], [], undefined, undefined],
      declaration.cron ?? declaration.calendars.map(calendarText).join('; ')
    ),
    'time zone': facet(spec.timezone),
    jitter: milliseconds(declaration.jitter),
    overlap: facet(policies?.overlap),
    'catch-up window': milliseconds(declaration.catchupWindow),
    'pause on failure': facet(policies?.pauseOnFailure),
    ...actionFacets({ ...action, workflowType: 'elt', workflowId: action.workflowId ?? '' } as Action),
  };
  const present: Record<string, Facet> = {
    times: timesFacet(now.spec),
    'time zone': facet(now.spec.timezone || 'UTC'),
    jitter: milliseconds(now.spec.jitter),
    overlap: facet(now.policies.overlap),
    'catch-up window': milliseconds(now.policies.catchupWindow),
    'pause on failure': facet(now.policies.pauseOnFailure),
    ...actionFacets(now.action),
  };
  return Object.entries(wanted).flatMap(([field, to]) => {
    const from = present[field] ?? facet(undefined);
    return isDeepStrictEqual(from.value, to.value) ? [] : [{ field, from: from.text, to: to.text }];
  });
}
