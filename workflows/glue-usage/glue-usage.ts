import { proxyActivities, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type {
  GlueUsageActivities,
  GlueUsageInput,
  GlueUsagePass,
  WrittenGlueUsageReport,
} from '../../activities/glue-usage/index.js';

const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 15 } as const;

const { recordGlueRuns, writeGlueUsageReport } = proxyActivities<GlueUsageActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
});

/** One call, without heartbeats. */
const { sendGlueUsageReport } = proxyActivities<GlueUsageActivities>({ startToCloseTimeout: '5m', retry });

/** Input of `glueUsage` and `glueUsageReport`: limits, whom to tell and where things are kept. */
export type GlueUsageStart = Pick<GlueUsageInput, 'guard' | 'deployment'>;

/** Result of `glueUsageReport`. */
export interface GlueUsageReportResult extends WrittenGlueUsageReport {
  /** ISO 8601: runs that ended from then on, and before `to`. */
  readonly from: string;
  readonly to: string;
  /** How many got the e-mail. */
  readonly recipients: number;
}

const days = 7;

/** The scheduled time at the end of the workflow id, or the start: a report that comes late is of the same span. */
function dueTime(): Date {
  const { workflowId, startTime } = workflowInfo();
  const [, scheduled] = /-(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/.exec(workflowId) ?? [];
  return scheduled === undefined ? startTime : new Date(scheduled);
}

function scoped(step: string): Pick<GlueUsageInput, 'scope' | 'stage' | 'step'> {
  const { workflowId } = workflowInfo();
  const runKey = workflowId.replace(/^glueUsage(Report)?-/, '');
  return { scope: { pipeline: 'glue-usage', runKey, planHash: '' }, stage: 'glue-usage', step };
}

function identify(): void {
  const { runKey } = scoped('').scope;
  upsertSearchAttributes([{ key: { name: 'SluiceRunKey', type: 'KEYWORD' }, value: runKey }]);
}

const record = (start: GlueUsageStart): Promise<GlueUsagePass> =>
  recordGlueRuns.executeWithOptions({ summary: 'record what Glue ran' }, [{ ...scoped('record'), ...start }]);

/** Records the Glue runs of the account that have ended, and tells of those that failed or passed a limit. */
export async function glueUsage(start: GlueUsageStart): Promise<GlueUsagePass> {
  identify();
  return await record(start);
}

/** Reports the Glue runs of the seven days before its scheduled time, as a page in S3 and by e-mail. */
export async function glueUsageReport(start: GlueUsageStart): Promise<GlueUsageReportResult> {
  identify();
  const due = dueTime();
  const to = due.toISOString();
  const from = new Date(due.getTime() - days * 86_400_000).toISOString();
  await record(start);
  const report = await writeGlueUsageReport.executeWithOptions({ summary: `report ${from} to ${to}` }, [
    { ...scoped('report'), ...start, from, to },
  ]);
  const recipients = await sendGlueUsageReport.executeWithOptions({ summary: `send to ${start.guard.emails.length}` }, [
    { ...scoped('send'), ...start, report },
  ]);
  return { ...report, from, to, recipients };
}
