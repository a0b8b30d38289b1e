import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { Context } from '@temporalio/activity';
import type { CredentialsDeclaration } from '../../model/credentials.js';
import type { CredentialsSecret } from '../../model/credentials-secret.js';
import { StepError, onResource } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import { systemClock } from '../poll-clock.js';
import type { PollClock } from '../poll-clock.js';
import type { StepInput } from '../run-scope.js';
import { keyVaultClient, keyVaultStore } from './key-vault-store.js';
import type { SecretStore } from './secret-store.js';
import { secretsManagerStore } from './secrets-manager-store.js';
import { verifyRead } from './verify-read.js';
import { withoutSecrets } from './without-secrets.js';

/** Input of `refreshCredentials`. */
export interface RefreshCredentialsInput extends StepInput {
  readonly credentials: CredentialsDeclaration;
  /** Tells this refresh from all others; the same at every attempt. */
  readonly refresh: string;
}

/** What of new credentials may be known. */
export interface RefreshedCredentials {
  /** ISO 8601 in UTC, by AWS's clock. */
  readonly expiration: string;
  readonly version: string;
}

/** Activities for temporary credentials. */
export interface CredentialsActivities {
  /**
   * Assumes the role, reads the lake with the new credentials, stores them as one secret and makes that the current one:
   * in this order, so that readers see the old ones until the new ones are known to work. In one activity, since its
   * result is all of it that enters history. An attempt that finds what an earlier one has stored goes on with it.
   */
  refreshCredentials(input: RefreshCredentialsInput): Promise<RefreshedCredentials>;
}

/** What the activities call. */
export interface CredentialsOptions {
  readonly sts: STSClient;
  readonly secretsManager: SecretsManagerClient;
  /** Makes an S3 client that has only these credentials; the caller closes it. */
  readonly readerOf: (credentials: CredentialsSecret) => S3Client;
  readonly clock?: PollClock;
}

/** Of the lifetime; what an earlier attempt has stored is used only with more than this left. */
const leastLeft = 5 / 6;

/** Id of a version, 34 characters: the refresh, what was asked for, and a number, as a version cannot be replaced. */
function versionOf({ refresh, credentials }: RefreshCredentialsInput, number: number): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([refresh, credentials]))
    .digest('hex');
  return `${digest.slice(0, 32)}-${number}`;
}

/** Makes the activities over their clients. */
export function createCredentialsActivities(options: CredentialsOptions): CredentialsActivities {
  const { sts, secretsManager, readerOf, clock = systemClock } = options;

  const openStore = async ({ target }: CredentialsDeclaration, signal: AbortSignal): Promise<SecretStore> => {
    if (target.keyVault !== undefined) {
      return keyVaultStore(await keyVaultClient(target.keyVault.url), target.keyVault.secret, signal);
    }
    const secretId = target.secretsManager?.secretId ?? '';
    const [, region] = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId) ?? [];
    const own = await secretsManager.config.region();
    if (region === undefined || region === own) return secretsManagerStore(secretsManager, secretId, signal);
    const advice = `Run the worker in ${region}, or name a secret in ${own}.`;
    throw new StepError('Permanent', `secret ${secretId}`, `it is not in the worker’s Region ${own}`, advice);
  };

  const assume = async (declared: CredentialsDeclaration, signal: AbortSignal): Promise<CredentialsSecret> => {
    const { roleArn, sessionName, externalId, durationSeconds, sessionPolicy, region } = declared;
    const command = new AssumeRoleCommand({
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ExternalId: externalId,
      DurationSeconds: durationSeconds,
      Policy: sessionPolicy,
    });
    const { Credentials: given } = await onResource(`role ${roleArn}`, () =>
      sts.send(command, { abortSignal: signal })
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new StepError('Transient', `role ${roleArn}`, 'STS answered without credentials');
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration.toISOString(),
      version: '',
      roleArn,
      region: region ?? (await sts.config.region()),
    };
  };

  const verify = async (secret: CredentialsSecret, declared: CredentialsDeclaration, signal: AbortSignal) => {
    const reader = readerOf(secret);
    try {
      await verifyRead(reader, declared.verify, signal);
    } finally {
      reader.destroy();
    }
  };

  return {
    refreshCredentials: (input) =>
      withoutSecrets(input.stage, async (learn) => {
        const { credentials: declared } = input;
        const signal = Context.current().cancellationSignal;
        let step = 'store';
        const stop = keepHeartbeating(() => ({ step }));
        const learnt = (secret: CredentialsSecret): CredentialsSecret => {
          learn(secret.accessKeyId, secret.secretAccessKey, secret.sessionToken);
          return secret;
        };
        const isFresh = ({ expiration }: CredentialsSecret): boolean =>
          Date.parse(expiration) - clock.now() > leastLeft * declared.durationSeconds * 1000;
        try {
          const store = await openStore(declared, signal);
          const before = await store.current();
          if (before !== undefined) learnt(before.secret);
          const found = async (): Promise<{ secret?: CredentialsSecret; version: string }> => {
            for (let number = 0; ; number += 1) {
              const version = versionOf(input, number);
              if (before?.secret.version === version && isFresh(before.secret))
                return { secret: before.secret, version };
              const secret = before?.secret.version === version ? before.secret : await store.pending(version);
              if (secret === undefined) return { version };
              if (isFresh(learnt(secret))) return { secret, version };
            }
          };
          const { secret: earlier, version } = await found();
          if (earlier === undefined || earlier !== before?.secret) {
            step = 'assume';
            const secret = earlier ?? { ...learnt(await assume(declared, signal)), version };
            step = 'verify';
            await verify(secret, declared, signal);
            step = 'stage';
            if (earlier === undefined) await store.stage(secret);
            step = 'promote';
            await store.promote(secret, before);
          }
          const after = await store.current();
          if (after?.secret.version !== version) {
            throw new StepError('Transient', store.resource, 'another version has become current in between');
          }
          return { expiration: after.secret.expiration, version };
        } finally {
          stop();
        }
      }),
  };
}
