import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateEmailIdentityCommand,
  GetEmailIdentityCommand,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../../local/gateway/index.js';
import type { Gateway } from '../../../local/gateway/index.js';
import type { HttpService } from '../../../local/gateway/service.js';
import { createSes } from '../../../local/ses/index.js';
import { createSqs } from '../../../local/sqs/index.js';

const none: HttpService = {
  name: 'none',
  handle: () => Promise.reject(new Error('none')),
  close: () => Promise.resolve(),
};

describe('the local SES and SQS', () => {
  let folder: string;
  let db: ClassicLevel<string, string>;
  let gateway: Gateway;
  let ses: SESv2Client;
  let sqs: SQSClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-ses-'));
    db = new ClassicLevel(join(folder, 'state'));
    await db.open();
    const identity = { account: '000000000000', region: 'us-east-1' };
    const [mail, queues] = [
      await createSes({ db, folder: join(folder, 'ses'), region: identity.region }),
      await createSqs({ db, ...identity }),
    ];
    gateway = await startGateway({
      services: { json: [queues], dynamodb: none, ses: mail, sts: none, s3: none },
      ...identity,
    });
    const settings = {
      endpoint: gateway.url,
      region: identity.region,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    ses = new SESv2Client({ ...settings, maxAttempts: 1 });
    sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  });
  afterAll(async () => {
    ses?.destroy();
    sqs?.destroy();
    await gateway?.close();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const mail = (from: string, to = ['you@example.com']) =>
    new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: to },
      Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Html: { Data: '<b>é</b>' }, Text: { Data: 'é' } } } },
    });

  it('refuses e-mails from an identity that is not verified, as AWS words it, and keeps none', async () => {
    await expect(ses.send(mail('me@example.com'))).rejects.toMatchObject({
      name: 'MessageRejected',
      message:
        'Email address is not verified. The following identities failed the check in region US-EAST-1: me@example.com',
    });
    await expect(readFile(join(folder, 'ses', 'messages.jsonl'))).rejects.toThrow();
  });
  it('keeps e-mails from a verified address or domain, and says whether an identity is', async () => {
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'me@example.com' }));
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'example.org' }));
    await expect(ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'example.org' }))).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
    await ses.send(mail('Me <me@example.com>'));
    await ses.send(mail('anyone@example.org'));
    const lines = (await readFile(join(folder, 'ses', 'messages.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { from: 'Me <me@example.com>', to: ['you@example.com'], subject: 'Hello', html: '<b>é</b>', text: 'é' },
      { from: 'anyone@example.org' },
    ]);
    const identity = await ses.send(new GetEmailIdentityCommand({ EmailIdentity: 'me@example.com' }));
    expect(identity).toMatchObject({ VerifiedForSendingStatus: true });
    await expect(ses.send(new GetEmailIdentityCommand({ EmailIdentity: 'x@y.z' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
  it.each([[[]], [Array.from({ length: 51 }, (_, index) => `a${index}@example.com`)], [['nobody']]])(
    'refuses recipients that cannot be: %#',
    async (to: string[]) => {
      await expect(ses.send(mail('me@example.com', to))).rejects.toMatchObject({ name: 'BadRequestException' });
    }
  );

  it('gives a message to one receiver at a time, again when it is not deleted, and no more once it is', async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'events' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const receive = async (VisibilityTimeout: number) =>
      (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout }))).Messages ??
      [];
    expect((await receive(0)).map(({ Body }) => Body)).toEqual(['one']);
    const [again] = await receive(60);
    expect(again?.Body).toBe('one');
    expect(await receive(60)).toEqual([]);
    const Entries = [{ Id: '0', ReceiptHandle: again?.ReceiptHandle }];
    expect(await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject({
      Successful: [{ Id: '0' }],
    });
    expect(await receive(0)).toEqual([]);
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, MessageBody: 'x' }))
    ).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });
});
