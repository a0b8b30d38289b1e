import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sns';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../../local/gateway/index.js';
import type { Gateway } from '../../../local/gateway/index.js';
import type { HttpService } from '../../../local/gateway/service.js';
import { createSns } from '../../../local/sns/index.js';
import { createSts } from '../../../local/sts/index.js';

const identity = { account: '000000000000', region: 'us-east-1' };
const arnOf = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP endpoint that keeps what it is sent, and refuses the first of it. */
async function startEndpoint(): Promise<{ url: string; received: Received[]; server: Server }> {
  const received: Received[] = [];
  let refusals = 1;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (refusals-- > 0) return void response.writeHead(503).end();
      received.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, server };
}

describe('the local SNS', () => {
  let folder: string;
  let db: ClassicLevel<string, string>;
  let service: HttpService;
  let gateway: Gateway;
  let sns: SNSClient;

  const start = async (): Promise<void> => {
    db = new ClassicLevel(join(folder, 'state'));
    await db.open();
    service = await createSns({ db, folder: join(folder, 'sns'), ...identity });
    const absent: HttpService = {
      name: 'absent',
      handle: () => Promise.reject(new Error()),
      close: () => Promise.resolve(),
    };
    const services = { json: [], dynamodb: absent, s3: absent, sns: service, sts: createSts(identity) };
    gateway = await startGateway({ services, ...identity });
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    sns = new SNSClient({ endpoint: gateway.url, region: identity.region, credentials, maxAttempts: 1 });
  };
  const stop = async (): Promise<void> => {
    sns.destroy();
    await gateway.close();
    await service.close();
    await db.close();
  };
  const messages = async (name: string): Promise<Record<string, unknown>[]> => {
    const lines = (await readFile(join(folder, 'sns', 'messages.jsonl'), 'utf8')).trimEnd().split('\n');
    const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return all.filter(({ topicArn }) => topicArn === arnOf(name));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-sns-'));
    await start();
  });
  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  it('makes a topic once, with attributes and tags, and keeps it over a restart', async () => {
    const create = { Name: 'alerts', Attributes: { DisplayName: 'Alerts' }, Tags: [{ Key: 'team', Value: 'data' }] };
    const first = await sns.send(new CreateTopicCommand(create));
    expect(first.TopicArn).toBe(arnOf('alerts'));
    expect((await sns.send(new CreateTopicCommand(create))).TopicArn).toBe(first.TopicArn);
    await expect(
      sns.send(new CreateTopicCommand({ ...create, Attributes: { DisplayName: 'Other' } }))
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await sns.send(
      new SetTopicAttributesCommand({
        TopicArn: first.TopicArn,
        AttributeName: 'DisplayName',
        AttributeValue: 'Zoë & <x>',
      })
    );
    await sns.send(new TagResourceCommand({ ResourceArn: first.TopicArn, Tags: [{ Key: 'a', Value: '1' }] }));
    await sns.send(new UntagResourceCommand({ ResourceArn: first.TopicArn, TagKeys: ['team'] }));
    await stop();
    await start();
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: arnOf('alerts') }));
    expect(Attributes).toMatchObject({ DisplayName: 'Zoë & <x>', Owner: '000000000000', SubscriptionsConfirmed: '0' });
    expect((await sns.send(new ListTagsForResourceCommand({ ResourceArn: arnOf('alerts') }))).Tags).toEqual([
      { Key: 'a', Value: '1' },
    ]);
  });

  it('lists topics a hundred at a time, and forgets a deleted one', async () => {
    for (let n = 0; n < 101; n += 1) await sns.send(new CreateTopicCommand({ Name: `many-${n}` }));
    const { Topics = [], NextToken } = await sns.send(new ListTopicsCommand({}));
    const { Topics: rest = [] } = await sns.send(new ListTopicsCommand({ NextToken }));
    expect([Topics.length, rest.length]).toEqual([100, 2]);
    const TopicArn = arnOf('many-0');
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await expect(sns.send(new PublishCommand({ TopicArn, Message: 'm' }))).rejects.toMatchObject({
      name: 'NotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('keeps what was published, and delivers it to confirmed HTTP endpoints, in spite of a failure', async () => {
    const TopicArn = arnOf('alerts');
    const { url, received, server } = await startEndpoint();
    const subscribe = { TopicArn, Protocol: 'http', Endpoint: url };
    expect((await sns.send(new SubscribeCommand(subscribe))).SubscriptionArn).toBe('pending confirmation');
    await expect.poll(() => received.length).toBe(1);
    const confirmation = JSON.parse(received[0]?.body ?? '') as { Type: string; SubscribeURL: string };
    expect(confirmation.Type).toBe('SubscriptionConfirmation');
    await sns.send(new PublishCommand({ TopicArn, Message: 'before' }));
    expect((await fetch(confirmation.SubscribeURL)).status).toBe(200);
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    const SubscriptionArn = Subscriptions[0]?.SubscriptionArn ?? '';
    expect(SubscriptionArn).toMatch(/:alerts:[0-9a-f-]{36}$/);

    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'run-failed' } };
    const message = { TopicArn, Subject: 'It failed', Message: 'Zoë 🧸\n<&>', MessageAttributes };
    const { MessageId } = await sns.send(new PublishCommand(message));
    await expect.poll(() => received.length).toBe(2);
    expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({
      Type: 'Notification',
      MessageId,
      Subject: 'It failed',
      Message: 'Zoë 🧸\n<&>',
      MessageAttributes: { kind: { Type: 'String', Value: 'run-failed' } },
    });
    expect(received[1]?.headers).toMatchObject({ 'x-amz-sns-message-type': 'Notification' });

    const raw = { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' };
    await sns.send(new SetSubscriptionAttributesCommand(raw));
    await sns.send(new PublishCommand({ TopicArn, Message: 'bare' }));
    await expect.poll(() => received[2]?.body).toBe('bare');

    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'after' }));
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(Attributes).toMatchObject({ SubscriptionsDeleted: '1', SubscriptionsConfirmed: '0' });
    expect((await messages('alerts')).map(({ message }) => message)).toEqual([
      'before',
      'Zoë 🧸\n<&>',
      'bare',
      'after',
    ]);
    expect(received).toHaveLength(3);
    server.close();
  });

  it('keeps subscriptions of e-mail addresses pending', async () => {
    const TopicArn = arnOf('alerts');
    const subscribe = { TopicArn, Protocol: 'email', Endpoint: 'ops@example.com', ReturnSubscriptionArn: true };
    const { SubscriptionArn } = await sns.send(new SubscribeCommand(subscribe));
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toMatchObject({ PendingConfirmation: 'true', Endpoint: 'ops@example.com' });
    const { Subscriptions } = await sns.send(new ListSubscriptionsCommand({}));
    expect(Subscriptions).toMatchObject([{ SubscriptionArn: 'PendingConfirmation', Protocol: 'email' }]);
    await expect(sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: 'x' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('takes a FIFO message of one deduplication id once', async () => {
    const Attributes = { FifoTopic: 'true' };
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'ordered.fifo', Attributes }));
    const publish = { TopicArn, Message: 'm', MessageGroupId: 'g', MessageDeduplicationId: 'd' };
    const first = await sns.send(new PublishCommand(publish));
    const again = await sns.send(new PublishCommand({ ...publish, Message: 'n' }));
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    const other = await sns.send(new PublishCommand({ ...publish, MessageDeduplicationId: 'e' }));
    expect(BigInt(other.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.SequenceNumber ?? 0));
    expect((await messages('ordered.fifo')).map(({ deduplicationId }) => deduplicationId)).toEqual(['d', 'e']);
    for (const refused of [
      { ...publish, MessageGroupId: undefined },
      { ...publish, MessageDeduplicationId: undefined },
      { ...publish, TopicArn: arnOf('alerts') },
    ]) {
      await expect(sns.send(new PublishCommand(refused))).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
  });

  it('publishes a batch, entry by entry', async () => {
    const TopicArn = arnOf('many-1');
    const PublishBatchRequestEntries = [
      { Id: 'a', Message: 'one' },
      { Id: 'b', Message: 'two', Subject: 'line\nbreak' },
      { Id: 'c', Message: 'three' },
    ];
    const answer = await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(answer.Failed).toMatchObject([{ Id: 'b', Code: 'InvalidParameter', SenderFault: true }]);
    expect((await messages('many-1')).map(({ message }) => message)).toEqual(['one', 'three']);
    const batch = (Ids: string[]) =>
      sns.send(
        new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: Ids.map((Id) => ({ Id, Message: 'm' })) })
      );
    await expect(batch(['a', 'a'])).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinctException' });
    await expect(batch('abcdefghijk'.split(''))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequestException',
    });
  });

  it.each([
    ['an empty message', { Message: '' }],
    ['a subject of 101 characters', { Message: 'm', Subject: 'x'.repeat(101) }],
    ['a subject with a line break', { Message: 'm', Subject: 'a\nb' }],
    ['a subject beyond ASCII', { Message: 'm', Subject: 'Zoë' }],
    ['a message of more than 256 KB', { Message: 'x'.repeat(262_145) }],
    ['JSON without a default', { Message: '{"sms":"x"}', MessageStructure: 'json' }],
    ['a topic of another form', { Message: 'm', TopicArn: 'alerts' }],
  ])('refuses %s', async (_what, given) => {
    const publish = sns.send(new PublishCommand({ TopicArn: arnOf('alerts'), ...given }));
    await expect(publish).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it.each([
    ['a name with spaces', { Name: 'a b' }],
    ['a FIFO name without the attribute', { Name: 'a.fifo' }],
    ['an unknown attribute', { Name: 'a', Attributes: { Colour: 'red' } }],
  ])('refuses a topic with %s', async (_what, given) => {
    await expect(sns.send(new CreateTopicCommand(given))).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('refuses requests without credentials, and operations it does not have', async () => {
    const body = 'Action=ListTopics&Version=2010-03-31';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await fetch(gateway.url, { method: 'POST', body, headers })).status).toBe(403);
    const authorization =
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=x';
    const unknown = await fetch(`${gateway.url}/?Action=Fly`, {
      method: 'POST',
      headers: { ...headers, authorization },
    });
    expect([unknown.status, await unknown.text()]).toEqual([
      400,
      expect.stringContaining('<Code>InvalidAction</Code>'),
    ]);
  });
});
