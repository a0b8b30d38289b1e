import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { EltResult } from '../workflows/index.js';
import { s3Settings } from '../workers/aws-settings.js';
import { table } from './output/table.js';
import { objectText } from './read-object.js';

const reason = z.object({
  itemType: z.string().nullish(),
  attribute: z.string().nullish(),
  expected: z.string().nullish(),
  found: z.string().nullish(),
  items: z.number(),
  sampleKeys: z.array(z.unknown()),
});
const report = z.object({ rejected: z.object({ reasons: z.array(reason) }) });

/** Why a job rejected items; `sampleKeys` are table keys of up to ten of them, in DynamoDB JSON. */
export type RejectionReason = z.infer<typeof reason>;

/** What one job rejected. */
export interface Rejection {
  readonly items: number;
  /** S3 URI of the job's report. */
  readonly reportUri: string;
  readonly reasons: readonly RejectionReason[];
}

/**
 * Reads what a run rejected from the reports that its Glue jobs left in S3.
 * @returns by job name; empty when nothing was rejected.
 * @throws the SDK's error when a report cannot be read, ZodError when it is none.
 */
export async function readRejections(
  rejected: EltResult['rejected'],
  env: NodeJS.ProcessEnv
): Promise<Record<string, Rejection>> {
  const s3 = new S3Client(s3Settings(env));
  try {
    const entries = Object.entries(rejected).map(async ([job, { items, reportUri }]) => {
      const text = await objectText(s3, reportUri);
      const { reasons } = report.parse(JSON.parse(text)).rejected;
      return [job, { items, reportUri, reasons }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  } finally {
    s3.destroy();
  }
}

/** Rejected items as a table, with the keys of up to two of them for each reason. */
export function drawRejections(rejections: Readonly<Record<string, Rejection>>): string {
  const rows = Object.entries(rejections).flatMap(([job, { reasons }]) =>
    reasons.map(({ itemType, attribute, expected, found, items, sampleKeys }) => [
      job,
      items,
      itemType ?? '',
      attribute ?? '',
      expected ?? '',
      found ?? '',
      sampleKeys.slice(0, 2).map(keyText).join('; '),
    ])
  );
  return table(['job', 'items', 'type', 'attribute', 'expected', 'found', 'for example'], rows);
}

/** A key as people read it: its values, without descriptors. */
function keyText(key: unknown): string {
  if (typeof key !== 'object' || key === null) return String(key);
  return Object.values(key)
    .map((value: unknown) =>
      typeof value === 'object' && value !== null ? Object.values(value).join() : String(value)
    )
    .join(' / ');
}
