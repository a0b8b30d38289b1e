import { request } from 'node:http';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHealth } from '../../workers/health.js';
import type { HealthServer } from '../../workers/health.js';

describe('health over HTTP', () => {
  let port: number;
  let server: HealthServer;
  let healthy = true;

  beforeAll(async () => {
    port = await getPort();
    server = await serveHealth(`127.0.0.1:${port}`, () => ({ healthy, workers: ['RUNNING'] }));
  });
  afterAll(() => server.close());

  const status = (host: string, path = '/healthz', method = 'GET'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });

  it.each(['localhost', '127.0.0.1', '[::1]:9000', '10.1.2.3:9000'])('is told to who asks %s', async (host) => {
    expect(await status(host)).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'is not told to pages that have their name lead here: %s',
    async (host) => {
      expect(await status(host)).toBe(421);
    }
  );

  it('is 503 when the process should be replaced', async () => {
    healthy = false;
    expect(await status('localhost')).toBe(503);
    healthy = true;
  });

  it('takes nothing else', async () => {
    expect(await status('localhost', '/')).toBe(404);
    expect(await status('localhost', '/healthz', 'POST')).toBe(405);
  });
});
