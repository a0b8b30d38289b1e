import {
  DeleteUserPolicyCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListUserPoliciesCommand,
  PutUserPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLocalAws } from '../../../local/local-aws.js';
import type { LocalAws } from '../../../local/local-aws.js';

let aws: LocalAws;
let iam: IAMClient;
beforeAll(async () => {
  aws = await startLocalAws({ onEvent: () => undefined });
  const credentials = { accessKeyId: aws.env.AWS_ACCESS_KEY_ID, secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY };
  iam = new IAMClient({ endpoint: aws.endpoint, region: aws.env.AWS_REGION, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  iam.destroy();
  await aws.stop();
});

const UserName = 'local';
const PolicySourceArn = 'arn:aws:iam::000000000000:user/local';

async function decisions(ActionNames: string[], ResourceArns?: string[]): Promise<string[]> {
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames, ResourceArns })
  );
  return (EvaluationResults ?? []).map((one) => `${one.EvalActionName} ${one.EvalResourceName} ${one.EvalDecision}`);
}

it('allows the user everything that no policy of its own denies', async () => {
  expect(await decisions(['s3:PutObject', 'glue:StartJobRun'])).toEqual([
    's3:PutObject * allowed',
    'glue:StartJobRun * allowed',
  ]);
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Action: ['s3:Put*', 'GLUE:startjobru?'], Resource: 'arn:aws:s3:::lake/*' },
      { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' },
    ],
  });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument }));
  const bucket = ['arn:aws:s3:::lake/a/b', 'arn:aws:s3:::raw/a'];
  expect(await decisions(['s3:PutObject', 's3:GetObject', 'glue:StartJobRun'], bucket)).toEqual([
    's3:PutObject arn:aws:s3:::lake/a/b explicitDeny',
    's3:PutObject arn:aws:s3:::raw/a allowed',
    's3:GetObject arn:aws:s3:::lake/a/b allowed',
    's3:GetObject arn:aws:s3:::raw/a allowed',
    'glue:StartJobRun arn:aws:s3:::lake/a/b explicitDeny',
    'glue:StartJobRun arn:aws:s3:::raw/a allowed',
  ]);
  const { PolicyNames } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const kept = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName: 'p' }));
  expect([PolicyNames, decodeURIComponent(kept.PolicyDocument ?? '')]).toEqual([['p'], PolicyDocument]);
  await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: 'p' }));
  expect(await decisions(['s3:PutObject'], bucket.slice(0, 1))).toEqual(['s3:PutObject arn:aws:s3:::lake/a/b allowed']);
});

it.each([
  ['{', 'MalformedPolicyDocumentException'],
  ['{"Statement": [{"Effect": "Deny", "Action": "s3:*"}]}', 'MalformedPolicyDocumentException'],
  [
    '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {}}}',
    'MalformedPolicyDocumentException',
  ],
])('refuses the policy %s', async (PolicyDocument, name) => {
  const put = iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'bad', PolicyDocument }));
  await expect(put).rejects.toMatchObject({ name });
});

it('knows nobody else', async () => {
  const simulated = iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: 'arn:aws:iam::000000000000:role/none',
      ActionNames: ['s3:GetObject'],
    })
  );
  await expect(simulated).rejects.toMatchObject({ name: 'NoSuchEntityException', $metadata: { httpStatusCode: 404 } });
  const deleted = iam.send(new DeleteUserPolicyCommand({ UserName: 'other', PolicyName: 'p' }));
  await expect(deleted).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});
