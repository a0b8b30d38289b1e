/**
 * Writes a part of the data files of an export of the bench's table: write-export-part.ts ITEMS PART PARTS FILE. Prints
 * the file's item count and base64 MD5 as JSON.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { shopItems } from './shop-items.js';

const [count = 0, part = 0, parts = 1] = process.argv.slice(2, 5).map(Number);
const [file = ''] = process.argv.slice(5);
const chunk = 1 << 20;
let written = 0;

/** Lines in an order that has nothing to do with their keys', as partitions give them by the hash of the key. */
function* lines(): Generator<string> {
  const held: string[] = [];
  let text = '';
  let state = part + 1;
  for (const item of shopItems(count, part, parts)) {
    written += 1;
    const line = `${JSON.stringify({ Item: item })}\n`;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    if (held.length < 50_000) {
      held.push(line);
      continue;
    }
    const place = state % held.length;
    text += held[place];
    held[place] = line;
    if (text.length < chunk) continue;
    yield text;
    text = '';
  }
  yield text;
  for (let index = 0; index < held.length; index += 1_000) yield held.slice(index, index + 1_000).join('');
}

const hash = createHash('md5');
const hashed = new Transform({
  transform(bytes: Buffer, _encoding, done) {
    hash.update(bytes);
    done(null, bytes);
  },
});
await pipeline(Readable.from(lines()), createGzip({ level: 1, chunkSize: chunk }), hashed, createWriteStream(file));
console.log(JSON.stringify({ items: written, md5: hash.digest('base64') }));
