import type { SQSClient } from '@aws-sdk/client-sqs';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { parseJson } from '../export-manifest.js';
import { onResource } from '../failures.js';

/**
 * An event of EventBridge about a Glue run that has ended.
 * @see https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
 */
const stateEvent = z.looseObject({
  'detail-type': z.literal('Glue Job State Change'),
  source: z.literal('aws.glue'),
  time: z.string(),
  detail: z.looseObject({
    jobName: z.string().min(1),
    jobRunId: z.string().min(1),
    state: z.enum(['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED']),
    message: z.string().optional(),
  }),
});

/** What an event tells of a run. */
export interface GlueStateEvent {
  readonly job: string;
  readonly runId: string;
  readonly state: string;
  /** ISO 8601. */
  readonly time: string;
  readonly message?: string;
}

/** A message as an event; undefined when it is of something else. */
export function parseStateEvent(text: string): GlueStateEvent | undefined {
  const event = stateEvent.safeParse(parseJson(text));
  if (!event.success) return undefined;
  const { detail, time } = event.data;
  const { jobName: job, jobRunId: runId, state, message } = detail;
  return { job, runId, state, time: new Date(time).toISOString(), ...(message !== undefined && { message }) };
}

/** Batches taken in one pass; what is left comes with the next. */
const mostBatches = 100;

/**
 * Takes messages off a queue, ten at a time, and deletes those of a batch once `handle` has dealt with them: what it did
 * not finish comes again. Messages of other things are deleted and counted.
 */
export async function drainEvents(
  sqs: SQSClient,
  QueueUrl: string,
  handle: (event: GlueStateEvent) => Promise<void>
): Promise<{ readonly events: number; readonly ignored: number }> {
  const resource = `SQS queue ${QueueUrl}`;
  let [events, ignored] = [0, 0];
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const { Messages = [] } = await onResource(resource, () =>
      sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 300 }))
    );
    if (Messages.length === 0) break;
    for (const { Body = '' } of Messages) {
      const event = parseStateEvent(Body);
      if (event === undefined) {
        ignored += 1;
        continue;
      }
      await handle(event);
      events += 1;
    }
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await onResource(resource, () => sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })));
  }
  return { events, ignored };
}
