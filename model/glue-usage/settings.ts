import { z } from 'zod';

/** Limits of Glue runs and whom to tell, `usageGuard` in `sluice.yaml`. */
export interface UsageGuard {
  /** A run of more workers is told of. */
  readonly workers: number;
  /** A run that took longer is told of; minutes. */
  readonly minutes: number;
  /** Who gets the weekly report. Without any it is only written to S3. */
  readonly emails: readonly string[];
  /** Whom the report comes from: an identity that SES has verified. */
  readonly from?: string;
  /** DynamoDB table of the recorded runs. */
  readonly table: string;
  /** SQS queue that an EventBridge rule puts `Glue Job State Change` events on; without it runs are only looked for. */
  readonly queueUrl?: string;
}

const address = z
  .string()
  .max(320)
  .regex(/^[^\s@<>"',;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'not an e-mail address like data@example.com');

/** `usageGuard` in `sluice.yaml`. */
export const usageGuardSchema = z
  .strictObject({
    workers: z.number().int().min(1).default(10),
    minutes: z.number().positive().default(480),
    emails: z.array(address).max(50, 'SES takes at most 50 recipients').default([]),
    from: address.optional(),
    table: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'not the name of a DynamoDB table')
      .default('sluice-glue-usage'),
    queueUrl: z.url({ protocol: /^https?$/, error: 'not the URL of an SQS queue' }).optional(),
  })
  .superRefine(({ emails, from }, context) => {
    if (emails.length > 0 && from === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['from'],
        message: 'needed to send e-mails: an address that SES knows',
      });
    }
  });
