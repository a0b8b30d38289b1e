import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNotifier, snsSubject } from '../../activities/notifier.js';
import type { Notification } from '../../activities/notifier.js';
import { postWebhook, webhookUrlProblem } from '../../activities/webhook.js';
import { startLocalAws } from '../../local/local-aws.js';
import type { LocalAws } from '../../local/local-aws.js';
import { createAwsClients } from '../../workers/aws-clients.js';
import type { WorkerAwsClients } from '../../workers/aws-clients.js';
import { NotificationChannelError, notificationChannels } from '../../workers/notification-channels.js';

describe('the subject of an SNS message', () => {
  it.each([
    ['plain', 'plain'],
    ['Zoë’s\n run', 'Zoe?s run'],
    ['x'.repeat(101), `${'x'.repeat(97)}...`],
    ['x'.repeat(100), 'x'.repeat(100)],
  ])('of %j fits', (given, subject) => {
    expect(snsSubject(given)).toBe(subject);
  });
});

describe('the URL of a webhook', () => {
  it.each(['https://hooks.example.com/a', 'http://127.0.0.1:8080/x', 'http://localhost/x', 'http://[::1]:1/'])(
    '%s is taken',
    (url) => {
      expect(webhookUrlProblem(url)).toBeUndefined();
    }
  );

  it.each(['http://hooks.example.com/s3cret', 'ftp://127.0.0.1/s3cret', 's3cret', 'https://a:s3cret@example.com/'])(
    '%s is refused without being shown',
    (SLUICE_WEBHOOK_URL) => {
      expect(webhookUrlProblem(SLUICE_WEBHOOK_URL)).toBeDefined();
      const read = (): unknown => notificationChannels({ SLUICE_WEBHOOK_URL, SLUICE_TOPIC_ARN: 'alerts' });
      expect(read).toThrow(NotificationChannelError);
      expect(read).toThrow(/SLUICE_WEBHOOK_URL: .*\n.*SLUICE_TOPIC_ARN: not the ARN/);
      expect(read).not.toThrow(/s3cret/);
    }
  );
});

describe('a webhook that refuses', () => {
  let server: Server;
  let status = 200;
  let calls = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      calls += 1;
      response.writeHead(status, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it.each([
    [404, 'Permanent', 1],
    [302, 'Permanent', 1],
    [503, 'Transient', 3],
  ])('with %d fails as %s after %d calls, and its URL is not told', async (answer, errorClass, attempts) => {
    [status, calls] = [answer, 0];
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s3cret`;
    const error: unknown = await postWebhook(url, 'key', {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errorClass, message: `it answered with status ${answer}` });
    expect(JSON.stringify(error)).not.toContain('s3cret');
    expect(calls).toBe(attempts);
  });
});

describe('a FIFO topic', () => {
  let aws: LocalAws;
  let clients: WorkerAwsClients;
  const bucket = 'quality';
  const notification: Notification = {
    group: 'mini',
    kind: 'run-failed',
    subject: 'It failed',
    body: `${'é'.repeat(140_000)} end`,
    dedupId: 'w/r/failed',
    data: {},
  };
  beforeAll(async () => {
    aws = await startLocalAws({ onEvent: () => undefined });
    clients = createAwsClients({ ...aws.env });
    await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(async () => {
    clients?.destroy();
    await aws?.stop();
  });

  it('gets a message that is too long cut, and no second one although the marker is lost', async () => {
    const create = { Name: 'alerts.fifo', Attributes: { FifoTopic: 'true' } };
    const { TopicArn: topicArn } = await clients.sns.send(new CreateTopicCommand(create));
    const notifier = createNotifier(clients);
    expect([notifier.reaches({ bucket }), notifier.reaches({ bucket, topicArn })]).toEqual([false, true]);
    const publish = (where: string) =>
      new MockActivityEnvironment().run(() => notifier.publish(notification, { topicArn, bucket: where }));
    await publish(bucket);
    await publish(bucket);
    await publish('no-such-bucket');
    const lines = (await readFile(join(aws.dataFolder, 'sns', 'messages.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { message, groupId, subject } = JSON.parse(lines[0] ?? '') as Record<string, string>;
    expect([groupId, subject, message?.endsWith('é\n…')]).toEqual(['mini', 'It failed', true]);
  });
});
