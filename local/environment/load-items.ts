import { setTimeout } from 'node:timers/promises';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../../model/plan.js';
import { fromDynamoDbJson, primaryKeyOf } from './dynamodb-json.js';
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
const laneCount = 4;
const maxAttempts = 12;

/** Items on their way to the table in batches, one batch after the other. */
class Lane {
  private batch = new Map<string, Record<string, AttributeValue>>();
  private added = 0;
  private bytes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly write: (batch: Record<string, AttributeValue>[], added: number) => Promise<void>) {}

  /** Takes an item; of those with the same key in a batch, which BatchWriteItem refuses, the last one stays. */
  async add(key: string, item: Record<string, AttributeValue>, bytes: number): Promise<void> {
    if (this.batch.size === batchItems || this.bytes + bytes > batchBytes) await this.flush();
    this.batch.set(key, item);
    this.bytes += bytes;
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

/** FNV-1a, to spread keys over the lanes. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
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
  const write = async (batch: Record<string, AttributeValue>[], added: number): Promise<void> => {
    const retried = await writeBatch(dynamodb, source.table, batch, options.signal);
    loaded.retried += retried;
    loaded.items += added;
    options.onProgress?.(loaded.items);
  };
  // Items with the same key take the same lane, so that the later one is also written later.
  const lanes = Array.from({ length: laneCount }, () => new Lane(write));
  try {
    for await (const json of items) {
      options.signal?.throwIfAborted();
      const item = fromDynamoDbJson(json);
      const key = primaryKeyOf(item, source.keys);
      await lanes[hash(key) % laneCount]?.add(key, item, JSON.stringify(json).length);
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
  dynamodb: DynamoDBClient,
  table: string,
  batch: readonly Record<string, AttributeValue>[],
  signal?: AbortSignal
): Promise<number> {
  let requests: WriteRequest[] = batch.map((Item) => ({ PutRequest: { Item } }));
  let retried = 0;
  for (let attempt = 1; ; attempt += 1) {
    const command = new BatchWriteItemCommand({ RequestItems: { [table]: requests } });
    const { UnprocessedItems: unprocessed } = await dynamodb.send(command, { abortSignal: signal });
    const left = unprocessed?.[table] ?? [];
    if (left.length === 0) return retried;
    if (left.length < requests.length) attempt = 1;
    if (attempt === maxAttempts) {
      throw new Error(`DynamoDB left ${left.length} writes to "${table}" unprocessed in ${maxAttempts} attempts`);
    }
    retried += left.length;
    requests = left;
    await setTimeout(Math.min(5_000, 25 * 2 ** attempt) * (0.5 + Math.random() / 2), undefined, { signal });
  }
}
