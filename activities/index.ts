import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { GlueClient } from '@aws-sdk/client-glue';
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDbActivities } from './dynamodb.js';
import { createDynamoDbActivities } from './dynamodb.js';
import type { GlueActivities } from './glue.js';
import { createGlueActivities } from './glue.js';
import type { PollClock } from './poll-clock.js';
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
}

/** All activities, as a worker registers them. */
export type Activities = DynamoDbActivities & S3Activities & GlueActivities & RedshiftActivities;

/** Makes all activities over the clients; `clock` is the time of day unless a test says otherwise. */
export function createActivities(options: AwsClients & { readonly clock?: PollClock }): Activities {
  return {
    ...createDynamoDbActivities(options),
    ...createS3Activities(options),
    ...createGlueActivities(options),
    ...createRedshiftActivities(options),
  };
}
