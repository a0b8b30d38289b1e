import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { IAMClient } from '@aws-sdk/client-iam';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { awsSettings, s3Settings } from '../../workers/aws-settings.js';

/** The difference of AWS's clock from this machine's, milliseconds; positive when AWS is ahead. */
export interface ClockReading {
  readonly aheadMs: number;
}

/** AWS clients that only look, by the prefix of their IAM actions. Errors that they throw have the IAM action that was called as `action`. */
export interface DoctorClients {
  readonly dynamodb: DynamoDBClient;
  readonly glue: GlueClient;
  readonly iam: IAMClient;
  readonly 'redshift-data': RedshiftDataClient;
  readonly s3: S3Client;
  readonly secretsmanager: SecretsManagerClient;
  readonly sns: SNSClient;
  readonly sts: STSClient;
  /** What the `Date` header of the latest answer to `sts` said; undefined before there was one. */
  clock(): ClockReading | undefined;
  destroy(): void;
}

/** Actions that have another name than the operation. https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const otherNames: Readonly<Record<string, string>> = {
  's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:HeadObject': 's3:GetObject',
};

/** The part of a client that lets calls be watched. */
interface Watched {
  readonly middlewareStack: {
    add(
      middleware: unknown,
      options: { readonly step: string; readonly priority?: string; readonly name: string }
    ): void;
  };
}

type Next = (args: unknown) => Promise<{ readonly response?: { readonly headers?: Record<string, string> } }>;

function nameActions(client: Watched, service: string): void {
  const middleware = (next: Next, context: { readonly commandName?: string }) => async (args: unknown) => {
    try {
      return await next(args);
    } catch (error) {
      const operation = `${service}:${(context.commandName ?? '').replace(/Command$/, '')}`;
      if (error instanceof Error) Object.assign(error, { action: otherNames[operation] ?? operation });
      throw error;
    }
  };
  client.middlewareStack.add(middleware, { step: 'initialize', name: 'nameAction' });
}

/** Makes the clients for an environment. `now` is this machine's clock, milliseconds since the epoch. */
export function createDoctorClients(env: NodeJS.ProcessEnv, now: () => number): DoctorClients {
  const settings = {
    ...awsSettings(env),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
  };
  const clients = {
    dynamodb: new DynamoDBClient(settings),
    glue: new GlueClient(settings),
    iam: new IAMClient(settings),
    'redshift-data': new RedshiftDataClient({ ...settings, requestHandler: { requestTimeout: 50_000 } }),
    s3: new S3Client({ ...settings, ...s3Settings(env) }),
    secretsmanager: new SecretsManagerClient(settings),
    sns: new SNSClient(settings),
    sts: new STSClient(settings),
  };
  for (const [service, client] of Object.entries(clients)) nameActions(client as Watched, service);
  let clock: ClockReading | undefined;
  const readClock = (next: Next) => async (args: unknown) => {
    const before = now();
    const result = await next(args);
    const date = Date.parse(result.response?.headers?.date ?? '');
    // The header has whole seconds: what was cut off is half a second on average.
    if (!Number.isNaN(date)) clock = { aheadMs: date + 500 - (before + now()) / 2 };
    return result;
  };
  (clients.sts as Watched).middlewareStack.add(readClock, { step: 'deserialize', priority: 'low', name: 'readClock' });
  return {
    ...clients,
    clock: () => clock,
    destroy: () => Object.values(clients).forEach((client) => client.destroy()),
  };
}
