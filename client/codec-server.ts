import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { close, listen } from '../workers/http-listener.js';
import { messageOf } from './errors.js';
import { isForThisMachine } from './for-this-machine.js';

/** How a codec server is reached, and by whom. */
export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** Requests for another one are refused. */
  readonly namespace: string;
  /** Address to listen on. */
  readonly host: string;
  /** `0` for a free one. */
  readonly port: number;
  /** Names besides those of this machine that requests may be for. */
  readonly allowedHosts: readonly string[];
  /** Origins of Web UIs whose pages may call it. */
  readonly origins: readonly string[];
  /** With it, every request needs `Authorization: Bearer <token>`. */
  readonly token?: string;
}

/** A codec server that answers. */
export interface CodecServer {
  readonly url: string;
  close(): Promise<void>;
}

// Temporal's own messages are at most 4 MB; Base64 makes four bytes of three.
const maximumBytes = 6_000_000;

const bytes = z.base64().default('');
const request = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() })).max(10_000),
});

/** What ends a request. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string
  ) {
    super(message);
  }
}

/**
 * Serves `POST /encode` and `POST /decode`, as Temporal's Web UI and CLI call a remote codec: `{"payloads": […]}` in the
 * JSON form of the messages. https://docs.temporal.io/remote-data-encoding
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function serveCodec(options: CodecServerOptions): Promise<CodecServer> {
  const server = createServer((incoming, response) => {
    answer(options, incoming, response).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : 500;
      if (!response.headersSent) response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(`${JSON.stringify({ message: messageOf(error) })}\n`);
    });
  });
  const { address, port, family } = await listen(server, options.port, options.host);
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close: () => close(server) };
}

async function answer(options: CodecServerOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers, method, url = '' } = incoming;
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Origin');
  expectHost(options, incoming);
  if (headers.origin !== undefined) {
    if (!options.origins.includes(headers.origin)) {
      throw new Refusal(403, `pages of ${headers.origin} may not call this: name it by --ui-origin`);
    }
    response.setHeader('Access-Control-Allow-Origin', headers.origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  if (method === 'OPTIONS') {
    response.writeHead(204, {
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'authorization, content-type, x-namespace',
      'Access-Control-Allow-Private-Network': 'true', // a page of Temporal Cloud may call this machine
      'Access-Control-Max-Age': '600',
    });
    response.end();
    return;
  }
  if (options.token !== undefined && !isToken(options.token, headers.authorization ?? '')) {
    throw new Refusal(401, 'Authorization: Bearer <SLUICE_CODEC_TOKEN> is needed');
  }
  // Temporal's CLI sends it empty.
  if (![undefined, '', options.namespace].includes(headers['x-namespace']?.toString()))
    throw new Refusal(403, `this is for namespace ${options.namespace}`);
  // Whoever serves several namespaces has their name in the path.
  const [, action] = /^(?:\/[^/?]+)?\/(encode|decode)(?:\?|$)/.exec(url) ?? [];
  if (action === undefined) throw new Refusal(404, 'only /encode and /decode are here');
  if (method !== 'POST') throw new Refusal(405, 'only POST');
  const { payloads } = await read(incoming);
  const worked = await options.codec[action as 'encode' | 'decode'](payloads).catch((error: unknown) => {
    throw new Refusal(422, messageOf(error));
  });
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ payloads: worked.map(toJson) }));
}

function expectHost({ allowedHosts }: CodecServerOptions, request: IncomingMessage): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (isForThisMachine(request) || allowedHosts.some((one) => one.toLowerCase() === name)) return;
  throw new Refusal(403, 'this server does not go by that name: give it by --allow-host');
}

function isToken(token: string, header: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(`Bearer ${token}`), digest(header));
}

async function read(incoming: IncomingMessage): Promise<{ payloads: Payload[] }> {
  const chunks: Buffer[] = [];
  let size = 0;
  // What is too much is read all the same, so that the answer is.
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maximumBytes) chunks.push(chunk);
  }
  if (size > maximumBytes) throw new Refusal(413, 'the request is too large');
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the request is not JSON');
  }
  const parsed = request.safeParse(json);
  if (!parsed.success) throw new Refusal(400, 'the request is not {"payloads": [{"metadata": {…}, "data": "…"}, …]}');
  const binary = (text: string): Buffer => Buffer.from(text, 'base64');
  return {
    payloads: parsed.data.payloads.map(({ metadata = {}, data = '' }) => ({
      metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, binary(value)])),
      data: binary(data),
    })),
  };
}

function toJson({ metadata, data }: Payload): object {
  const text = (value: Uint8Array | null | undefined): string => Buffer.from(value ?? []).toString('base64');
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)])),
    data: text(data),
  };
}
