import { randomUUID } from 'node:crypto';
import type { ClassicLevel } from 'classic-level';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import { epochSeconds, operation, pageOf, paging } from '../gateway/check-request.js';
import type { JsonService } from '../gateway/service.js';
import { EntityStore, serviceLevel } from '../state/entity-store.js';
import { Secrets } from './secrets.js';
import type { Secret, SecretValue } from './secrets.js';

const SecretId = z.string().min(1).max(2048);
const versionId = z.string().min(32).max(64);
const stage = z.string().min(1).max(256);
const value = {
  ClientRequestToken: versionId.optional(),
  SecretString: z.string().min(1).max(65_536).optional(),
  SecretBinary: z.string().min(1).max(90_000).optional(),
};
const Name = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9/_+=.@!-]+$/, 'Must be a valid name containing alphanumeric characters, or any of -/_+=.@!');
const Tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional();

const schemas = {
  CreateSecret: z.object({ Name, Description: z.string().optional(), KmsKeyId: z.string().optional(), Tags, ...value }),
  PutSecretValue: z.object({ SecretId, VersionStages: z.array(stage).min(1).max(20).optional(), ...value }),
  GetSecretValue: z.object({ SecretId, VersionId: versionId.optional(), VersionStage: stage.optional() }),
  DescribeSecret: z.object({ SecretId }),
  UpdateSecretVersionStage: z.object({
    SecretId,
    VersionStage: stage,
    RemoveFromVersionId: versionId.optional(),
    MoveToVersionId: versionId.optional(),
  }),
  ListSecretVersionIds: z.object({ SecretId, IncludeDeprecated: z.boolean().optional(), ...paging(100) }),
  DeleteSecret: z.object({
    SecretId,
    RecoveryWindowInDays: z.number().int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().optional(),
  }),
};

function valueOf(given: SecretValue): SecretValue | undefined {
  const { SecretString, SecretBinary } = given;
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value."
    );
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary === undefined ? undefined : { SecretBinary };
}

const named = ({ arn, name }: Secret) => ({ ARN: arn, Name: name });

const versionsToStages = ({ versions }: Secret): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(versions).flatMap(([id, { stages }]) => (stages.length > 0 ? [[id, stages] as const] : []))
  );

/**
 * AWS Secrets Manager: secrets, their versions and staging labels. Values are kept as they are in the local database,
 * not encrypted. Rotation, replication and resource policies are not here.
 */
export async function createSecretsManager({
  db,
  ...identity
}: {
  readonly db: ClassicLevel<string, string>;
  readonly account: string;
  readonly region: string;
}): Promise<JsonService> {
  const store = await EntityStore.open<Secret>(serviceLevel(db, 'secrets-manager'), 'secret');
  const secrets = new Secrets(store, identity);
  return {
    target: 'secretsmanager',
    operations: {
      CreateSecret: operation(schemas.CreateSecret, async (input) => {
        const { Description: description, KmsKeyId: kmsKeyId, Tags: tags = [] } = input;
        const content = valueOf(input);
        const secret = await secrets.create(input.Name, { description, kmsKeyId, tags });
        if (content === undefined) return named(secret);
        const VersionId = input.ClientRequestToken ?? randomUUID();
        return { ...named(await secrets.addVersion(secret, VersionId, content)), VersionId };
      }),
      PutSecretValue: operation(schemas.PutSecretValue, async (input) => {
        const secret = secrets.usable(input.SecretId);
        const content = valueOf(input);
        if (content === undefined) {
          throw new AwsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
        }
        const VersionId = input.ClientRequestToken ?? randomUUID();
        const changed = await secrets.addVersion(secret, VersionId, content, input.VersionStages);
        return { ...named(changed), VersionId, VersionStages: changed.versions[VersionId]?.stages };
      }),
      GetSecretValue: operation(schemas.GetSecretValue, async (input) => {
        const secret = secrets.usable(input.SecretId);
        const found = secrets.version(secret, { id: input.VersionId, stage: input.VersionStage });
        return Promise.resolve({
          ...named(secret),
          ...found.value,
          VersionId: found.id,
          VersionStages: found.stages,
          CreatedDate: found.createdDate,
        });
      }),
      DescribeSecret: operation(schemas.DescribeSecret, async (input) => {
        const secret = secrets.find(input.SecretId);
        return Promise.resolve({
          ...named(secret),
          Description: secret.description,
          KmsKeyId: secret.kmsKeyId,
          Tags: secret.tags,
          CreatedDate: secret.createdDate,
          LastChangedDate: secret.lastChangedDate,
          DeletedDate: secret.deletionDate,
          VersionIdsToStages: versionsToStages(secret),
        });
      }),
      UpdateSecretVersionStage: operation(schemas.UpdateSecretVersionStage, async (input) => {
        const { VersionStage, RemoveFromVersionId, MoveToVersionId } = input;
        const secret = secrets.usable(input.SecretId);
        return named(await secrets.updateStage(secret, VersionStage, RemoveFromVersionId, MoveToVersionId));
      }),
      ListSecretVersionIds: operation(schemas.ListSecretVersionIds, async (input) => {
        const secret = secrets.find(input.SecretId);
        const versions = Object.entries(secret.versions)
          .filter(([, { stages }]) => input.IncludeDeprecated || stages.length > 0)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([key, { stages, createdDate }]) => ({
            key,
            value: { VersionId: key, VersionStages: stages, CreatedDate: createdDate },
          }));
        const { items, NextToken } = pageOf(versions, input);
        return Promise.resolve({ ...named(secret), Versions: items, NextToken });
      }),
      DeleteSecret: operation(schemas.DeleteSecret, async (input) => {
        const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = input;
        if (force && days !== undefined) {
          const message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
          throw new AwsError('InvalidParameterException', message);
        }
        const secret = secrets.usable(input.SecretId);
        const deletionDate = epochSeconds() + (force ? 0 : (days ?? 30) * 86_400);
        if (force) await secrets.remove(secret);
        else await secrets.change({ ...secret, deletionDate });
        return { ...named(secret), DeletionDate: deletionDate };
      }),
    },
    close: () => Promise.resolve(),
  };
}
