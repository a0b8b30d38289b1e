import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'latin1').digest();

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** The parts of a signature in version 4, from the header or a presigned URL. */
function partsOf({ headers }: IncomingMessage, query: URLSearchParams) {
  const part = (name: string): string | undefined =>
    headers.authorization === undefined
      ? (query.get(`X-Amz-${name}`) ?? undefined)
      : new RegExp(`${name}=([^,\\s]+)`).exec(headers.authorization)?.[1];
  const header = (name: string): string | undefined => [headers[name]].flat()[0];
  const [scope, date] = [part('Credential')?.split('/').slice(1), header('x-amz-date') ?? query.get('X-Amz-Date')];
  const [signature, names] = [part('Signature'), part('SignedHeaders')?.split(';')];
  if (scope?.length !== 4 || !date || signature === undefined || names === undefined) return undefined;
  const payload = header('x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
  return { scope, date, signature, names, payload };
}

/**
 * True when an S3 request bears the signature (version 4, header or presigned URL) of this secret key. Whether the body
 * is the signed one is not looked at.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function isSignedBy(request: IncomingMessage, secretAccessKey: string): boolean {
  const [path = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const parts = partsOf(request, query);
  if (parts === undefined) return false;
  const { scope, date, signature, names, payload } = parts;
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const values = names.map((name) => `${name}:${[request.headers[name] ?? ''].flat().join(',')}`.trim());
  const lines = values.map((line) => `${line.replace(/ +/g, ' ')}\n`).join('');
  const uri = path.split('/').map((segment) => encode(decodeURIComponent(segment)));
  const canonical = [request.method, uri.join('/'), canonicalQuery, lines, names.join(';'), payload].join('\n');
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const key = scope.reduce<string | Buffer>((secret, text) => hmac(secret, text), `AWS4${secretAccessKey}`);
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope.join('/'), digest].join('\n'));
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
