import { request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasProc } from '../e2e/process-tree.js';
import { makeScene } from '../e2e/scene.js';
import type { Scene } from '../e2e/scene.js';
import { lastLine, root } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import { listeningSockets } from './listening-sockets.js';
import type { ListeningSocket } from './listening-sockets.js';

/** What a server says to a request that names another host as the one it is for; undefined when it speaks no HTTP. */
function askAs(
  host: string,
  { address, port }: ListeningSocket,
  headers = {},
  path = '/'
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: address, port, path, headers: { host, ...headers }, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

it('tells on which address a socket listens', async () => {
  if (!hasProc) return;
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const server = createServer().listen(0, host);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(listeningSockets([process.pid])).toContainEqual({ pid: process.pid, address: host, port });
    await new Promise((resolve) => server.close(resolve));
  }
});

describe.skipIf(!hasProc)('every server that sluice starts', () => {
  let scene: Scene;
  let up: SluiceProcess;
  let report: SluiceProcess;
  let sockets: ListeningSocket[];
  let env: Record<string, string>;
  let temporalUi: string;

  beforeAll(async () => {
    scene = await makeScene('loopback');
    up = scene.start(['up', '--json', '--model', join(root, 'examples/game/warehouse.yaml')]);
    await up.seen('"temporalUi"');
    ({ env, temporalUi } = lastLine(up.stdout()) as { env: Record<string, string>; temporalUi: string });
    report = scene.start(['dq', 'report', '--serve'], env);
    await report.seen('http://127.0.0.1:');
    const started = [up, report].flatMap(({ child }) => child.pid ?? []);
    sockets = listeningSockets([...started, ...scene.note().map(({ pid }) => pid)]);
  });
  afterAll(async () => {
    report?.child.kill('SIGINT');
    up?.child.kill('SIGTERM');
    await Promise.all([report?.ended, up?.ended]);
    await scene.remove();
  });

  it('listens on loopback only', () => {
    const ports = sockets.map(({ port }) => port);
    const gateway = Number(new URL(env.AWS_ENDPOINT_URL ?? '').port);
    const temporal = Number(env.TEMPORAL_ADDRESS?.split(':').at(-1));
    expect(ports).toEqual(expect.arrayContaining([gateway, temporal, Number(new URL(temporalUi).port)]));
    expect(new Set(ports).size).toBeGreaterThanOrEqual(5); // with PostgreSQL and the report
    const open = sockets.filter(({ address }) => !/^127\.|^::1$|^0:0:0:0:0:ffff:7f/.test(address));
    expect(open).toEqual([]);
  });

  it('refuses requests for another host by name', async () => {
    const temporal = scene.note('start-dev').map(({ pid }) => pid);
    expect(temporal).not.toEqual([]); // with the guard around it
    const answers = await Promise.all(
      sockets.map(async (socket) => ({
        ...socket,
        here: await askAs(`127.0.0.1:${socket.port}`, socket),
        rebound: await askAs(`evil.example:${socket.port}`, socket),
        crossOrigin: await askAs(`127.0.0.1:${socket.port}`, socket, { origin: 'http://evil.example' }),
      }))
    );
    const http = answers.filter(({ here }) => here !== undefined);
    const ours = http.filter(({ pid }) => !temporal.includes(pid));
    const [gateway] = ours.filter(({ port }) => port === Number(new URL(env.AWS_ENDPOINT_URL ?? '').port));
    const [ui] = ours.filter(({ port }) => port === Number(new URL(temporalUi).port));
    expect(ours.map(({ pid }) => pid === up.child.pid || pid === report.child.pid)).toEqual([true, true, true]);
    expect(ours.map(({ rebound }) => rebound)).toEqual([403, 403, 403]);
    expect(ours.filter((one) => one === gateway || one === ui).map((one) => one.crossOrigin)).toEqual([403, 403]);
    expect(ui?.here).toBe(200);
    // Temporal's own: the Web UI, which looks at no names, is where no name is made to lead; the HTTP API refuses.
    const hidden = http.filter(({ pid, address }) => temporal.includes(pid) && address !== '127.0.0.1');
    expect(hidden.map(({ here }) => here)).toEqual([200]);
    const namespaces = '/api/v1/namespaces';
    const api = await Promise.all(
      http
        .filter(({ pid, address }) => temporal.includes(pid) && address === '127.0.0.1')
        .map(async (socket) => [
          await askAs(`127.0.0.1:${socket.port}`, socket, {}, namespaces),
          await askAs(`evil.example:${socket.port}`, socket, {}, namespaces),
        ])
    );
    expect(api.filter(([here]) => here === 200)).toEqual([[200, 403]]);
  });
});
