import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/gateway/aws-error.js';
import { startGateway } from '../../../local/gateway/index.js';
import type { Gateway, GatewayOptions } from '../../../local/gateway/index.js';
import { DroppedReply } from '../../../local/gateway/interception.js';
import type { InterceptedCall } from '../../../local/gateway/interception.js';
import type { CallContext, HttpService, JsonService } from '../../../local/gateway/service.js';
import { PortError } from '../../../local/process/ports.js';
import { authorization, rawRequest } from './raw-request.js';
import type { RawAnswer } from './raw-request.js';

const opened: Gateway[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((gateway) => gateway.close()));
});

/** A service that answers with its name, the request's path and body. */
function echo(name: string): HttpService {
  return {
    name,
    handle: async (request, response, context) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      await context.begin?.('Echo', {});
      response.writeHead(200, { 'x-service': name });
      response.write(`${name} ${request.url}`);
      response.end(` ${Buffer.concat(chunks).toString()}`);
    },
    close: () => Promise.resolve(),
  };
}

const done: string[] = [];
const glue: JsonService = {
  target: 'AWSGlue',
  operations: {
    StartJobRun: (input: { JobName: string }) => {
      done.push(input.JobName);
      return Promise.resolve({ JobRunId: `jr_${input.JobName}` });
    },
    GetJob: () =>
      Promise.reject(new AwsError('EntityNotFoundException', 'Job x not found.', 400, { FromFederationSource: false })),
    Broken: () => Promise.reject(new Error('secret row data')),
    Poll: (_input: object, { signal }: CallContext) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ polled: true }))),
  },
  close: () => Promise.resolve(),
};

async function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const services = { json: [glue], dynamodb: echo('dynamodb'), sts: echo('sts'), s3: echo('s3') };
  const gateway = await startGateway({ services, account: '000000000000', region: 'us-east-1', ...options });
  opened.push(gateway);
  return gateway;
}

function call(
  gateway: Gateway,
  target: string,
  body = '{}',
  headers: Readonly<Record<string, string>> = { Authorization: authorization }
): Promise<RawAnswer> {
  return rawRequest(gateway.url, {
    method: 'POST',
    headers: { 'X-Amz-Target': target, 'Content-Type': 'application/x-amz-json-1.1', ...headers },
    body,
  });
}

const typeOf = (answer: RawAnswer): [number, unknown] => [
  answer.status,
  (JSON.parse(answer.body) as Record<string, unknown>)['__type'],
];

describe('JSON services', () => {
  it('are called by their target', async () => {
    const answer = await call(await start(), 'AWSGlue.StartJobRun', '{"JobName":"ü"}');
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { JobRunId: 'jr_ü' }]);
    expect(answer.headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answer errors by type and message', async () => {
    const answer = await call(await start(), 'AWSGlue.GetJob');
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('EntityNotFoundException');
    expect(JSON.parse(answer.body)).toEqual({
      __type: 'EntityNotFoundException',
      message: 'Job x not found.',
      FromFederationSource: false,
    });
  });

  it('show nothing of a fault of their own but an id that the log has as well', async () => {
    const faults: [unknown, string][] = [];
    const answer = await call(await start({ onFault: (...fault) => faults.push(fault) }), 'AWSGlue.Broken');
    expect(typeOf(answer)).toEqual([500, 'InternalFailure']);
    expect(answer.body).not.toContain('secret');
    expect(faults).toMatchObject([[{ message: 'secret row data' }, answer.headers['x-amzn-requestid']]]);
    expect(answer.body).toContain(faults[0]?.[1]);
  });

  it.each(['AWSGlue.NoSuchThing', 'AWSGlue.constructor', 'AWSGlue.', 'Lambda.Invoke', 'nonsense'])(
    'do not know %s',
    async (target) => {
      expect(typeOf(await call(await start(), target))).toEqual([400, 'UnknownOperationException']);
    }
  );

  it.each(['{', '[]', '"text"', 'null', '\u0000'])('do not take %j for input', async (body) => {
    expect(typeOf(await call(await start(), 'AWSGlue.StartJobRun', body))).toEqual([400, 'SerializationException']);
  });

  it('take no request without credentials', async () => {
    expect(typeOf(await call(await start(), 'AWSGlue.StartJobRun', '{}', {}))).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
  });

  it('take bodies up to a limit', async () => {
    const gateway = await start();
    const large = JSON.stringify({ JobName: 'x'.repeat(1024 ** 2) });
    expect((await call(gateway, 'AWSGlue.StartJobRun', large)).status).toBe(200);
    const tooLarge = JSON.stringify({ JobName: 'x'.repeat(17 * 1024 ** 2) });
    expect(typeOf(await call(gateway, 'AWSGlue.StartJobRun', tooLarge))).toEqual([
      413,
      'RequestEntityTooLargeException',
    ]);
    const chunked = { Authorization: authorization, 'Transfer-Encoding': 'chunked' };
    expect(typeOf(await call(gateway, 'AWSGlue.StartJobRun', tooLarge, chunked))).toEqual([
      413,
      'RequestEntityTooLargeException',
    ]);
  });
});

describe('routes', () => {
  const scope = (service: string): Record<string, string> => ({
    Authorization: authorization.replace('/s3/', `/${service}/`),
  });

  it('go by target, signature and form', async () => {
    const { url } = await start();
    const form = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const service = async (options: Parameters<typeof rawRequest>[1]): Promise<unknown> =>
      (await rawRequest(url, options)).headers['x-service'];
    expect(await service({ method: 'POST', headers: { 'X-Amz-Target': 'DynamoDB_20120810.ListTables' } })).toBe(
      'dynamodb'
    );
    expect(await service({ headers: scope('sts') })).toBe('sts');
    expect(await service({ method: 'POST', headers: form, body: 'Action=GetCallerIdentity' })).toBe('sts');
    expect(await service({ path: '/?Action=GetCallerIdentity' })).toBe('sts');
    expect(await service({ path: '/bucket/key?Action=x', headers: scope('s3') })).toBe('s3');
    expect(await service({ method: 'POST', path: '/bucket?delete', headers: form })).toBe('s3');
    expect(await service({ path: '/' })).toBe('s3');
  });

  it('tell of health', async () => {
    const { url } = await start();
    const { status, body } = await rawRequest(url, { path: '/_sluice/health' });
    expect([status, JSON.parse(body)]).toEqual([200, { status: 'ok', services: ['dynamodb', 'glue', 's3', 'sts'] }]);
  });
});

describe('host names', () => {
  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1:1', '[::1]:9', 'bucket.localhost:2', 'aws', 'AWS:4566'])(
    'of this machine or the list are served: %s',
    async (host) => {
      const { url } = await start({ allowedHosts: ['aws'] });
      expect((await rawRequest(url, { host, path: '/_sluice/health' })).status).toBe(200);
    }
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evillocalhost', '10.0.0.1'])(
    'of others are refused: %s',
    async (host) => {
      const { url } = await start();
      expect((await rawRequest(url, { host, path: '/_sluice/health' })).status).toBe(403);
    }
  );

  it('of pages that send requests are looked at too', async () => {
    const { url } = await start();
    const status = async (Origin: string): Promise<number> =>
      (await rawRequest(url, { path: '/_sluice/health', headers: { Origin } })).status;
    expect(await status('http://localhost:3000')).toBe(200);
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('null')).toBe(403);
  });
});

describe('the port', () => {
  it('is a free one, on loopback, unless asked for', async () => {
    const first = await start();
    const second = await start();
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(second.url).not.toBe(first.url);
    const port = Number(new URL(first.url).port);
    await expect(start({ port })).rejects.toThrow(PortError);
    await expect(start({ port })).rejects.toThrow(`Port ${port} for the local AWS is in use.`);
    await first.close();
    expect((await start({ port })).url).toBe(first.url);
  });
});

describe('closing', () => {
  async function connect(gateway: Gateway): Promise<Socket> {
    const socket = createConnection(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  it('does not wait for idle connections and half-sent requests, and lets long polls end', async () => {
    const gateway = await start();
    const idle = await connect(gateway);
    idle.write('GET /_sluice/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const half = await connect(gateway);
    half.write('PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
    const silent = await connect(gateway);
    const poll = call(gateway, 'AWSGlue.Poll');
    while (gateway.calls()['glue.Poll'] !== 1) await setTimeout(5);
    const ends = [idle, half, silent].map((socket) => once(socket, 'close'));
    await gateway.close();
    expect(JSON.parse((await poll).body)).toEqual({ polled: true });
    await Promise.all(ends);
    await gateway.close();
  });
});

describe('interceptors', () => {
  const seen: string[] = [];
  const watch = ({ service, operation, number, phase }: InterceptedCall): void =>
    void seen.push(`${phase} ${service}.${operation} ${number}`);

  it('see every call, numbered by operation, before and after it', async () => {
    const gateway = await start({ intercept: [watch] });
    seen.length = 0;
    await call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"a"}');
    await call(gateway, 'AWSGlue.GetJob');
    await call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"b"}');
    const echoed = await rawRequest(gateway.url, { path: '/bucket/key', method: 'PUT', body: 'sent' });
    expect(echoed).toMatchObject({ status: 200, body: 's3 /bucket/key sent' });
    await call(gateway, 'DynamoDB_20120810.ListTables');
    expect(seen).toEqual([
      'before glue.StartJobRun 1',
      'after glue.StartJobRun 1',
      'before glue.GetJob 1',
      'after glue.GetJob 1',
      'before glue.StartJobRun 2',
      'after glue.StartJobRun 2',
      'before s3.Echo 1',
      'after s3.Echo 1',
      'before dynamodb.Echo 1',
      'after dynamodb.Echo 1',
    ]);
    expect(gateway.calls()).toMatchObject({ 'glue.StartJobRun': 2, 'glue.GetJob': 1, 's3.Echo': 1 });
  });

  /** An interceptor that throws in one phase of the second call of each operation. */
  const failing = (phase: InterceptedCall['phase'], error: () => Error) => (seenCall: InterceptedCall) => {
    if (seenCall.number === 2 && seenCall.phase === phase) throw error();
  };
  const throttled = (): Error => new AwsError('ThrottlingException', 'Rate exceeded', 400);

  it('can refuse a call before it is done', async () => {
    const gateway = await start({ intercept: [failing('before', throttled)] });
    done.length = 0;
    const answers = [];
    for (const name of ['1', '2', '3'])
      answers.push(await call(gateway, 'AWSGlue.StartJobRun', `{"JobName":"${name}"}`));
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
    expect(done).toEqual(['1', '3']);
  });

  it('can fail a call that has been done', async () => {
    const gateway = await start({ intercept: [failing('after', throttled)] });
    done.length = 0;
    await call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"1"}');
    expect(typeOf(await call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"2"}'))).toEqual([400, 'ThrottlingException']);
    expect(done).toEqual(['1', '2']);
  });

  it.each(['before', 'after'] as const)('can drop the reply %s a call is done', async (phase) => {
    const gateway = await start({ intercept: [failing(phase, () => new DroppedReply())] });
    done.length = 0;
    await call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"1"}');
    await expect(call(gateway, 'AWSGlue.StartJobRun', '{"JobName":"2"}')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(done).toEqual(phase === 'before' ? ['1'] : ['1', '2']);
    const path = '/bucket/key';
    expect((await rawRequest(gateway.url, { path })).body).toBe('s3 /bucket/key ');
    await expect(rawRequest(gateway.url, { path })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await rawRequest(gateway.url, { path })).body).toBe('s3 /bucket/key ');
  });

  it('can fail what another service has written, in its protocol', async () => {
    const gateway = await start({
      intercept: [failing('after', () => new AwsError('SlowDown', 'Please reduce', 503))],
    });
    await rawRequest(gateway.url, { path: '/bucket/key' });
    const answer = await rawRequest(gateway.url, { path: '/bucket/key' });
    expect(typeOf(answer)).toEqual([503, 'SlowDown']);
    expect(answer.headers['x-service']).toBeUndefined();
  });

  it('can take their time', async () => {
    const order: string[] = [];
    const slow = async ({ number, phase }: InterceptedCall): Promise<void> => {
      if (number !== 1 || phase !== 'after') return;
      while (!order.includes('second')) await setTimeout(5);
    };
    const gateway = await start({ intercept: [slow] });
    const first = rawRequest(gateway.url, { path: '/1' }).then(({ body }) => order.push('first') && body);
    while (gateway.calls()['s3.Echo'] !== 1) await setTimeout(5);
    await rawRequest(gateway.url, { path: '/2' }).then(() => order.push('second'));
    expect([await first, order]).toEqual(['s3 /1 ', ['second', 'first']]);
  });
});
