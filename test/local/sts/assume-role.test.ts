import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { element, rawRequest } from '../gateway/raw-request.js';
import { credentials, region, startLocalS3 } from '../s3/local-s3.js';
import type { LocalS3 } from '../s3/local-s3.js';

const role = { RoleArn: 'arn:aws:iam::000000000000:role/lake-reader', RoleSessionName: 'reader' };
const Bucket = 'lake';
let local: LocalS3;
let sts: STSClient;
let now = Date.now();
const passed = (seconds: number): void => void (now += seconds * 1000);

beforeAll(async () => {
  local = await startLocalS3({ clock: () => now });
  sts = new STSClient({ endpoint: local.url, region, credentials, maxAttempts: 1 });
  await local.store.createBucket(Bucket);
  for (const key of ['shop/a', 'shop/b', 'other/a']) await put(key);
});
afterAll(async () => {
  sts.destroy();
  await local.close();
});

const put = (Key: string) => local.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

/** Keys for an SDK client. */
interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

async function assume(input: Partial<AssumeRoleCommandInput> = {}, client = sts): Promise<Keys & { expiration: Date }> {
  const { Credentials } = await client.send(new AssumeRoleCommand({ ...role, ...input }));
  if (Credentials === undefined) throw new Error('no credentials');
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration = new Date(0) } = Credentials;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** Reads an object with these credentials; the text, or the name of the error. */
async function read(keys: Keys, Key = 'shop/a'): Promise<string | undefined> {
  const client = local.connect({ credentials: keys });
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToString();
  } catch (error) {
    return (error as Error).name;
  } finally {
    client.destroy();
  }
}

describe('AssumeRole', () => {
  it('gives credentials that S3 takes until they expire, also after a restart', async () => {
    const keys = await assume({ DurationSeconds: 900, ExternalId: 'databricks-1' });
    expect(keys.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(keys.expiration.getTime()).toBe(Math.floor(now / 1000 + 900) * 1000);
    expect(await read(keys)).toBe('shop/a');
    await local.restart();
    sts.destroy();
    sts = new STSClient({ endpoint: local.url, region, credentials, maxAttempts: 1 });
    expect(await read(keys)).toBe('shop/a');
    passed(899);
    expect(await read(keys)).toBe('shop/a');
    passed(2);
    expect(await read(keys)).toBe('ExpiredToken');
  });

  it('tells who the session is', async () => {
    const keys = await assume();
    const own = new STSClient({ endpoint: local.url, region, credentials: keys, maxAttempts: 1 });
    try {
      const arn = 'arn:aws:sts::000000000000:assumed-role/lake-reader/reader';
      expect(await own.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: arn, Account: '000000000000' });
      await expect(assume({ DurationSeconds: 3601 }, own)).rejects.toMatchObject({ name: 'ValidationError' });
      expect(await read(await assume({ DurationSeconds: 3600 }, own))).toBe('shop/a');
      passed(3601);
      await expect(own.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'ExpiredToken' });
    } finally {
      own.destroy();
    }
  });

  it.each([
    ['a duration below 900 s', { DurationSeconds: 899 }, 'ValidationError', "at 'durationSeconds'"],
    ['a duration above 12 h', { DurationSeconds: 43_201 }, 'ValidationError', 'less than or equal to 43200'],
    ['a session name with a space', { RoleSessionName: 'two words' }, 'ValidationError', "at 'roleSessionName'"],
    ['a session name of one letter', { RoleSessionName: 'x' }, 'ValidationError', "at 'roleSessionName'"],
    ['an external id with a space', { ExternalId: 'a b' }, 'ValidationError', "at 'externalId'"],
    ['no role', { RoleArn: 'arn:aws:iam::000000000000:user/u' }, 'ValidationError', 'is invalid'],
    ['a policy that is none', { Policy: '{"Statement": 1}' }, 'MalformedPolicyDocumentException', 'Syntax errors'],
    [
      'a role of another account',
      { RoleArn: 'arn:aws:iam::111111111111:role/lake-reader' },
      'AccessDenied',
      'is not authorized to perform: sts:AssumeRole',
    ],
  ])('refuses %s', async (_what, input, name, message) => {
    await expect(assume(input)).rejects.toMatchObject({ name, message: expect.stringContaining(message) as string });
  });
});

describe('temporary credentials', () => {
  it('are refused when STS has not given them out, in the header and in a presigned URL', async () => {
    const unknown = { accessKeyId: 'ASIAAAAAAAAAAAAAAAAA', secretAccessKey: 's', sessionToken: 't' };
    expect(await read(unknown)).toBe('InvalidAccessKeyId');
    const query = (id: string, token: string): string =>
      `/lake/shop/a?${new URLSearchParams({
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': `${id}/20250101/us-east-1/s3/aws4_request`,
        'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
        'X-Amz-Expires': '60',
        'X-Amz-SignedHeaders': 'host',
        'X-Amz-Security-Token': token,
        'X-Amz-Signature': '0',
      }).toString()}`;
    const answers = async (id: string, token: string) => {
      const { status, body } = await rawRequest(local.url, { path: query(id, token) });
      return [status, status === 200 ? body : element(body, 'Code')];
    };
    expect(await answers(unknown.accessKeyId, 't')).toEqual([403, 'InvalidAccessKeyId']);
    const { accessKeyId, sessionToken = '' } = await assume({ DurationSeconds: 900 });
    expect(await answers(accessKeyId, 'of another')).toEqual([400, 'InvalidToken']);
    passed(901);
    expect(await answers(accessKeyId, sessionToken)).toEqual([400, 'ExpiredToken']);
  });

  it('are refused when generations are mixed, or the token is missing', async () => {
    const [one, two] = [await assume(), await assume()];
    expect(await read({ ...one, sessionToken: two.sessionToken })).toBe('InvalidToken');
    expect(await read({ ...one, sessionToken: undefined })).toBe('InvalidAccessKeyId');
    expect(await read({ ...one, secretAccessKey: two.secretAccessKey })).toBe('SignatureDoesNotMatch');
  });

  it('do what their session policy allows', async () => {
    const Statement = [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/shop/*' },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::lake' },
    ];
    const keys = await assume({ Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
    const client = local.connect({ credentials: keys });
    try {
      expect(await read(keys)).toBe('shop/a');
      expect(await read(keys, 'other/a')).toBe('AccessDenied');
      const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'shop/' }));
      expect(KeyCount).toBe(2);
      await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'other/a' }))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      });
      const write = client.send(new PutObjectCommand({ Bucket, Key: 'shop/c', Body: 'c' }));
      await expect(write).rejects.toMatchObject({ name: 'AccessDenied' });
      expect(await read(credentials, 'shop/c')).toBe('NoSuchKey');
    } finally {
      client.destroy();
    }
  });
});
