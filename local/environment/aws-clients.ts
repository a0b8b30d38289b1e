import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import type { LocalAwsEnv } from '../local-aws.js';

/** The AWS clients that an environment is made ready with. */
export interface AwsClients {
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly glue: GlueClient;
  readonly sns: SNSClient;
  /** Frees their connections. */
  destroy(): void;
}

/** Clients of the local AWS, whatever profile or endpoint the process's own environment names. */
export function createAwsClients(env: LocalAwsEnv): AwsClients {
  const configuration = {
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  };
  const clients = {
    s3: new S3Client({ ...configuration, forcePathStyle: true }),
    dynamodb: new DynamoDBClient(configuration),
    glue: new GlueClient(configuration),
    sns: new SNSClient(configuration),
  };
  return { ...clients, destroy: () => Object.values(clients).forEach((client) => client.destroy()) };
}
