import { isDeepStrictEqual } from 'node:util';
import type { ScheduleDescription } from '@temporalio/client';
import type { ScheduleDeclaration } from '../../model/schedule.js';
import type { EltStart, EvaluateStart, GlueUsageStart } from '../../workflows/index.js';
import { duration } from '../output/table.js';
import { calendarText, fromCalendarSpec } from './calendar-spec.js';
import type { ScheduleDefinition } from './definition.js';

/** One thing in which a schedule differs from its declaration. */
export interface ScheduleChange {
  readonly field: string;
  /** As Temporal has it. */
  readonly from: string;
  /** As it is declared. */
  readonly to: string;
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

function eltFacets({ plan, incremental = false }: Partial<EltStart>): Record<string, Facet> {
  return {
    mode: facet(incremental, incremental ? 'incremental' : 'full'),
    plan: facet(plan, `${plan?.name ?? 'none'} ${plan?.hash?.slice(0, 12) ?? ''}`.trim()),
  };
}

function evaluationFacets({ request, demand }: Partial<EvaluateStart>): Record<string, Facet> {
  const { ruleset, declared, ...evaluated } = request ?? ({} as Partial<EvaluateStart['request']>);
  const { database, table, rulesetName, references = {} } = evaluated;
  const others = Object.entries(references).map(([alias, other]) => `${alias} ${other.database}.${other.table}`);
  return {
    evaluates: facet(evaluated, [`${database}.${table} by ${rulesetName}`, ...others].join(', ')),
    rules: facet([ruleset, declared], ruleset?.replace(/\s+/g, ' ').trim() ?? 'as Glue has them'),
    demand: facet(demand, JSON.stringify(demand)),
  };
}

function glueUsageFacets({ guard }: Partial<GlueUsageStart>): Record<string, Facet> {
  return { 'usage guard': facet(guard, JSON.stringify(guard)) };
}

function actionFacets({ workflowId, taskQueue, args, workflowType, ...shown }: Action): Record<string, Facet> {
  const input = (args?.[0] ?? {}) as Partial<EltStart & EvaluateStart & GlueUsageStart>;
  const { plan: _plan, incremental: _incremental, request: _request, demand: _demand, guard: _guard, ...other } = input;
  const { deployment, ...rest } = other;
  return {
    ...(workflowType === 'elt'
      ? eltFacets(input)
      : workflowType.startsWith('glueUsage')
        ? glueUsageFacets(input)
        : evaluationFacets(input)),
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
    ...actionFacets({ ...action, workflowId: action.workflowId ?? '' } as Action),
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
