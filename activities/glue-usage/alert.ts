import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { consoleLink } from '../../model/glue-usage/verdict.js';
import type { Notification } from '../notifier.js';

const titles: Readonly<Record<Exclude<GlueRunRecord['verdict'], 'within'>, string>> = {
  failed: 'failed',
  'timed-out': 'timed out',
  flagged: 'used more than its limit',
};

/** What is told of a run that failed, timed out or passed a limit. `message` is Glue's own of a failure. */
export function glueRunAlert(record: GlueRunRecord, region: string, message?: string): Notification | undefined {
  const { verdict, job, runId, reasons, id } = record;
  if (verdict === 'within') return undefined;
  const link = consoleLink(region, job, runId);
  const facts: [string, string | undefined][] = [
    ['Job', job],
    ['Run', runId],
    ['Reason', reasons.join('; ')],
    ['Message', message],
    ['Started', record.startedAt],
    ['Ended', record.endedAt],
    ['Ran for', record.executionSeconds === undefined ? undefined : `${record.executionSeconds} s`],
    ['Workers', record.workers === undefined ? undefined : `${record.workers} ${record.workerType ?? ''}`.trim()],
    ['Est. cost', record.cost === undefined ? undefined : `$${record.cost.toFixed(2)}, at list prices`],
    ['Console', link],
  ];
  return {
    group: 'glue-usage',
    kind: `glue-run-${verdict}`,
    dedupId: `glue-usage/${id}`,
    subject: `Glue job ${job} ${titles[verdict]}`,
    body: [
      `A run of Glue job ${job} ${titles[verdict]}.`,
      '',
      facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)}${value}`])).join('\n'),
      '',
      'To hear no more of this job, tag it remediate=false.',
    ].join('\n'),
    data: {
      job,
      runId,
      state: record.state,
      verdict,
      reasons,
      startedAt: record.startedAt,
      endedAt: record.endedAt,
      link,
    },
  };
}
