import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import protos from '@temporalio/proto';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveCodec } from '../../client/codec-server.js';
import { findTemporalServer } from '../../local/temporal/index.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { payloadCodec } from '../../workers/payload-codec.js';
import { payloadKeys } from '../../workers/payload-keys.js';
import { temporalSettings } from '../../workers/temporal-settings.js';
import { startWorker } from '../../workers/index.js';
import type { elt } from '../../workflows/index.js';
import { lastLine, sluice, startSluice } from '../client/sluice.js';
import { miniPlan } from '../workflows/mini-plan.js';
import { ScriptedJobs } from '../workflows/scripted-jobs.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';

const newKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

describe('payloads with a key', () => {
  const taskQueue = 'encrypted';
  const key = newKey('new');
  const jobs = new ScriptedJobs();
  const plan = miniPlan('mini');
  let aws: TestAws;
  let temporal: TestTemporal;
  let connection: Connection;

  /** A client of Temporal with the keys of an environment. */
  const clientWith = (keys: string): Client => {
    const { dataConverter } = temporalSettings({ ...temporal.env, SLUICE_PAYLOAD_KEY: keys });
    return new Client({ connection, dataConverter });
  };
  const start = (keys: string, runKey: string) =>
    clientWith(keys).workflow.start<typeof elt>('elt', eltWorkflowOptions(plan, deployment, runKey, taskQueue));
  const working = async (keys: string, work: () => Promise<void>): Promise<void> => {
    const env = { ...aws.env, ...temporal.env, SLUICE_PAYLOAD_KEY: keys };
    const worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
    const running = worker.run();
    try {
      await work();
    } finally {
      worker.shutdown();
      await running;
    }
  };
  const show = (keys: string, run: string) =>
    sluice(['show', run, '--json'], { env: { ...temporal.env, SLUICE_PAYLOAD_KEY: keys } as Record<string, string> });
  /** The history as it goes over the wire: JSON has payloads in Base64, in which no text would be found. */
  const historyOf = async (workflowId: string) => {
    const execution = { workflowId };
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution,
    });
    const type = protos.temporal.api.history.v1.History;
    const wire = Buffer.from(type.encode(type.create(history ?? {})).finish()).toString('latin1');
    return { wire, events: history?.events ?? [] };
  };
  /** Inputs, SQL, summaries, results and failures of runs, in words that stand nowhere else. */
  const markers = [
    'CREATE OR REPLACE PROCEDURE',
    'load_thing',
    'sluice-lake-archive',
    'unknownMembers',
    'marked_failure',
  ];
  /** How often a payload was encrypted with a key. */
  const encryptedWith = (wire: string, id: string): number =>
    wire.split(`encryption-key-id\x12${String.fromCharCode(id.length)}${id}`).length - 1;

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws({ scripts: jobs.scripts }), startTestTemporal()]);
    await provisionPlan(aws, plan);
    connection = await Connection.connect({ address: temporal.env.TEMPORAL_ADDRESS });
    await working('', async () => {
      await (await start('', 'plain')).result();
      const mend = jobs.fail('land_thing_job', 'marked_failure');
      await expect((await start('', 'plain-failure')).result()).rejects.toThrow();
      mend();
    });
    await working(key, async () => {
      await (await start(key, 'hidden')).result();
      const mend = jobs.fail('land_thing_job', 'marked_failure');
      await expect((await start(key, 'hidden-failure')).result()).rejects.toThrow();
      mend();
    });
  });
  afterAll(async () => {
    await connection?.close();
    await temporal?.stop();
    await aws?.stop();
  });

  it('leaves nothing readable in the histories, of failures neither', async () => {
    const readable = (await historyOf('elt-mini-plain')).wire + (await historyOf('elt-mini-plain-failure')).wire;
    expect(markers.filter((marker) => !readable.includes(marker))).toEqual([]);
    for (const workflowId of ['elt-mini-hidden', 'elt-mini-hidden-failure']) {
      const { wire } = await historyOf(workflowId);
      expect(markers.filter((marker) => wire.includes(marker))).toEqual([]);
      expect(wire).toContain('binary/encrypted');
      expect(wire).not.toContain(key.split(':')[1]);
    }
  });

  it('lets the CLI show and list runs with the key, and those without encryption as before', async () => {
    await working(key, async () => {
      const [hidden, failed, plain, listed] = await Promise.all([
        show(key, 'elt-mini-hidden'),
        show(key, 'elt-mini-hidden-failure'),
        show(key, 'elt-mini-plain'),
        sluice(['runs', '--json'], { env: { ...temporal.env, SLUICE_PAYLOAD_KEY: key } as Record<string, string> }),
      ]);
      expect(hidden.document).toMatchObject({ status: 'COMPLETED', result: { tables: { 'dwh.thing': 2 } } });
      expect(failed.document).toMatchObject({ status: 'FAILED' });
      expect(JSON.stringify(failed.document)).toContain('marked_failure');
      expect(plain.document).toMatchObject({ status: 'COMPLETED' });
      expect((listed.document as { runs: unknown[] }).runs).toHaveLength(4);
      // After a rotation: the former key decrypts, the new one encrypts.
      const rotated = await show(`${newKey('newer')} ${key}`, 'elt-mini-hidden');
      expect(rotated).toMatchObject({ code: 0, document: { status: 'COMPLETED' } });
    });
  });

  it('says which key is missing or wrong, with exit code 2', async () => {
    const [none, other, same] = await Promise.all([
      show('', 'elt-mini-hidden'),
      show(newKey('other'), 'elt-mini-hidden'),
      show(newKey('new'), 'elt-mini-hidden'),
    ]);
    expect([none.code, other.code, same.code]).toEqual([2, 2, 2]);
    expect(none.stderr).toContain('encrypted with the key "new", and this is not set');
    expect(other.stderr).toContain('encrypted with the key "new", and this holds other');
    expect(same.stderr).toContain('cannot be decrypted with the key "new"');
  });

  it('keeps a worker without the key from doing harm: the run waits for one that has it', async () => {
    const handle = await start(key, 'waits');
    await working('', async () => {
      await expect
        .poll(async () => JSON.stringify((await historyOf('elt-mini-waits')).events))
        .toContain('is encrypted with the key');
    });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await working(key, async () => {
      await handle.result();
    });
    expect(encryptedWith((await historyOf('elt-mini-waits')).wire, 'new')).toBeGreaterThan(10);
  });

  it('is read by the Temporal CLI over the codec server', async () => {
    const env = { ...temporal.env, SLUICE_PAYLOAD_KEY: key } as Record<string, string>;
    const port = await getPort();
    const server = startSluice(['codec-server', '--port', String(port), '--json'], { env });
    try {
      await server.seen('"url"');
      const { url } = lastLine(server.stdout()) as { url: string };
      const executable = await findTemporalServer({
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
        onEvent: () => undefined,
      });
      const file = executable.kind === 'file' ? executable.file : '';
      const { stdout } = await promisify(execFile)(
        file,
        [
          'workflow',
          'show',
          '-w',
          'elt-mini-hidden-failure',
          '-o',
          'json',
          '--codec-endpoint',
          url,
          '--address',
          temporal.env.TEMPORAL_ADDRESS ?? '',
        ],
        { maxBuffer: 1e8 }
      );
      const data = [...stdout.matchAll(/"data": "([^"]*)"/g)].map(([, text = '']) =>
        Buffer.from(text, 'base64').toString()
      );
      expect(data.join('\n')).toContain('marked_failure');
      expect(data.join('\n')).toContain('sluice-lake-archive');
      expect(stdout).not.toContain('encryption-key-id');
    } finally {
      server.child.kill('SIGTERM');
    }
    expect(await server.ended).toBe(0);
  });
});

describe('the codec server', () => {
  const codec = payloadCodec(payloadKeys({ SLUICE_PAYLOAD_KEY: newKey('a') }));
  const token = 'a-token-of-some-length';
  const ui = 'http://127.0.0.1:8233';
  const json = (text: string) => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(text) });

  /** A request with headers of its own, `Host` among them. */
  const call = (url: string, path: string, headers: Record<string, string>, body = '{}', method = 'POST') =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      request(`${url}${path}`, { method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      })
        .on('error', reject)
        .end(body);
    });
  const serve = (more: { readonly token?: string } = {}) =>
    serveCodec({
      codec,
      namespace: 'default',
      host: '127.0.0.1',
      port: 0,
      allowedHosts: ['codec.example'],
      origins: [ui],
      ...more,
    });

  it('decodes for a page of the Web UI, and encodes', async () => {
    const server = await serve();
    try {
      const [encrypted] = await codec.encode([json('"a secret"')]);
      const wire = (payload: typeof encrypted) => ({
        metadata: Object.fromEntries(
          Object.entries(payload?.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
        ),
        data: Buffer.from(payload?.data ?? []).toString('base64'),
      });
      const preflight = await call(
        server.url,
        '/decode',
        { origin: ui, 'access-control-request-method': 'POST' },
        '',
        'OPTIONS'
      );
      expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': ui } });
      expect(String(preflight.headers['access-control-allow-headers'])).toContain('x-namespace');
      const headers = { origin: ui, 'x-namespace': 'default', 'content-type': 'application/json' };
      const body = JSON.stringify({ payloads: [wire(encrypted), wire(json('"as it was"'))] });
      const decoded = await call(server.url, '/decode', headers, body);
      expect(decoded).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': ui } });
      expect(JSON.parse(decoded.body)).toEqual({ payloads: [wire(json('"a secret"')), wire(json('"as it was"'))] });
      const encoded = await call(
        server.url,
        '/default/encode',
        headers,
        JSON.stringify({ payloads: [wire(json('1'))] })
      );
      const { payloads } = JSON.parse(encoded.body) as { payloads: unknown[] };
      const back = await call(server.url, '/default/decode', headers, JSON.stringify({ payloads }));
      expect(JSON.parse(back.body)).toEqual({ payloads: [wire(json('1'))] });
      expect(JSON.stringify(payloads)).not.toContain(wire(json('1')).data);
    } finally {
      await server.close();
    }
  });

  it('refuses other pages, names, namespaces and nonsense', async () => {
    const server = await serve();
    try {
      const status = async (
        headers: Record<string, string>,
        path = '/decode',
        body = '{"payloads":[]}',
        method = 'POST'
      ) => (await call(server.url, path, headers, body, method)).status;
      expect(await status({})).toBe(200);
      expect(await status({ host: 'codec.example' })).toBe(200);
      expect(await status({ host: 'rebound.example' })).toBe(403);
      expect(await status({ origin: 'https://evil.example' })).toBe(403);
      expect(await status({ 'x-namespace': 'another' })).toBe(403);
      expect(await status({}, '/other')).toBe(404);
      expect(await status({}, '/decode', '', 'GET')).toBe(405);
      expect(await status({}, '/decode', 'not json')).toBe(400);
      expect(await status({}, '/decode', '{"payloads":[{"data":"***"}]}')).toBe(400);
      expect(await status({}, '/decode', ' '.repeat(7_000_000))).toBe(413);
      const foreign = {
        metadata: { encoding: btoa('binary/encrypted'), 'encryption-key-id': btoa('b') },
        data: 'AA==',
      };
      expect(await status({}, '/decode', JSON.stringify({ payloads: [foreign] }))).toBe(422);
    } finally {
      await server.close();
    }
  });

  it('wants the token that it was given, and one where others reach it', async () => {
    const server = await serve({ token });
    try {
      const status = async (headers: Record<string, string>) =>
        (await call(server.url, '/decode', headers, '{"payloads":[]}')).status;
      expect(await status({})).toBe(401);
      expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
      expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
    } finally {
      await server.close();
    }
    const open = await sluice(['codec-server', '--host', '0.0.0.0'], { env: { SLUICE_PAYLOAD_KEY: newKey('a') } });
    expect(open).toMatchObject({ code: 2 });
    expect(open.stderr).toContain('SLUICE_CODEC_TOKEN');
  });
});

describe('SLUICE_PAYLOAD_KEY', () => {
  const [, secret = ''] = newKey('x').split(':');
  it.each([
    [secret, 'key 1 of 1 has no id'],
    [`${secret}:a`, 'key 1 of 1'],
    [`a:${secret.slice(4)}`, 'not 32 bytes in Base64'],
    [`a:${secret},a:${secret}`, 'key 2 of 2 has the id of one before it'],
  ])('is refused without being shown', (text, message) => {
    const read = (): unknown => payloadKeys({ SLUICE_PAYLOAD_KEY: text });
    expect(read).toThrow(message);
    expect(read).not.toThrow(secret.slice(4));
  });
});
