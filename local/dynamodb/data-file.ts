import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Lines } from './export-lines.js';

/** A finished data file on the local disk. */
export interface DataFile {
  readonly path: string;
  readonly items: number;
  /** Of the compressed file, base64. */
  readonly md5: string;
}

/** Writes lines into a gzip file; memory stays bounded by some batches of lines. */
export async function writeDataFile(path: string, lines: Lines, signal: AbortSignal): Promise<DataFile> {
  const hash = createHash('md5');
  let items = 0;
  async function* text(): AsyncGenerator<Buffer> {
    for await (const batch of lines) {
      items += batch.length;
      if (batch.length > 0) yield Buffer.from(`${batch.join('\n')}\n`);
    }
  }
  await pipeline(
    Readable.from(text(), { objectMode: false }),
    createGzip({ level: 3, chunkSize: 1 << 18 }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path),
    { signal }
  );
  return { path, items, md5: hash.digest('base64') };
}
