import { createServer } from 'node:http';
import { isIP } from 'node:net';
import { hostName } from '../model/host-name.js';
import { close, listen } from './http-listener.js';
import { ListenAddressError } from './listen-address-error.js';

/** What `/healthz` answers. */
export interface Health {
  /** False when the process should be replaced. Temporal being away is no reason: the worker waits for it. */
  readonly healthy: boolean;
  /** State of each of Temporal's workers in the process, such as RUNNING or DRAINING. */
  readonly workers: readonly string[];
}

/** A server of health; `close` ends it. */
export interface HealthServer {
  close(): Promise<void>;
}

/** True for addresses, which probes use, and for this machine's own name: a page whose name leads here sends that name. */
function isOwn(header: string | undefined, boundTo: string): boolean {
  const host = hostName(header ?? '');
  return isIP(host) !== 0 || host === 'localhost' || host === boundTo.toLowerCase();
}

/**
 * Serves `GET /healthz` at `host:port`: 200 or 503, with {@link Health} as JSON. Requests that name another host than the
 * machine, by address or as `localhost`, are refused.
 * @throws ListenAddressError when the address cannot be listened on.
 */
export async function serveHealth(address: string, health: () => Health): Promise<HealthServer> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const server = createServer((request, response) => {
    if (!isOwn(request.headers.host, host)) {
      response.writeHead(421).end();
      return;
    }
    const [path] = (request.url ?? '').split('?');
    if (path !== '/healthz' || !['GET', 'HEAD'].includes(request.method ?? '')) {
      response.writeHead(path === '/healthz' ? 405 : 404).end();
      return;
    }
    const found = health();
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    response.writeHead(found.healthy ? 200 : 503, headers).end(`${JSON.stringify(found)}\n`);
  });
  await listen(server, Number(address.slice(at + 1)), host).catch(({ message }: Error) => {
    throw new ListenAddressError('Health', address, 'SLUICE_HEALTH_ADDRESS, worker.health', message);
  });
  server.unref();
  return { close: () => close(server) };
}
