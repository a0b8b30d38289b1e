import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Looks signed; the local AWS verifies no signatures. */
export const authorization =
  'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request as it is: no normalised path, no added headers. */
export async function rawRequest(
  url: string,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
    readonly host?: string;
  }
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const sent = request({
    hostname,
    port,
    method: options.method ?? 'GET',
    path: options.path ?? '/',
    headers: { Host: options.host ?? host, ...options.headers },
    agent: false,
  });
  sent.end(options.body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** Text of the first element of this name in an XML document. */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];
}
