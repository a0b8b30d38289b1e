import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Interceptor } from '../../../local/gateway/index.js';
import type { CredentialsDeclaration } from '../../../model/credentials.js';
import { readPolicy } from '../../../model/credentials.js';
import type { CredentialsSecret } from '../../../model/credentials-secret.js';
import { parseCredentialsSecret } from '../../../model/credentials-secret.js';
import type { CredentialsInput } from '../../../workflows/index.js';
import { credentials as localKeys, region, startLocalS3 } from '../../local/s3/local-s3.js';
import type { LocalS3 } from '../../local/s3/local-s3.js';
import { deployment } from '../stack.js';

/** An alert as the webhook gets it. */
export interface Alert {
  readonly kind: string;
  readonly text: string;
}

/** A lake with one object to read, secrets for its readers, and a webhook for alerts. */
export interface Scene {
  readonly local: LocalS3;
  readonly secrets: SecretsManagerClient;
  /** For workers. */
  readonly env: NodeJS.ProcessEnv;
  readonly alerts: readonly Alert[];
  /** What the readers of a secret find now; undefined when there is nothing. */
  current(secretId: string): Promise<CredentialsSecret | undefined>;
  /** All that is kept of a secret, also what is not current any more. */
  versions(secretId: string): Promise<CredentialsSecret[]>;
  /** Reads the lake with these credentials: the text, or the name of the error. */
  read(secret: CredentialsSecret, key?: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const prefix = 'shop/';

/** Starts it. @param clock by which credentials expire. */
export async function startScene(
  options: { readonly clock?: () => number; readonly intercept?: readonly Interceptor[] } = {}
): Promise<Scene> {
  const local = await startLocalS3(options);
  const config = { endpoint: local.url, region, credentials: localKeys };
  const secrets = new SecretsManagerClient(config);
  const { lake, quality } = deployment.buckets;
  for (const Bucket of [lake, quality]) await local.client.send(new CreateBucketCommand({ Bucket }));
  await local.client.send(new PutObjectCommand({ Bucket: lake, Key: `${prefix}part`, Body: 'the lake' }));
  await local.client.send(new PutObjectCommand({ Bucket: lake, Key: 'other/part', Body: 'another' }));
  const alerts: Alert[] = [];
  const webhook = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      alerts.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Alert);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  return {
    local,
    secrets,
    alerts,
    env: {
      AWS_ENDPOINT_URL: local.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      SLUICE_WEBHOOK_URL: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
    },
    async current(SecretId) {
      const found = await secrets.send(new GetSecretValueCommand({ SecretId })).catch((error: Error) => {
        if (error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      });
      return parseCredentialsSecret(found?.SecretString);
    },
    async versions(SecretId) {
      const list = new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true, MaxResults: 100 });
      const { Versions = [] } = await secrets.send(list);
      const all = Versions.map(async ({ VersionId }) => {
        const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId, VersionId }));
        return parseCredentialsSecret(SecretString);
      });
      return (await Promise.all(all)).filter((secret) => secret !== undefined);
    },
    async read({ accessKeyId, secretAccessKey, sessionToken }, Key = `${prefix}part`) {
      const keys = { accessKeyId, secretAccessKey, sessionToken };
      const reader = new S3Client({ ...config, credentials: keys, forcePathStyle: true });
      try {
        const { Body } = await reader.send(new GetObjectCommand({ Bucket: lake, Key }));
        return await Body?.transformToString();
      } catch (error) {
        return (error as Error).name;
      } finally {
        reader.destroy();
      }
    },
    async close() {
      secrets.destroy();
      webhook.closeAllConnections();
      webhook.close();
      await local.close();
    },
  };
}

/** Makes an empty secret, and declares credentials that are put there. */
export async function declare(
  scene: Scene,
  name: string,
  more: Partial<CredentialsDeclaration> = {}
): Promise<CredentialsInput> {
  if (more.target === undefined) await scene.secrets.send(new CreateSecretCommand({ Name: name, SecretString: '{}' }));
  const roleArn = 'arn:aws:iam::000000000000:role/lake-reader';
  const verify = { bucket: deployment.buckets.lake, prefix };
  const declaration: CredentialsDeclaration = {
    name,
    roleArn,
    sessionName: `sluice-${name}`,
    durationSeconds: 900,
    sessionPolicy: readPolicy({ roleArn, verify }),
    target: { secretsManager: { secretId: name } },
    verify,
    ...more,
  };
  return { credentials: declaration, deployment };
}

/** Waits until something holds. */
export async function until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const deadline = Date.now() + 100_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error('it did not come to be');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
