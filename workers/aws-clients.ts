import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsClients } from '../activities/index.js';
import { awsSettings, s3Settings } from './aws-settings.js';

/** Clients of one worker; `destroy` closes their connections. */
export interface WorkerAwsClients extends AwsClients {
  destroy(): void;
}

/** Long polls of the Redshift Data API last 30 s at most; whatever has not answered by now never will. */
const defaultRequestTimeout = 50_000;

/**
 * Makes the AWS clients from the SDK's own chain of environment, profiles and roles. An `env` other than the process's
 * is for a worker inside another program, such as the demo's; of it only Region, endpoint and access keys are read.
 * @param requestTimeout milliseconds after which a call that was not answered is given up and repeated
 */
export function createAwsClients(
  env: NodeJS.ProcessEnv = process.env,
  requestTimeout: number = defaultRequestTimeout
): WorkerAwsClients {
  const settings = {
    ...awsSettings(env),
    // Not adaptive: its rate limiter, shared by all pipelines of the worker, would hold up calls that nobody throttled.
    retryMode: 'standard',
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 200 },
      httpsAgent: { keepAlive: true, maxSockets: 200 },
    },
  };
  const clients = {
    dynamodb: new DynamoDBClient(settings),
    s3: new S3Client({ ...settings, ...s3Settings(env) }),
    // StartJobRun takes no token: only the activity, which looks for the run first, may repeat it.
    glue: new GlueClient({ ...settings, maxAttempts: 1 }),
    redshift: new RedshiftDataClient(settings),
    sns: new SNSClient(settings),
    ses: new SESv2Client(settings),
    // The URL of a queue names AWS's own endpoint also where another one is to be used.
    sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }),
    sts: new STSClient(settings),
    secretsManager: new SecretsManagerClient(settings),
  };
  return {
    ...clients,
    readerOf: ({ region, accessKeyId, secretAccessKey, sessionToken }) =>
      new S3Client({
        ...settings,
        ...s3Settings(env),
        region,
        credentials: { accessKeyId, secretAccessKey, sessionToken },
      }),
    destroy: () => Object.values(clients).forEach((client) => client.destroy()),
  };
}
