import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { GlueClient } from '@aws-sdk/client-glue';
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';
import type { Client } from '@temporalio/client';
import { createArchiveActivities } from './archive/index.js';
import type { ArchiveActivities, MultipartLimits } from './archive/index.js';
import type { BatchActivities } from './batch.js';
import { createBatchActivities } from './batch.js';
import { createCredentialsActivities } from './credentials/index.js';
import type { CredentialsActivities, CredentialsOptions } from './credentials/index.js';
import type { DynamoDbActivities } from './dynamodb.js';
import { createDynamoDbActivities } from './dynamodb.js';
import type { FinishActivities } from './finish.js';
import { createFinishActivities } from './finish.js';
import type { GlueActivities } from './glue.js';
import { createGlueActivities } from './glue.js';
import type { LineageTarget } from './lineage/target.js';
import type { GlueUsageActivities } from './glue-usage/index.js';
import { createGlueUsageActivities } from './glue-usage/index.js';
import type { LoadStateActivities } from './load-state.js';
import { createLoadStateActivities } from './load-state.js';
import type { LockActivities } from './locks.js';
import { createLockActivities } from './locks.js';
import type { NotificationChannels } from './notifier.js';
import type { PollClock } from './poll-clock.js';
import type { QualityActivities } from './quality/index.js';
import { createQualityActivities } from './quality/index.js';
import type { RedshiftActivities } from './redshift.js';
import { createRedshiftActivities } from './redshift.js';
import type { S3Activities } from './s3.js';
import { createS3Activities } from './s3.js';

/** The AWS clients that the activities share. */
export interface AwsClients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  /** Must not retry by itself. */
  readonly glue: GlueClient;
  readonly redshift: RedshiftDataClient;
  readonly sns: SNSClient;
  readonly ses: SESv2Client;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly readerOf: CredentialsOptions['readerOf'];
}

/** All activities, as a worker registers them. */
export type Activities = DynamoDbActivities &
  S3Activities &
  GlueActivities &
  GlueUsageActivities &
  RedshiftActivities &
  LockActivities &
  LoadStateActivities &
  ArchiveActivities &
  BatchActivities &
  CredentialsActivities &
  FinishActivities &
  QualityActivities;

/** Makes all activities over the clients of AWS and Temporal; `clock` is the time of day unless a test says otherwise. */
export function createActivities(
  options: AwsClients & {
    readonly temporal: Client;
    readonly clock?: PollClock;
    readonly multipart?: MultipartLimits;
    readonly channels?: NotificationChannels;
    readonly lineage?: LineageTarget;
  }
): Activities {
  return {
    ...createDynamoDbActivities(options),
    ...createS3Activities(options),
    ...createGlueActivities(options),
    ...createGlueUsageActivities(options),
    ...createRedshiftActivities(options),
    ...createLockActivities(options),
    ...createLoadStateActivities(options),
    ...createArchiveActivities(options),
    ...createBatchActivities(options),
    ...createCredentialsActivities(options),
    ...createFinishActivities(options),
    ...createQualityActivities(options),
  };
}
