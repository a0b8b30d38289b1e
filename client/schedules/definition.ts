import type { ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import type { Deployment } from '../../model/configuration.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import type { WarehousePlan } from '../../model/plan.js';
import type { UsageGuard } from '../../model/glue-usage/settings.js';
import type { EltSchedule, EvaluationSchedule, GlueUsageSchedule } from '../../model/schedule.js';
import type { GlueUsagePass } from '../../activities/glue-usage/index.js';
import type {
  EltResult,
  EltStart,
  EvaluateResult,
  EvaluateStart,
  GlueUsageReportResult,
  GlueUsageStart,
} from '../../workflows/index.js';
import { evaluationSetting } from '../quality/evaluation-setting.js';
import { toCalendarSpec } from './calendar-spec.js';

/** A declared schedule with what its runs get: a plan, or the text of a ruleset that is in no file of Glue's own. */
export type PlannedSchedule =
  | { readonly declaration: EltSchedule; readonly plan: WarehousePlan }
  | { readonly declaration: EvaluationSchedule; readonly ruleset?: string }
  | { readonly declaration: GlueUsageSchedule; readonly guard: UsageGuard };

/** Marks schedules that Sluice has made: their memo names the schedule and the task queue of its configuration. */
export interface ScheduleMemo {
  readonly sluiceSchedule: string;
  readonly taskQueue: string;
}

/** The workflows as a schedule starts them. */
type Scheduled = (
  input: EltStart | EvaluateStart | GlueUsageStart
) => Promise<EltResult | EvaluateResult | GlueUsagePass | GlueUsageReportResult>;

type StartAction = ScheduleOptionsStartWorkflowAction<Scheduled>;

/** A schedule as Temporal is to have it. */
export type ScheduleDefinition = ScheduleOptions<StartAction> & {
  readonly memo: Record<string, unknown> & ScheduleMemo;
};

/** Temporal's id of a schedule. */
export const scheduleId = (name: string): string => `sluice-${name}`;

/**
 * The schedule that a declaration stands for. Its runs have the workflow id `elt-<model>-<schedule>-<scheduled time>`,
 * `evaluate-` and `reconcile-`, or `glueUsage-` and `glueUsageReport-<schedule>-<scheduled time>`, of which the workflow takes its run key
 * `<schedule>-<scheduled time>`.
 */
export function defineSchedule(
  planned: PlannedSchedule,
  deployment: Deployment,
  taskQueue: string
): ScheduleDefinition {
  const { name, cron, calendars, timeZone, overlap, catchupWindow, pauseOnFailure, jitter } = planned.declaration;
  const action =
    'plan' in planned
      ? eltAction(planned.declaration, planned.plan, deployment, taskQueue)
      : 'guard' in planned
        ? glueUsageAction(planned.declaration, planned.guard, deployment)
        : evaluationAction(planned.declaration, planned.ruleset, deployment);
  return {
    scheduleId: scheduleId(name),
    // Times are given as calendars alone, each compiled here, so that what the server has can be compared with it.
    spec: { calendars: calendars.map((one) => toCalendarSpec(one, cron)), timezone: timeZone, jitter },
    policies: { overlap, catchupWindow, pauseOnFailure },
    action: { type: 'startWorkflow', taskQueue, ...action },
    memo: { sluiceSchedule: name, taskQueue },
  };
}

function eltAction(
  { name, mode }: EltSchedule,
  plan: WarehousePlan,
  deployment: Deployment,
  taskQueue: string
): Omit<StartAction, 'type' | 'taskQueue'> {
  const options = eltWorkflowOptions(plan, deployment, name, taskQueue);
  const { runKey: _runKey, ...memo } = options.memo;
  return {
    workflowType: 'elt',
    workflowId: options.workflowId,
    args: [{ plan, deployment, ...(mode === 'incremental' && { incremental: true }) }],
    memo: { ...memo, schedule: name },
    typedSearchAttributes: options.typedSearchAttributes.filter(({ key }) => key.name !== 'SluiceRunKey'),
    staticSummary: `ELT of ${plan.source.table} into ${deployment.redshift.database}, schedule ${name}`,
    staticDetails: options.staticDetails,
  };
}

function glueUsageAction(
  { name, glueUsage }: GlueUsageSchedule,
  guard: UsageGuard,
  { buckets, notifications, cost }: Deployment
): Omit<StartAction, 'type' | 'taskQueue'> {
  const workflowType = glueUsage === 'watch' ? 'glueUsage' : 'glueUsageReport';
  return {
    workflowType,
    workflowId: `${workflowType}-${name}`,
    args: [{ guard, deployment: { buckets, ...(notifications && { notifications }), ...(cost && { cost }) } }],
    memo: { schedule: name },
    staticSummary: `${glueUsage === 'watch' ? 'Watch' : 'Report'} what Glue runs, schedule ${name}`,
  };
}

function evaluationAction(
  { name, evaluate }: EvaluationSchedule,
  text: string | undefined,
  deployment: Deployment
): Omit<StartAction, 'type' | 'taskQueue'> {
  const { ruleset, file: _file, database, table, references, minimumScore, critical } = evaluate;
  const workflowType = references === undefined ? 'evaluate' : 'reconcile';
  const request = {
    database,
    table,
    rulesetName: ruleset,
    // The file is what is meant, also where Glue has a ruleset of the name.
    ...(text !== undefined && { ruleset: text, declared: true }),
    resultsPrefix: `s3://${deployment.buckets.quality}/defaultlogs`,
    ...(references && { references }),
  };
  const demand = { ...(minimumScore !== undefined && { minimumScore }), ...(critical && { critical }) };
  return {
    workflowType,
    workflowId: `${workflowType}-${name}`,
    args: [{ ...evaluationSetting(deployment), request, demand }],
    memo: { ruleset, table: `${database}.${table}`, schedule: name },
    staticSummary: `${workflowType} ${database}.${table} by ${ruleset}, schedule ${name}`,
  };
}
