import { AwsError } from '../gateway/aws-error.js';
import { incompleteBody } from './errors.js';

/** Bytes; chunk headers and trailers are far shorter. */
const maxLine = 8_192;

/** Reads lines and runs of bytes from a stream of chunks. */
class ByteReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #source: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }

  /** The next line without its end, or undefined at the end of the stream. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      if (this.#rest.length > maxLine) throw incompleteBody();
      if (!(await this.#fill())) {
        const line = this.#rest.toString('latin1');
        this.#rest = Buffer.alloc(0);
        return line === '' ? undefined : line;
      }
    }
  }

  /** At least one and at most `limit` bytes. */
  async bytes(limit: number): Promise<Buffer> {
    if (this.#rest.length === 0 && !(await this.#fill())) throw incompleteBody();
    const bytes = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }
}

/**
 * Decodes a body in the `aws-chunked` encoding, signed or not. Chunk signatures are not verified. The trailing headers,
 * by their names in lower case, are put into `trailers` before the iteration ends.
 * @throws AwsError `IncompleteBody`, or `InvalidChunkSizeError` when the body is in another encoding.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  for (;;) {
    const header = await reader.line();
    if (header === undefined) throw incompleteBody();
    const size = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(header)?.[1];
    if (size === undefined) throw new AwsError('InvalidChunkSizeError', 'A chunk of the body has no valid size.');
    let left = parseInt(size, 16);
    if (left === 0) break;
    while (left > 0) {
      const bytes = await reader.bytes(left);
      left -= bytes.length;
      yield bytes;
    }
    if ((await reader.line()) !== '') throw incompleteBody();
  }
  for (let line = await reader.line(); line; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}
