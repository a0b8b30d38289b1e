import { invalidArgument } from './errors.js';
import type { S3Request } from './s3-request.js';

/**
 * A number in the query, such as `max-keys`.
 * @param limit the most that counts.
 * @param absent what counts when nothing is said.
 * @throws AwsError `InvalidArgument`.
 */
export function countOf(request: S3Request, name: string, limit = 1000, absent = limit): number {
  const text = request.query.get(name);
  if (text === null || text === '') return absent;
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  const number = Number(text);
  if (number < 0 || number > 2_147_483_647) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, text);
  }
  return Math.min(number, limit);
}

/** How names are written in an answer. */
export interface NameEncoding {
  /** `url`, or undefined for names as they are. */
  readonly type: string | undefined;
  encode(name: string): string;
}

/**
 * The encoding a request asks for with `encoding-type`.
 * @throws AwsError `InvalidArgument`.
 */
export function encodingOf(request: S3Request): NameEncoding {
  const type = request.query.get('encoding-type');
  if (type === null || type === '') return { type: undefined, encode: (name) => name };
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return { type, encode: (name) => encodeURIComponent(name).replaceAll('%2F', '/') };
}

/** A token that says where a listing goes on; opaque to callers. */
export const encodeToken = (next: string): string => Buffer.from(next).toString('base64url');

/** @throws AwsError `InvalidArgument` for text that is no token. */
export function decodeToken(token: string): string {
  const next = Buffer.from(token, 'base64url').toString('utf8');
  if (token !== '' && encodeToken(next) === token) return next;
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}
