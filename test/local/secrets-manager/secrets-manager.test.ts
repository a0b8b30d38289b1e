import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials, region, startLocalS3 } from '../s3/local-s3.js';
import type { LocalS3 } from '../s3/local-s3.js';

let local: LocalS3;
let secrets: SecretsManagerClient;
const connect = () => new SecretsManagerClient({ endpoint: local.url, region, credentials, maxAttempts: 1 });
beforeAll(async () => {
  local = await startLocalS3();
  secrets = connect();
});
afterAll(async () => {
  secrets.destroy();
  await local.close();
});

const token = (n: number): string => `version-${String(n).padStart(32, '0')}`;
const current = async (SecretId: string) => (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;
const put = (SecretId: string, n: number, value: string, VersionStages?: string[]) =>
  secrets.send(
    new PutSecretValueCommand({ SecretId, ClientRequestToken: token(n), SecretString: value, VersionStages })
  );
const move = (SecretId: string, from: number | undefined, to: number) =>
  secrets.send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: 'AWSCURRENT',
      RemoveFromVersionId: from === undefined ? undefined : token(from),
      MoveToVersionId: token(to),
    })
  );

describe('versions', () => {
  it('become current only when the label is moved from the version that has it', async () => {
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'lake/one', SecretString: 'first' }));
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:lake\/one-\w{6}$/);
    await put('lake/one', 1, 'one');
    await put(ARN, 2, 'two', ['AWSPENDING']);
    expect(await current(ARN.slice(0, -7))).toBe('one');
    await expect(move('lake/one', undefined, 2)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move('lake/one', 2, 2)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await move('lake/one', 1, 2);
    expect(await current('lake/one')).toBe('two');
    await expect(move('lake/one', 1, 2)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId: 'lake/one' }));
    expect(VersionIdsToStages).toEqual({ [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSPENDING', 'AWSCURRENT'] });
    const all = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: 'lake/one', IncludeDeprecated: true }));
    expect(all.Versions).toHaveLength(3);
  });

  it('are made once for a token, and the first is current at once', async () => {
    await secrets.send(new CreateSecretCommand({ Name: 'two' }));
    await expect(current('two')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await put('two', 1, 'one', ['AWSPENDING']);
    expect(await current('two')).toBe('one');
    expect(await put('two', 1, 'one')).toMatchObject({ VersionId: token(1) });
    await expect(put('two', 1, 'other')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    const bytes = new Uint8Array([0, 255]);
    await secrets.send(new PutSecretValueCommand({ SecretId: 'two', SecretBinary: bytes }));
    const read = await secrets.send(new GetSecretValueCommand({ SecretId: 'two' }));
    expect([...(read.SecretBinary ?? [])]).toEqual([0, 255]);
    await local.restart();
    secrets.destroy();
    secrets = connect();
    const first = new GetSecretValueCommand({ SecretId: 'two', VersionId: token(1) });
    expect((await secrets.send(first)).SecretString).toBe('one');
  });
});

describe('refusals', () => {
  it('are of what is not there, is there already, or is marked for deletion', async () => {
    await expect(current('none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await secrets.send(new CreateSecretCommand({ Name: 'three', SecretString: 'value' }));
    const again = () => secrets.send(new CreateSecretCommand({ Name: 'three' }));
    await expect(again()).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await expect(put('three', 1, '')).rejects.toMatchObject({ name: 'ValidationException' });
    await secrets.send(new DeleteSecretCommand({ SecretId: 'three' }));
    await expect(current('three')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(again()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await secrets.send(new CreateSecretCommand({ Name: 'four', SecretString: 'value' }));
    await secrets.send(new DeleteSecretCommand({ SecretId: 'four', ForceDeleteWithoutRecovery: true }));
    await expect(current('four')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
