import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LifecycleRule, S3Client, TransitionDefaultMinimumObjectSize } from '@aws-sdk/client-s3';
import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { onResource } from '../failures.js';
import { tablePrefix } from './generation.js';

/** Id of the rule that expires a table's archives; S3 takes at most 255 characters. */
export function retentionRuleId(table: string): string {
  const id = `sluice-archive-${table}`;
  return id.length <= 255 ? id : `${id.slice(0, 238)}-${createHash('sha256').update(table).digest('hex').slice(0, 16)}`;
}

function retentionRule(table: string, days: number): LifecycleRule {
  return {
    ID: retentionRuleId(table),
    Status: 'Enabled',
    Filter: { Prefix: tablePrefix(table) },
    Expiration: { Days: days },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  };
}

interface Lifecycle {
  readonly rules: readonly LifecycleRule[];
  readonly minimumSize?: TransitionDefaultMinimumObjectSize;
}

async function readLifecycle(s3: S3Client, Bucket: string): Promise<Lifecycle> {
  try {
    const answer = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    return { rules: answer.Rules ?? [], minimumSize: answer.TransitionDefaultMinimumObjectSize };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return { rules: [] };
    throw error;
  }
}

/**
 * Brings the rule that expires a table's archives in line with the model: there with so many days, or absent when
 * `days` is undefined. All other rules of the bucket stay as they are; nothing is written where nothing differs.
 * S3 has no conditional write for rules: one that somebody else changes at the same moment can be lost.
 */
export async function keepRetentionRule(
  s3: S3Client,
  bucket: string,
  table: string,
  days: number | undefined
): Promise<'unchanged' | 'written' | 'removed'> {
  return await onResource(`lifecycle of s3://${bucket}`, async () => {
    const { rules, minimumSize } = await readLifecycle(s3, bucket);
    const id = retentionRuleId(table);
    const own = rules.find(({ ID }) => ID === id);
    const others = rules.filter(({ ID }) => ID !== id);
    if (days === undefined && own === undefined) return 'unchanged';
    const wanted = days === undefined ? undefined : retentionRule(table, days);
    if (wanted !== undefined && isDeepStrictEqual(own, wanted)) return 'unchanged';
    const Rules = [...others, ...(wanted === undefined ? [] : [wanted])];
    if (Rules.length === 0) {
      await s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucket }));
    } else {
      const command = new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules },
        TransitionDefaultMinimumObjectSize: minimumSize,
      });
      await s3.send(command);
    }
    return wanted === undefined ? 'removed' : 'written';
  });
}
