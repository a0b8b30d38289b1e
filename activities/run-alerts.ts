import type { S3Client } from '@aws-sdk/client-s3';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { RunRecord } from '../model/run-record.js';
import { onResource } from './failures.js';
import { parseJson } from './export-manifest.js';
import type { Notification, NotificationTarget, Notifier } from './notifier.js';

/** The failure that people were told of last, until they are told of the recovery. */
interface OpenAlert {
  readonly version: 1;
  readonly runKey: string;
  readonly failedAt: string;
}

/** Where Temporal's Web UI has a run, without the host, which is not known here. */
const uiPath = ({ workflowId, runId }: RunRecord, namespace: string): string =>
  `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;

const lines = (facts: readonly (readonly [string, string | undefined])[]): string =>
  facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)}${value}`])).join('\n');

const dataOf = (run: RunRecord): Record<string, unknown> => {
  const { pipeline, table, runKey, workflowId, runId, verdict, startedAt, endedAt, failure } = run;
  return { pipeline, table, runKey, workflowId, runId, verdict, startedAt, endedAt, ...failure };
};

/** What is told of a run that failed. */
export function failureNotification(run: RunRecord, namespace: string): Notification {
  const { pipeline, runKey, failure } = run;
  const { stage = 'unknown', errorClass = 'unknown', message = 'no message' } = failure ?? {};
  return {
    group: pipeline,
    kind: 'run-failed',
    dedupId: `${run.workflowId}/${run.runId}/failed`,
    subject: `Sluice: ${pipeline} failed in ${stage}, run ${runKey}`,
    body: [
      `Run ${runKey} of pipeline ${pipeline} failed.`,
      '',
      lines([
        ['Table', run.table],
        ['Stage', stage],
        ['Error', errorClass],
        ['Message', message],
        ['Started', run.startedAt],
        ['Failed', run.endedAt],
        ['Workflow', run.workflowId],
        ['Temporal UI', uiPath(run, namespace)],
      ]),
      '',
      'What to do',
      `  sluice show ${runKey}       what happened, step by step`,
      `  sluice resume ${runKey}     go on from the failed stage, once the cause is mended`,
      '  sluice run elt --fresh    do everything again under a new run key',
    ].join('\n'),
    data: dataOf(run),
  };
}

/** What is told of the first run that succeeds after a failure. */
export function recoveryNotification(
  run: RunRecord,
  failed: { readonly runKey: string; readonly failedAt: string }
): Notification {
  const { pipeline, runKey } = run;
  return {
    group: pipeline,
    kind: 'run-recovered',
    dedupId: `${run.workflowId}/${run.runId}/recovered`,
    subject: `Sluice: ${pipeline} has recovered, run ${runKey}`,
    body: [
      `Run ${runKey} of pipeline ${pipeline} succeeded, the first since run ${failed.runKey} failed at ${failed.failedAt}.`,
      '',
      lines([
        ['Table', run.table],
        ['Items', run.items === undefined ? undefined : String(run.items)],
        ['Started', run.startedAt],
        ['Ended', run.endedAt],
        ['Details', `sluice show ${runKey}`],
      ]),
    ].join('\n'),
    data: { ...dataOf(run), failedRunKey: failed.runKey, failedAt: failed.failedAt },
  };
}

/**
 * Tells of a failure, and of the first success after one that was told of; of nothing else. The open failure is kept in
 * S3 rather than looked up in the warehouse, since an unreachable warehouse is a common reason to fail.
 */
export async function notifyOfRun(
  notifier: Notifier,
  s3: S3Client,
  target: NotificationTarget,
  run: RunRecord,
  namespace: string
): Promise<void> {
  if (!notifier.reaches(target) || run.verdict === 'cancelled') return;
  const open = { Bucket: target.bucket, Key: `_sluice/notifications/${run.pipeline}/open.json` };
  const resource = `s3://${open.Bucket}/${open.Key}`;
  if (run.verdict === 'failed') {
    await notifier.publish(failureNotification(run, namespace), target);
    const alert: OpenAlert = { version: 1, runKey: run.runKey, failedAt: run.endedAt };
    const Body = JSON.stringify(alert);
    await onResource(resource, () => s3.send(new PutObjectCommand({ ...open, Body, ContentType: 'application/json' })));
    return;
  }
  const text = await onResource(resource, async () => {
    try {
      const { Body } = await s3.send(new GetObjectCommand(open));
      return await Body?.transformToString('utf8');
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  });
  if (text === undefined) return;
  const { runKey = 'unknown', failedAt = 'an unknown time' } = (parseJson(text) ?? {}) as Partial<OpenAlert>;
  await notifier.publish(recoveryNotification(run, { runKey, failedAt }), target);
  await onResource(resource, () => s3.send(new DeleteObjectCommand(open)));
}
