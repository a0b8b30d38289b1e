import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass } from 'aws-cdk-lib/aws-s3';
import type { BucketProps, LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Deployment, WarehousePlan } from '../model/index.js';
import { acknowledge } from './acknowledge.js';

/** Which bucket of `sluice.yaml`; `assets` holds the scripts of the Glue jobs. */
export type BucketName = keyof Deployment['buckets'] | 'assets';

const secure: BucketProps = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  removalPolicy: RemovalPolicy.RETAIN,
};

const abandonedUploads: LifecycleRule = {
  id: 'abandoned-uploads',
  abortIncompleteMultipartUploadAfter: Duration.days(7),
};

const oldVersions: LifecycleRule = { id: 'old-versions', noncurrentVersionExpiration: Duration.days(30) };

/**
 * Archives are read once in a long time, if at all, and then at once: Glacier Instant Retrieval is the coldest class that
 * a restore can copy from. It bills 90 days at least, so archives that are kept for less than half a year stay where they
 * are.
 */
function archiveRules(plans: readonly WarehousePlan[]): LifecycleRule[] {
  const days = plans.map(({ archive }) => archive?.retentionDays ?? Infinity);
  if (Math.min(...days) < 180) return [];
  const transitions = [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }];
  return [{ id: 'cold-archives', transitions }];
}

/**
 * The buckets of `sluice.yaml`, the assets bucket and the one of access logs: encrypted, private, over TLS only, and kept
 * when the stack goes. What the retention of archives needs, the worker adds (docs/operate.md, Archives).
 */
export class Buckets extends Construct {
  readonly byName: Readonly<Record<BucketName, Bucket>>;

  constructor(
    scope: Construct,
    props: {
      readonly names: Deployment['buckets'];
      /** Name of the assets bucket; CloudFormation makes one up without it. */
      readonly assets: string | undefined;
      readonly key: Key;
      readonly plans: readonly WarehousePlan[];
    }
  ) {
    super(scope, 'Buckets');
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...secure,
      encryption: BucketEncryption.S3_MANAGED, // S3 delivers access logs to no bucket with another key
      lifecycleRules: [abandonedUploads, { id: 'old-logs', expiration: Duration.days(90) }],
    });
    acknowledge(accessLogs, { 'AwsSolutions-S1': 'It holds the access logs: logging them too would never end.' });
    const bucket = (id: string, bucketName: string | undefined, more: BucketProps = {}): Bucket =>
      new Bucket(this, id, {
        ...secure,
        bucketName,
        encryption: BucketEncryption.KMS,
        encryptionKey: props.key,
        bucketKeyEnabled: true,
        serverAccessLogsBucket: accessLogs,
        serverAccessLogsPrefix: `${id}/`,
        ...more,
        lifecycleRules: [abandonedUploads, ...(more.lifecycleRules ?? [])],
      });
    const archive = { versioned: true, lifecycleRules: [oldVersions, ...archiveRules(props.plans)] };
    const { names } = props;
    this.byName = {
      raw: bucket('Raw', names.raw),
      lake: bucket('Lake', names.lake),
      rawArchive: bucket('RawArchive', names.rawArchive, archive),
      lakeArchive: bucket('LakeArchive', names.lakeArchive, archive),
      quality: bucket('Quality', names.quality),
      assets: bucket('Assets', props.assets, { versioned: true, lifecycleRules: [oldVersions] }),
    };
  }
}
