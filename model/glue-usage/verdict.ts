import type { UsageGuard } from './settings.js';

/** What is said of a Glue run that has ended. */
export type GlueVerdict = 'within' | 'flagged' | 'failed' | 'timed-out';

/** States in which a run has ended. https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html */
export const endedStates: ReadonlySet<string> = new Set([
  'SUCCEEDED',
  'STOPPED',
  'FAILED',
  'ERROR',
  'EXPIRED',
  'TIMEOUT',
]);

/** Kinds of jobs that are watched, as a job's `Command.Name` has them: Spark and Ray. */
export const watchedCommands: ReadonlySet<string> = new Set(['glueetl', 'glueray']);

const minutesText = (seconds: number): string => `${Math.round((seconds / 60) * 10) / 10} minutes`;

/**
 * Judges a run by how long it took and how many workers it had, not by what it was allowed. A limit is passed by more
 * than it says. That a run failed or timed out comes before that it passed a limit; the reasons name both.
 */
export function judgeRun(
  run: { readonly state: string; readonly executionSeconds?: number; readonly workers?: number },
  limits: Pick<UsageGuard, 'workers' | 'minutes'>
): { readonly verdict: GlueVerdict; readonly reasons: readonly string[] } {
  const { state, executionSeconds = 0, workers = 0 } = run;
  const over = [
    ...(executionSeconds > limits.minutes * 60
      ? [`it took ${minutesText(executionSeconds)}, more than ${limits.minutes}`]
      : []),
    ...(workers > limits.workers ? [`it had ${workers} workers, more than ${limits.workers}`] : []),
  ];
  if (state === 'TIMEOUT') return { verdict: 'timed-out', reasons: ['it timed out', ...over] };
  if (['FAILED', 'ERROR', 'EXPIRED'].includes(state))
    return { verdict: 'failed', reasons: [`it ended ${state}`, ...over] };
  return { verdict: over.length > 0 ? 'flagged' : 'within', reasons: over };
}

const consoles: readonly [prefix: string, host: string][] = [
  ['cn-', 'console.amazonaws.cn'],
  ['us-gov-', 'console.amazonaws-us-gov.com'],
];

/** Where the AWS console shows a run. */
export function consoleLink(region: string, job: string, runId: string): string {
  const host = consoles.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'console.aws.amazon.com';
  const path = `/job/${encodeURIComponent(job)}/run/${encodeURIComponent(runId)}`;
  return `https://${region}.${host}/gluestudio/home?region=${region}#${path}`;
}
