import { createServer } from 'node:http';
import { close, listen } from '../../workers/http-listener.js';
import { messageOf } from '../errors.js';
import { isForThisMachine } from '../for-this-machine.js';

/** A page served on this machine only. */
export interface ReportServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Headers that keep a browser from framing, guessing at or keeping the page; the page itself carries its policy. */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Serves a page at `/` of 127.0.0.1, made anew for each request; requests that come while it is made share it.
 * @param port - 0 for a free one.
 * @param onError - told when the page could not be made; the browser is shown the message too.
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function serveReport(
  make: () => Promise<string>,
  port: number,
  onError: (error: unknown) => void
): Promise<ReportServer> {
  let making: Promise<string> | undefined;
  const page = (): Promise<string> => (making ??= make().finally(() => (making = undefined)));
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string, more: Readonly<Record<string, string>> = {}): void => {
      const length = String(Buffer.byteLength(body));
      response.writeHead(status, {
        ...headers,
        ...more,
        'Content-Type': `${type}; charset=utf-8`,
        'Content-Length': length,
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    request.resume();
    if (!isForThisMachine(request)) return answer(403, 'text/plain', 'This page is for this machine only.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answer(405, 'text/plain', 'Only GET and HEAD.\n', { Allow: 'GET, HEAD' });
    }
    if (request.url?.split('?')[0] !== '/') return answer(404, 'text/plain', 'The report is at /.\n');
    page().then(
      (html) => answer(200, 'text/html', html),
      (error: unknown) => {
        onError(error);
        answer(500, 'text/plain', `The report could not be made: ${messageOf(error)}\n`);
      }
    );
  });
  const address = await listen(server, port, '127.0.0.1');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => close(server) };
}
