import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { PortError } from '../process/ports.js';
import { isAllowedHost } from './allowed-host.js';
import { CallCounter } from './interception.js';
import type { Interceptor } from './interception.js';
import { answerCall } from './answer-call.js';
import type { HttpService, JsonService } from './service.js';

/** The services behind one endpoint. */
export interface GatewayServices {
  readonly json: readonly JsonService[];
  readonly dynamodb: HttpService;
  /** A gateway without it answers its calls as STS does: there is no such action. */
  readonly sns?: HttpService;
  readonly iam?: HttpService;
  readonly ses?: HttpService;
  readonly sts: HttpService;
  readonly s3: HttpService;
}

export interface GatewayOptions {
  readonly services: GatewayServices;
  /** Address to listen on; default `127.0.0.1`. Anyone who reaches it may do anything: signatures are not checked. */
  readonly host?: string;
  /** Default: a free port. */
  readonly port?: number;
  readonly account: string;
  readonly region: string;
  /** Host names that requests may name besides those of this machine, such as a container's. */
  readonly allowedHosts?: readonly string[];
  /** Functions that are told of every call, in order, and may make it misbehave. */
  readonly intercept?: readonly Interceptor[];
  /** Told of errors that are a fault of the local AWS itself, which the caller sees as `InternalFailure`. */
  readonly onFault?: (error: unknown, requestId: string) => void;
  /** Where the services keep their data; named when its disk is full. */
  readonly dataFolder?: string;
}

/** A running endpoint of the local AWS. */
export interface Gateway {
  /** Such as `http://127.0.0.1:41234`, for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** How often each operation was called, by `<service>.<operation>`, such as `glue.StartJobRun`. */
  calls(): Record<string, number>;
  /**
   * Stops listening, lets long polls end and calls under way finish for a moment, then cuts their connections. The
   * services stay open: they are closed by whom opened them. Safe to call twice.
   */
  close(): Promise<void>;
}

/** Milliseconds that calls under way may take once the gateway closes. */
const closeGrace = 2_000;

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') throw new PortError(port, 'the local AWS', code);
    throw error;
  }
}

/**
 * Starts the HTTP endpoint of the local AWS and routes requests to its services.
 * @throws PortError when the port asked for is taken or may not be opened.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, host = '127.0.0.1', port = 0, account, region, allowedHosts = [], intercept = [] } = options;
  const { onFault = () => undefined, dataFolder = 'the local AWS’s data' } = options;
  const counter = new CallCounter();
  const open = new Set<AbortController>();

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const hangUp = new AbortController();
    const requestId = randomUUID();
    open.add(hangUp);
    response.on('close', () => {
      open.delete(hangUp);
      if (!response.writableFinished) hangUp.abort();
    });
    request.on('error', () => undefined); // a caller that hangs up; seen by whoever reads the body
    response.on('error', () => undefined);
    response.setHeader('x-amzn-RequestId', requestId);
    if (!isAllowedHost(request, allowedHosts)) {
      response.writeHead(403, { 'Content-Type': 'text/plain', Connection: 'close' });
      response.end(
        `The local AWS answers requests for this machine only, not for ${request.headers.host ?? 'no host'}.\n`
      );
      return;
    }
    const context = { requestId, account, region, signal: hangUp.signal };
    void answerCall({ request, response, context, services, counter, intercept, onFault, dataFolder });
  };

  const server = createServer({ maxHeaderSize: 65_536 }, onRequest);
  server.requestTimeout = 0; // large uploads take the time they take
  server.keepAliveTimeout = 75_000; // clients keep connections; one that closes under a new request looks like a fault
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const shownHost = address.address.includes(':') ? `[${address.address}]` : address.address;

  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const call of open) call.abort();
    const deadline = Date.now() + closeGrace;
    while (open.size > 0 && Date.now() < deadline) await setTimeout(10);
    server.closeAllConnections();
    await closed;
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${['0.0.0.0', '[::]'].includes(shownHost) ? '127.0.0.1' : shownHost}:${address.port}`,
    calls: () => counter.counts(),
    close: () => (closing ??= close()),
  };
}
