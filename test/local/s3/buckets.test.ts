import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketTaggingCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const Bucket = 'configured';
let s3: LocalS3;

beforeAll(async () => {
  s3 = await startLocalS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3.close());

describe('buckets', () => {
  it('can be created, seen and deleted when empty', async () => {
    const made = { Bucket: 'made-and-deleted' };
    await expect(s3.client.send(new HeadBucketCommand(made))).rejects.toMatchObject({ name: 'NotFound' });
    expect(await s3.client.send(new CreateBucketCommand(made))).toMatchObject({ Location: '/made-and-deleted' });
    await s3.client.send(new CreateBucketCommand(made)); // in us-east-1 one's own may be created again
    expect(await s3.client.send(new HeadBucketCommand(made))).toMatchObject({ BucketRegion: 'us-east-1' });
    await s3.store.putObject('made-and-deleted', 'k', 'v');
    await expect(s3.client.send(new DeleteBucketCommand(made))).rejects.toMatchObject({ name: 'BucketNotEmpty' });
    await s3.store.deleteObject('made-and-deleted', 'k');
    await s3.client.send(new DeleteBucketCommand(made));
    await expect(s3.client.send(new DeleteBucketCommand(made))).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(s3.store.putObject('made-and-deleted', 'k', 'v')).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });

  it('are listed in the order of their names, in pages', async () => {
    for (const name of ['page-2', 'page-1', 'page-3']) await s3.client.send(new CreateBucketCommand({ Bucket: name }));
    const page = await s3.client.send(new ListBucketsCommand({ Prefix: 'page-', MaxBuckets: 2 }));
    expect(page.Buckets?.map(({ Name }) => Name)).toEqual(['page-1', 'page-2']);
    const { ContinuationToken } = page;
    const rest = await s3.client.send(new ListBucketsCommand({ Prefix: 'page-', ContinuationToken }));
    expect(rest.Buckets?.map(({ Name }) => Name)).toEqual(['page-3']);
    expect(rest.ContinuationToken).toBeUndefined();
    expect(page.Buckets?.[0]?.CreationDate).toBeInstanceOf(Date);
  });

  it('are in the local Region alone', async () => {
    const constrained = (LocationConstraint: string): Promise<unknown> =>
      s3.client.send(
        new CreateBucketCommand({
          Bucket: 'elsewhere',
          CreateBucketConfiguration: { LocationConstraint: LocationConstraint as 'eu-west-1' },
        })
      );
    await expect(constrained('eu-west-1')).rejects.toMatchObject({ name: 'IllegalLocationConstraintException' });
    await expect(constrained('us-east-1')).rejects.toMatchObject({ name: 'InvalidLocationConstraint' });
    const { LocationConstraint } = await s3.client.send(new GetBucketLocationCommand({ Bucket }));
    expect(LocationConstraint ?? '').toBe('');
  });

  it('have never had versions', async () => {
    expect((await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    await expect(
      s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    ).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  it('belong to the one account', async () => {
    const { Grants, Owner } = await s3.client.send(new GetBucketAclCommand({ Bucket }));
    expect(Grants).toMatchObject([{ Grantee: { ID: Owner?.ID, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }]);
  });
});

describe('lifecycle configurations', () => {
  const get = new GetBucketLifecycleConfigurationCommand({ Bucket });
  const put = (Rules: LifecycleRule[]): Promise<unknown> =>
    s3.client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));

  it('are kept as they were put', async () => {
    await expect(s3.client.send(get)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
    const Rules: LifecycleRule[] = [
      { ID: 'expire', Status: 'Enabled', Filter: { Prefix: 'table/' }, Expiration: { Days: 90 } },
      {
        ID: 'cool & <old>',
        Status: 'Disabled',
        Filter: { And: { Prefix: '', Tags: [{ Key: 'a', Value: 'b' }], ObjectSizeGreaterThan: 5 } },
        Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }],
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ];
    await put(Rules);
    expect((await s3.client.send(get)).Rules).toEqual(Rules);
    await s3.client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    await expect(s3.client.send(get)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
  });

  it('are refused when S3 would refuse them', async () => {
    const base = { ID: 'r', Status: 'Enabled', Filter: { Prefix: '' } } as const;
    const Expiration = { Days: 1 };
    await expect(put([])).rejects.toMatchObject({ name: 'MalformedXML' });
    await expect(put([base])).rejects.toMatchObject({ name: 'InvalidRequest' });
    await expect(put([{ ...base, Status: 'On' as 'Enabled', Expiration }])).rejects.toMatchObject({
      name: 'MalformedXML',
    });
    await expect(put([{ ID: 'r', Status: 'Enabled', Expiration }])).rejects.toMatchObject({ name: 'MalformedXML' });
    await expect(put([{ ...base, Expiration: { Days: 0 } }])).rejects.toMatchObject({ name: 'InvalidArgument' });
    const rule = { ...base, Expiration };
    await expect(put([rule, rule])).rejects.toMatchObject({ name: 'InvalidArgument' });
    const Transitions = [{ Days: 29, StorageClass: 'STANDARD_IA' as const }];
    await expect(put([{ ...base, Transitions }])).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});

describe('other configurations', () => {
  it('of tags', async () => {
    const get = new GetBucketTaggingCommand({ Bucket });
    await expect(s3.client.send(get)).rejects.toMatchObject({ name: 'NoSuchTagSet' });
    const TagSet = [{ Key: 'k', Value: 'v' }];
    await s3.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    expect((await s3.client.send(get)).TagSet).toEqual(TagSet);
    await s3.client.send(new DeleteBucketTaggingCommand({ Bucket }));
    await expect(s3.client.send(get)).rejects.toMatchObject({ name: 'NoSuchTagSet' });
  });

  it('of encryption, public access and policy', async () => {
    const encryption = new GetBucketEncryptionCommand({ Bucket });
    const algorithm = async (): Promise<string | undefined> =>
      (await s3.client.send(encryption)).ServerSideEncryptionConfiguration?.Rules?.[0]
        ?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    expect(await algorithm()).toBe('AES256');
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }];
    await s3.client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    expect(await algorithm()).toBe('aws:kms');

    const access = new GetPublicAccessBlockCommand({ Bucket });
    const blocked = async (): Promise<boolean | undefined> =>
      (await s3.client.send(access)).PublicAccessBlockConfiguration?.BlockPublicAcls;
    expect(await blocked()).toBe(true);
    const PublicAccessBlockConfiguration = { BlockPublicAcls: false };
    await s3.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    expect(await blocked()).toBe(false);

    const policy = new GetBucketPolicyCommand({ Bucket });
    await expect(s3.client.send(policy)).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' });
    await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{"Version":"2012-10-17","Statement":[]}' }));
    expect((await s3.client.send(policy)).Policy).toBe('{"Version":"2012-10-17","Statement":[]}');
  });

  it('go with the bucket', async () => {
    const TagSet = [{ Key: 'k', Value: 'v' }];
    await s3.client.send(new CreateBucketCommand({ Bucket: 'again' }));
    await s3.client.send(new PutBucketTaggingCommand({ Bucket: 'again', Tagging: { TagSet } }));
    await s3.client.send(new DeleteBucketCommand({ Bucket: 'again' }));
    await s3.client.send(new CreateBucketCommand({ Bucket: 'again' }));
    await expect(s3.client.send(new GetBucketTaggingCommand({ Bucket: 'again' }))).rejects.toMatchObject({
      name: 'NoSuchTagSet',
    });
  });
});
