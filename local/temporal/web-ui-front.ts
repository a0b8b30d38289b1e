import { randomInt } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAllowedHost } from '../gateway/allowed-host.js';

/** Where Temporal's Web UI itself listens. */
export interface WebUiAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * A loopback address that nobody guesses, where the system has them all (127.0.0.0/8 on Linux); else undefined. Temporal's
 * Web UI answers whatever host's name a request has, so that it is reached through {@link startWebUiFront} alone.
 */
export function hiddenLoopback(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}

/**
 * Serves Temporal's Web UI on 127.0.0.1 to requests that are for this machine by name, and refuses all others (403), as
 * the local AWS does. Rejects with the error of the socket, such as EADDRINUSE.
 */
export async function startWebUiFront(port: number, to: WebUiAddress): Promise<{ close(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    if (isAllowedHost(incoming, [])) return pass(incoming, response, to);
    response.writeHead(403, { 'content-type': 'text/plain' }).end('This server answers for the local machine only.\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(incoming: IncomingMessage, response: ServerResponse, { host, port }: WebUiAddress): void {
  const { url: path, method, headers } = incoming;
  const onward = request({ host, port, path, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  response.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
