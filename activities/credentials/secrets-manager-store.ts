import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { formatCredentialsSecret, parseCredentialsSecret } from '../../model/credentials-secret.js';
import { StepError, onResource } from '../failures.js';
import type { SecretStore, StoredSecret } from './secret-store.js';
import { foreignSecret, overtaken } from './secret-store.js';

const isNotFound = (error: unknown): boolean => (error as Error).name === 'ResourceNotFoundException';

/**
 * A secret of AWS Secrets Manager. A new version has the label AWSPENDING until AWSCURRENT is moved to it from the
 * version that was current before: the service refuses the move when that is no longer the case. Its id is the
 * version of the credentials, so that a repeat does not add another.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export function secretsManagerStore(
  client: SecretsManagerClient,
  secretId: string,
  abortSignal: AbortSignal
): SecretStore {
  const resource = `secret ${secretId} of Secrets Manager`;
  const get = async (which: { readonly VersionId?: string }) => {
    const command = new GetSecretValueCommand({ SecretId: secretId, ...which });
    return await onResource(resource, () => client.send(command, { abortSignal }));
  };

  /** @throws AwsCallError when there is no secret; StepError when it is not for us to write. */
  const requireWritable = async (): Promise<void> => {
    const described = await onResource(resource, () =>
      client.send(new DescribeSecretCommand({ SecretId: secretId }), { abortSignal })
    );
    if (!described.RotationEnabled) return;
    const advice = 'Switch its rotation off, or name another secret in `credentials`.';
    throw new StepError('Permanent', resource, 'Secrets Manager rotates it by a function of its own', advice);
  };

  return {
    resource,

    async current(): Promise<StoredSecret | undefined> {
      await requireWritable();
      const found = await get({}).catch((error: unknown) => {
        if (isNotFound((error as Error).cause)) return undefined; // a secret without a version
        throw error;
      });
      if (found === undefined) return undefined;
      const secret = parseCredentialsSecret(found.SecretString);
      if (secret !== undefined) return { id: found.VersionId ?? '', secret };
      if (found.SecretString?.trim() === '{}') return undefined;
      throw foreignSecret(resource);
    },

    async pending(version) {
      const found = await get({ VersionId: version }).catch((error: unknown) => {
        if (isNotFound((error as Error).cause)) return undefined;
        throw error;
      });
      return parseCredentialsSecret(found?.SecretString);
    },

    async stage(secret) {
      const command = new PutSecretValueCommand({
        SecretId: secretId,
        ClientRequestToken: secret.version,
        SecretString: formatCredentialsSecret(secret),
        VersionStages: ['AWSPENDING'],
      });
      try {
        await client.send(command, { abortSignal });
      } catch (error) {
        // Another attempt has stored its own credentials under this version: the next one takes those.
        if ((error as Error).name === 'ResourceExistsException') throw overtaken(resource);
        await onResource(resource, () => Promise.reject(error as Error));
      }
    },

    async promote(secret, over) {
      const { VersionIdsToStages = {} } = await onResource(resource, () =>
        client.send(new DescribeSecretCommand({ SecretId: secretId }), { abortSignal })
      );
      const holder = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
      if (holder === secret.version) return; // the first version of a secret is current at once
      if (over !== undefined && holder !== over.id) throw overtaken(resource);
      const command = new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: holder,
        MoveToVersionId: secret.version,
      });
      try {
        await client.send(command, { abortSignal });
      } catch (error) {
        if ((error as Error).name === 'InvalidParameterException') throw overtaken(resource);
        await onResource(resource, () => Promise.reject(error as Error));
      }
    },
  };
}
