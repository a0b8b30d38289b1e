import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageError, messageOf } from '../errors.js';
import { itemFault } from './attribute-value.js';
import type { DynamoItem, TableKeys } from './attribute-value.js';

/** How many faults of a file are told one by one. */
const maxProblems = 20;

/** Far more than an item of 400 KB has as JSON, escapes included: whoever sends more sends no items. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * Reads a whole file of items, `{"Item": {…}}` a line, plain or gzip, and keeps none of it.
 * @returns the number of items; none is an empty table, which is loaded like any other.
 * @throws UsageError that lists the faulty lines (the first 20, and how many more) when the file cannot be read to its
 *   end, or has a line that is no item of a table with these keys. It quotes no value.
 */
export async function validateItemsFile(file: string, keys: TableKeys, signal?: AbortSignal): Promise<number> {
  const problems: string[] = [];
  let faults = 0;
  let items = 0;
  let lineNumber = 0;
  try {
    for await (const line of linesOf(file)) {
      signal?.throwIfAborted();
      lineNumber++;
      if (line.trim() === '') continue;
      const fault = lineFault(line, keys);
      if (fault === undefined) items++;
      else if (++faults <= maxProblems) problems.push(`line ${lineNumber}: ${fault}`);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    faults++;
    problems.push(lineNumber === 0 ? readFault(error) : `after line ${lineNumber}: ${readFault(error)}`);
  }
  if (faults > maxProblems && faults > problems.length) problems.push(`and ${faults - maxProblems} more faulty lines`);
  if (problems.length > 0) throw new UsageError(`${file} cannot be loaded`, problems);
  return items;
}

/**
 * The items of a file that {@link validateItemsFile} has passed, in order, read as they are asked for.
 * @throws UsageError when the file has changed since and a line is no item any more.
 */
export async function* readItemsFile(file: string): AsyncGenerator<DynamoItem> {
  let lineNumber = 0;
  for await (const line of linesOf(file)) {
    lineNumber++;
    if (line.trim() === '') continue;
    const fault = lineFault(line, { keys: [], indexes: [] });
    if (fault !== undefined)
      throw new UsageError(`${file} changed while it was read`, [`line ${lineNumber}: ${fault}`]);
    yield (JSON.parse(line) as { Item: DynamoItem }).Item;
  }
}

function lineFault(line: string, keys: TableKeys): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'not JSON'; // the parser's own message would quote the line
  }
  if (typeof parsed !== 'object' || parsed === null || !('Item' in parsed)) return 'no member "Item"';
  return itemFault(parsed.Item, keys);
}

/** Splits at line feeds only: a JSON string may hold the other characters that count as line ends elsewhere. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of await openItems(file)) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      yield decoder.decode(Buffer.concat([...pieces, rest.subarray(0, end)]));
      [pieces, length, rest] = [[], 0, rest.subarray(end + 1)];
    }
    pieces.push(rest);
    length += rest.length;
    if (length > maxLineBytes) throw new Error(`the next line has more than ${maxLineBytes} bytes`);
  }
  if (length > 0) yield decoder.decode(Buffer.concat(pieces));
}

async function openItems(file: string): Promise<Readable> {
  const handle = await open(file, 'r');
  const magic = Buffer.alloc(2);
  try {
    const kind = await handle.stat();
    if (kind.isDirectory()) throw new Error('is a folder, not a file');
    if (!kind.isFile()) throw new Error('is not a regular file, and it is read twice');
    if (kind.size === 0 && file.endsWith('.gz')) throw new Error('the gzip data is missing: the file is truncated');
    await handle.read(magic, 0, 2, 0);
  } finally {
    await handle.close();
  }
  const source = createReadStream(file);
  const zipped = file.endsWith('.gz') || magic.equals(Buffer.from([0x1f, 0x8b]));
  if (!zipped) return source;
  const plain = createGunzip();
  pipeline(source, plain, () => undefined); // an error of either reaches the reader through `plain`
  return plain;
}

function readFault(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'may not be read';
    case 'Z_BUF_ERROR':
      return 'the gzip data ends too early: the file is truncated';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'the next line is not UTF-8';
    case 'Z_DATA_ERROR':
      return 'the gzip data is damaged';
    default:
      return messageOf(error);
  }
}
