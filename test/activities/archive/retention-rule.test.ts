import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepRetentionRule, retentionRuleId } from '../../../activities/archive/retention-rule.js';
import { startLocalS3 } from '../../local/s3/local-s3.js';
import type { LocalS3 } from '../../local/s3/local-s3.js';

const Bucket = 'archive';

describe('the retention rule', () => {
  let s3: LocalS3;
  beforeAll(async () => {
    s3 = await startLocalS3();
    await s3.client.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => s3?.close());

  const rules = async (): Promise<LifecycleRule[]> => {
    try {
      return (await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? [];
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return [];
      throw error;
    }
  };
  const puts = (): number => s3.calls()['s3.PutBucketLifecycleConfiguration'] ?? 0;
  const keep = (table: string, days?: number) => keepRetentionRule(s3.client, Bucket, table, days);

  it('is made, changed and removed, and not written when nothing differs', async () => {
    expect(await keep('shop')).toBe('unchanged');
    expect(await keep('shop', 90)).toBe('written');
    expect(await rules()).toEqual([
      {
        ID: 'sluice-archive-shop',
        Status: 'Enabled',
        Filter: { Prefix: 'shop/' },
        Expiration: { Days: 90 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
    const before = puts();
    expect(await keep('shop', 90)).toBe('unchanged');
    expect(puts()).toBe(before);
    expect(await keep('shop', 120)).toBe('written');
    expect((await rules()).map(({ Expiration }) => Expiration?.Days)).toEqual([120]);
    expect(await keep('shop')).toBe('removed');
    expect(await rules()).toEqual([]);
  });

  it('leaves the rules of others as they are', async () => {
    const others: LifecycleRule[] = [
      {
        ID: 'cold',
        Status: 'Enabled',
        Filter: { And: { Prefix: 'shop/', Tags: [{ Key: 'a', Value: 'b' }] } },
        Transitions: [{ Days: 60, StorageClass: 'GLACIER' }],
        NoncurrentVersionExpiration: { NoncurrentDays: 9 },
      },
      { ID: 'off', Status: 'Disabled', Filter: { ObjectSizeGreaterThan: 1_000_000 }, Expiration: { Days: 3 } },
    ];
    await s3.client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: others } })
    );
    const untouched = await rules();
    await keep('shop', 30);
    await keep('game', 31);
    expect((await rules()).map(({ ID }) => ID)).toEqual(['cold', 'off', 'sluice-archive-shop', 'sluice-archive-game']);
    expect((await rules()).slice(0, 2)).toEqual(untouched);
    await keep('shop');
    await keep('game');
    expect(await rules()).toEqual(untouched);
  });

  it('has an id of its own for every table, within the length that S3 takes', () => {
    const long = 'x'.repeat(254);
    const ids = [retentionRuleId(`${long}a`), retentionRuleId(`${long}b`)];
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(255);
  });
});
