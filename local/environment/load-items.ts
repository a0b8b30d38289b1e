import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../../model/plan.js';
import { fnv1a } from '../dynamodb/fnv1a.js';
import { BatchWrites } from './batch-writes.js';
import { primaryKeyOf, wireText } from './dynamodb-json.js';
import type { DynamoDbJsonItem } from './dynamodb-json.js';

/** What {@link loadItems} did. */
export interface LoadedItems {
  /** Items read and written, in the sense of PutItem: of two with the same key the later one stays. */
  readonly items: number;
  /** Writes that DynamoDB gave back as unprocessed and that were sent again. */
  readonly retried: number;
}

/** How items are loaded. */
export interface LoadItemsOptions {
  /** Called after each batch with the number of items written so far. */
  readonly onProgress?: (items: number) => void;
  readonly signal?: AbortSignal;
}

/** The most items that BatchWriteItem takes, and the bytes at which we send fewer: its own limit is 16 MB a call. */
const batchItems = 25;
const batchBytes = 4_000_000;
const laneCount = 16;
const maxAttempts = 12;

/** Items, as wire text by key, on their way to the table in batches, one batch after the other. */
class Lane {
  private batch = new Map<string, string>();
  private added = 0;
  private bytes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly write: (batch: readonly string[], added: number) => Promise<void>) {}

  /** True when the batch has to be flushed before an item of so many bytes is added. */
  isFull(bytes: number): boolean {
    return this.batch.size === batchItems || this.bytes + bytes > batchBytes;
  }

  /** Takes an item; of those with the same key in a batch, which BatchWriteItem refuses, the last one stays. */
  add(key: string, text: string): void {
    this.batch.set(key, text);
    this.bytes += text.length;
    this.added += 1;
  }

  /** Starts writing the batch when the one before is written. */
  async flush(): Promise<void> {
    await this.writing;
    const { batch, added } = this;
    [this.batch, this.added, this.bytes] = [new Map(), 0, 0];
    if (batch.size > 0) this.writing = this.write([...batch.values()], added);
    this.writing.catch(() => undefined); // told by the next flush or the end
  }

  /** Settles when nothing is being written. */
  idle(): Promise<void> {
    return this.writing;
  }
}

/**
 * Writes items into the plan's table by BatchWriteItem, several batches at a time. What comes back unprocessed is sent
 * again with growing pauses. Of items with the same key, the last one stays.
 * @param items well-formed DynamoDB JSON.
 * @throws Error when DynamoDB refuses a batch, or takes nothing of it in twelve attempts.
 */
export async function loadItems(
  dynamodb: DynamoDBClient,
  source: Pick<WarehousePlan['source'], 'table' | 'keys'>,
  items: Iterable<DynamoDbJsonItem> | AsyncIterable<DynamoDbJsonItem>,
  options: LoadItemsOptions = {}
): Promise<LoadedItems> {
  const loaded = { items: 0, retried: 0 };
  const writes = new BatchWrites(dynamodb, source.table);
  const write = async (batch: readonly string[], added: number): Promise<void> => {
    const retried = await writeBatch(writes, source.table, batch, options.signal);
    loaded.retried += retried;
    loaded.items += added;
    options.onProgress?.(loaded.items);
  };
  // Items with the same key take the same lane, so that the later one is also written later.
  const lanes = Array.from({ length: laneCount }, () => new Lane(write));
  try {
    const add = (item: DynamoDbJsonItem): Promise<void> | undefined => {
      options.signal?.throwIfAborted();
      const key = primaryKeyOf(item, source.keys);
      const text = wireText(item);
      const lane = lanes[fnv1a(key) % laneCount] as Lane;
      if (!lane.isFull(text.length)) return void lane.add(key, text);
      return lane.flush().then(() => lane.add(key, text));
    };
    // Waiting for each item of a list in memory, as `for await` does, would take longer than the rest of this.
    if (Symbol.asyncIterator in items) for await (const item of items) await add(item);
    else
      for (const item of items) {
        const flushed = add(item);
        if (flushed !== undefined) await flushed;
      }
    for (const lane of lanes) await lane.flush();
  } finally {
    await Promise.allSettled(lanes.map((lane) => lane.idle()));
  }
  await Promise.all(lanes.map((lane) => lane.idle()));
  return loaded;
}

/** @returns how many of the writes had to be sent again. */
async function writeBatch(
  writes: BatchWrites,
  table: string,
  items: readonly string[],
  signal?: AbortSignal
): Promise<number> {
  let left = await writes.put(items, signal);
  let requests = items.length;
  let retried = 0;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    if (left.length < requests) attempt = 1;
    if (attempt === maxAttempts) {
      throw new Error(`DynamoDB left ${left.length} writes to "${table}" unprocessed in ${maxAttempts} attempts`);
    }
    retried += left.length;
    requests = left.length;
    await setTimeout(Math.min(5_000, 25 * 2 ** attempt) * (0.5 + Math.random() / 2), undefined, { signal });
    left = await writes.put(left, signal);
  }
  return retried;
}
