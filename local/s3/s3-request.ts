import type { IncomingMessage } from 'node:http';
import { AwsError } from '../gateway/aws-error.js';
import { hostName } from '../../model/host-name.js';

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/**
 * The bucket that a virtual-hosted request names by its host: `bucket.localhost`, `bucket.s3.localhost`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
function virtualBucket(host: string): string | undefined {
  return /^(.+?)(?:\.s3(?:\.[a-z0-9-]+)?)?\.localhost$/.exec(host)?.[1];
}

/** An S3 request's address and headers. */
export class S3Request {
  readonly method: string;
  readonly bucket: string | undefined;
  /** As text; undefined when the request is for a bucket or the service. Never normalised: `a/../b//` is a key. */
  readonly key: string | undefined;
  readonly query: URLSearchParams;
  /** The path as it came, for error messages. */
  readonly resource: string;

  /** @throws AwsError `InvalidURI`. */
  constructor(readonly raw: IncomingMessage) {
    this.method = raw.method ?? 'GET';
    const url = (raw.url ?? '/').replace(/^https?:\/\/[^/]*/i, '');
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    this.resource = path;
    this.query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const host = virtualBucket(hostName(raw.headers.host ?? ''));
    // `s3.localhost` is the service itself.
    const fromHost = host === 's3' ? undefined : host;
    const slash = fromHost === undefined ? path.indexOf('/', 1) : 0;
    const key = slash < 0 ? '' : path.slice(slash + 1);
    this.bucket = fromHost ?? (decode(path.slice(1, slash < 0 ? undefined : slash)) || undefined);
    this.key = key === '' ? undefined : decode(key);
  }

  /** True when credentials and parameters stand in the query. */
  get isPresigned(): boolean {
    return this.query.has('X-Amz-Signature') || (this.query.has('Signature') && this.query.has('AWSAccessKeyId'));
  }

  /** A header by its name in lower case, as {@link asHeader} has it; a presigned request may have `x-amz-` ones in its query instead. */
  header(name: string): string | undefined {
    const value = this.raw.headers[name];
    if (value !== undefined) return Array.isArray(value) ? value.join(',') : value;
    const parameter = this.isPresigned && name.startsWith('x-amz-') ? this.query.get(name) : null;
    return parameter === null ? undefined : asHeader(parameter);
  }

  /** Headers and, when presigned, query parameters that start with `prefix`, by the rest of their names. */
  headersWithPrefix(prefix: string): Record<string, string> {
    const names = new Set(Object.keys(this.raw.headers));
    if (this.isPresigned) for (const name of this.query.keys()) names.add(name.toLowerCase());
    const found: Record<string, string> = {};
    for (const name of names) {
      const value = name.startsWith(prefix) ? this.header(name) : undefined;
      if (value !== undefined) found[name.slice(prefix.length)] = value;
    }
    return found;
  }
}

/**
 * Text as the value of a header. Node reads and writes headers as Latin-1, one character a byte, and so they are kept:
 * what a client sent comes back byte for byte, in whatever encoding. Line breaks would split the answer.
 */
export function asHeader(text: string): string {
  return Buffer.from(text.replace(/[\r\n]+/g, ' ')).toString('latin1');
}
