import { connect, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { Pair } from './certificates.js';

/** A front end of TLS before a Temporal server that has none, as a load balancer or Temporal Cloud is one. */
export interface TemporalFront {
  /** `localhost:<port>`. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts a front end: it passes on what has a client certificate of `clientAuthority` and the API key, where these are
 * given, and answers UNAUTHENTICATED to what lacks the key.
 */
export async function startTemporalFront(options: {
  readonly server: string;
  readonly certificate: Pair;
  readonly clientAuthority?: string;
  readonly apiKey?: string;
}): Promise<TemporalFront> {
  const { server, certificate, clientAuthority, apiKey } = options;
  const backend = connect(`http://${server}`);
  backend.on('error', () => undefined);
  const front = createSecureServer({
    ...certificate,
    ...(clientAuthority && { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
  });
  const sessions = new Set<{ destroy(): void }>();
  front.on('session', (session) => sessions.add(session));
  front.on('sessionError', () => undefined);
  front.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      const status = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
      return;
    }
    const {
      ':authority': _authority,
      ':scheme': _scheme,
      authorization: _authorization,
      connection: _connection,
      ...rest
    } = headers;
    const onward = backend.request({ ...rest, ':authority': server, ':scheme': 'http' });
    pipeline(stream, onward, () => undefined);
    onward.on('error', () => stream.close());
    let trailers = {};
    onward.on('response', ({ ...answer }, flags) => {
      const endStream = (flags & 1) === 1; // END_STREAM: trailers only
      stream.respond(answer, { endStream, waitForTrailers: !endStream });
      if (!endStream) onward.on('data', (chunk: Buffer) => stream.write(chunk)).on('end', () => stream.end());
    });
    onward.on('trailers', (received) => (trailers = received));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => onward.close());
  });
  await new Promise<void>((resolve) => front.listen(0, 'localhost', resolve));
  return {
    address: `localhost:${(front.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        backend.destroy();
        front.close(() => resolve());
      }),
  };
}
