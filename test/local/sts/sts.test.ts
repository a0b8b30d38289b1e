import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { element, rawRequest } from '../gateway/raw-request.js';
import { credentials, region, startLocalS3 } from '../s3/local-s3.js';
import type { LocalS3 } from '../s3/local-s3.js';

let local: LocalS3;
let sts: STSClient;
beforeAll(async () => {
  local = await startLocalS3();
  sts = new STSClient({ endpoint: local.url, region, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  sts.destroy();
  await local.close();
});

describe('GetCallerIdentity', () => {
  it('is the local user of the local account', async () => {
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:user/local',
      UserId: 'AIDALOCALLOCALLOCAL00',
      $metadata: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    });
    expect(local.calls()).toMatchObject({ 'sts.GetCallerIdentity': 1 });
  });

  it('can be asked for by a presigned URL', async () => {
    const query =
      'Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=local%2F20250101%2Fus-east-1%2Fsts%2Faws4_request';
    const answer = await rawRequest(local.url, { path: `/?${query}` });
    expect([answer.status, element(answer.body, 'Account')]).toEqual([200, '000000000000']);
  });
});

describe('refusals', () => {
  it('are of operations that are not here', async () => {
    await expect(sts.send(new GetSessionTokenCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' });
  });

  it('are of requests without credentials', async () => {
    const answer = await rawRequest(local.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect([answer.status, element(answer.body, 'Code')]).toEqual([403, 'MissingAuthenticationToken']);
  });
});
