import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { canonicalNumber } from '../../local/environment/dynamodb-json.js';

/** Members in order of their names and numbers in one spelling: equal for items that are equal. */
function canonical(value: object): string {
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = members.map(([name, content]: [string, unknown]) => {
    if (name === 'N' && typeof content === 'string') return `"N":${canonicalNumber(content)}`;
    const shown = typeof content === 'object' && content !== null ? canonical(content) : JSON.stringify(content);
    return `${JSON.stringify(name)}:${shown}`;
  });
  return `{${text.join()}}`;
}

/** How many items there are, and the sum of their hashes: the same in whatever order they come. */
export class ItemSum {
  private items = 0;
  private sum = 0n;

  add(item: object): void {
    this.items += 1;
    this.sum += BigInt(`0x${hash('sha1', canonical(item), 'hex').slice(0, 15)}`);
  }

  /** `<items>:<sum in hex>`. */
  toString(): string {
    return `${this.items}:${BigInt.asUintN(64, this.sum).toString(16)}`;
  }
}

/** Adds the items of a data file as exports have them: gzip, one `{"Item":{…}}` a line. */
export async function addDataFile(sum: ItemSum, file: string | Readable): Promise<void> {
  const input = typeof file === 'string' ? createReadStream(file) : file;
  for await (const line of createInterface({ input: input.pipe(createGunzip()), crlfDelay: Infinity })) {
    sum.add((JSON.parse(line) as { Item: object }).Item);
  }
}
