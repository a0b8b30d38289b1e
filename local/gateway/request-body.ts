import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.js';

/**
 * The chunks of a request's body. Unlike `for await` over the request itself, stopping early does not destroy the
 * connection, so that an error can still be answered.
 */
export function bodyChunks(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}

/**
 * Reads a whole request body of at most `limit` bytes.
 * @throws AwsError `RequestEntityTooLargeException` (413), or an Error when the caller hangs up before its end.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): AwsError =>
    new AwsError('RequestEntityTooLargeException', `The request body is larger than ${limit} bytes.`, 413);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(request)) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
