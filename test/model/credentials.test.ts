import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfiguration } from '../../model/configuration.js';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'sluice-credentials-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const load = (credentials: unknown) => {
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, JSON.stringify({ buckets: { lake: 'my-lake' }, credentials }));
  return loadConfiguration({ file, env: {} }).credentials ?? [];
};
const one = {
  name: 'databricks',
  roleArn: 'arn:aws:iam::123456789012:role/readers/lake-reader',
  target: { secretsManager: { secretId: 'lake/databricks' } },
  verify: { prefix: 'shop/' },
};
const problemsOf = (...credentials: unknown[]): string[] => {
  try {
    load(credentials);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ path, message }) => `${path.replace('credentials.', '')}: ${message}`);
  }
};

describe('declared credentials', () => {
  it('have defaults: an hour, the lake, a policy that reads below the prefix', () => {
    const [found] = load([one]);
    expect(found).toMatchObject({
      durationSeconds: 3600,
      sessionName: 'sluice-databricks',
      verify: { bucket: 'my-lake', prefix: 'shop/' },
    });
    expect(JSON.parse(found?.sessionPolicy ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-lake/shop/*' },
        { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: 'arn:aws:s3:::my-lake' },
      ],
    });
  });

  it('have the policy that is given, or none, and name the partition and the key of the bucket', () => {
    const Statement = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
    const given = load([{ ...one, sessionPolicy: { Version: '2012-10-17', Statement } }]);
    expect(JSON.parse(given[0]?.sessionPolicy ?? '')).toEqual({ Version: '2012-10-17', Statement });
    expect(load([{ ...one, sessionPolicy: 'none' }])[0]?.sessionPolicy).toBeUndefined();
    const kmsKeyArn = 'arn:aws-cn:kms:cn-north-1:123456789012:key/0a-1';
    const [china] = load([{ ...one, roleArn: 'arn:aws-cn:iam::123456789012:role/r', kmsKeyArn }]);
    expect(china?.sessionPolicy).toContain('"arn:aws-cn:s3:::my-lake/shop/*"');
    expect(china?.sessionPolicy).toContain(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"${kmsKeyArn}"}`);
    expect(china).not.toHaveProperty('kmsKeyArn');
  });

  it.each([
    [{ name: 'Data Bricks' }, '0.name: not a name'],
    [{ roleArn: 'arn:aws:iam::123456789012:user/me' }, '0.roleArn: not the ARN of an IAM role'],
    [{ durationSeconds: 899 }, '0.durationSeconds: STS gives credentials for 900 seconds at least'],
    [{ durationSeconds: 43_201 }, '0.durationSeconds: STS gives credentials for 43200 seconds (12 hours) at most'],
    [{ sessionName: 'a b' }, '0.sessionName: not a session name'],
    [{ externalId: 'a b' }, '0.externalId: not an external id'],
    [{ target: {} }, '0.target: name one of secretsManager and keyVault'],
    [{ target: { keyVault: { url: 'http://vault.azure.net', secret: 'lake' } } }, '0.target.keyVault.url: not the URL'],
    [{ target: { keyVault: { url: 'https://v.azure.net', secret: 'a/b' } } }, '0.target.keyVault.secret: not the name'],
    [{ verify: { prefix: 'shop' } }, '0.verify.prefix: not a prefix'],
    [{ verify: { prefix: '*/' } }, '0.verify.prefix: not a prefix'],
    [{ sessionPolicy: 'all' }, '0.sessionPolicy: neither none nor a policy'],
    [{ sessionPolicy: 'none', kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/a' }, '0.kmsKeyArn: is of the policy'],
    [{ region: 'Europe' }, '0.region: not a Region'],
    [{ secret: 'x' }, '0.secret: there is no such setting'],
  ])('are refused for %j', (wrong, problem) => {
    expect(problemsOf({ ...one, ...wrong })).toEqual([expect.stringContaining(problem)]);
  });

  it('have names and places of their own', () => {
    expect(problemsOf(one, one)).toEqual([
      '1.name: other credentials have this name',
      '1.target: other credentials are put there',
    ]);
  });

  it('take no policy that STS would not take', () => {
    const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'x'.repeat(2_048) }];
    expect(problemsOf({ ...one, sessionPolicy: { Version: '2012-10-17', Statement } })).toEqual([
      expect.stringContaining('0.sessionPolicy: longer than the 2048 characters'),
    ]);
  });
});
