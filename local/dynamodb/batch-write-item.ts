import { AwsError } from '../gateway/aws-error.js';
import { keys } from './dynalite.js';
import { maxItemBytes } from './dynalite-store.js';
import type { StoreParts } from './dynalite-store.js';
import { itemKey } from './item-key.js';
import { itemSize } from './item-size.js';
import type { ItemChange } from './item-writer.js';
import { plainItemSize } from './plain-item.js';
import type { Item, TableDescription } from './table-description.js';

/** One element of BatchWriteItem's `RequestItems`. */
export interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

/** BatchWriteItem's input. */
export interface BatchWriteInput {
  readonly RequestItems: Readonly<Record<string, readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: string;
}

const tableName = /^[a-zA-Z0-9_.-]{3,255}$/;

/** Bytes of the items put, by table and request; 0 of a request that deletes. */
export type BatchSizes = readonly (readonly number[])[];

/** The sizes of a request that surely passes dynalite's checks, see {@link plainItemSize}; else undefined. */
export function plainBatchSizes(input: Record<string, unknown>): BatchSizes | undefined {
  const { RequestItems: requestItems, ...rest } = input;
  if (Object.keys(rest).length > 0 || typeof requestItems !== 'object' || requestItems === null) return undefined;
  const tables = Object.entries(requestItems as Record<string, unknown>);
  const sizes = tables.map(([name, requests]) =>
    tableName.test(name) && Array.isArray(requests) && requests.length > 0 && requests.length <= 25
      ? requests.map(plainRequestSize)
      : [-1]
  );
  return sizes.length > 0 && sizes.every((ofTable) => !ofTable.includes(-1)) ? sizes : undefined;
}

/** −1 for a request that dynalite has to check. */
function plainRequestSize(request: WriteRequest | null): number {
  if (typeof request !== 'object' || request === null || Object.keys(request).length !== 1) return -1;
  if (request.DeleteRequest) return plainItemSize(request.DeleteRequest.Key) === undefined ? -1 : 0;
  const size = plainItemSize(request.PutRequest?.Item);
  return size === undefined || size > maxItemBytes ? -1 : size;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

interface Write {
  readonly itemKey: string;
  readonly newItem: Item | undefined;
  /** Bytes of the new item; 0 where there is none. */
  readonly newSize: number;
}

function writesOf(table: TableDescription, requests: readonly WriteRequest[], sizes?: readonly number[]): Write[] {
  return requests.map((request, index) => {
    const item = request.PutRequest?.Item;
    const key = request.DeleteRequest?.Key;
    if ((item === undefined) === (key === undefined)) {
      throw invalid(
        'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'
      );
    }
    const refused = item === undefined ? keys.validateKey(key ?? {}, table) : keys.validateItem(item, table);
    if (refused) {
      const aboutKey = /Missing the key|Type mismatch for key/.test(refused.message);
      throw invalid(aboutKey ? 'The provided key element does not match the schema' : refused.message);
    }
    const newSize = sizes?.[index] ?? (item === undefined ? 0 : itemSize(item));
    return { itemKey: itemKey(item ?? key ?? {}, table), newItem: item, newSize };
  });
}

/** The items' texts before the writes; none is read where none can be. */
function oldTexts(
  { db, tables }: StoreParts,
  { TableId }: TableDescription,
  writes: readonly Write[],
  itemKeys: string[]
): Promise<(string | undefined)[]> | [] {
  const written = tables.writtenKeys(TableId);
  return written === undefined || writes.some(({ itemKey }) => written.has(itemKey)) ? db.getMany(itemKeys) : [];
}

async function writeTable(
  parts: StoreParts,
  table: TableDescription,
  writes: readonly Write[]
): Promise<readonly ItemChange[]> {
  const itemKeys = writes.map((write) => `item/${table.TableId}/${write.itemKey}`);
  const unlock = await parts.locks.acquire(itemKeys);
  try {
    const old = await oldTexts(parts, table, writes, itemKeys);
    const changes = writes.map((write, index): ItemChange => {
      const text = old[index];
      return { ...write, oldItem: text === undefined ? undefined : (JSON.parse(text) as Item) };
    });
    await parts.writer.write(table, changes);
    return changes;
  } finally {
    unlock();
  }
}

/**
 * BatchWriteItem over a checked request. dynalite has it too, one item at a time; this one reads a table's items
 * together and writes them in one batch, which is several times as fast.
 * @param sizes where they are known
 * @throws AwsError `ValidationException`, `ResourceNotFoundException`
 */
export async function batchWriteItem(parts: StoreParts, input: BatchWriteInput, sizes?: BatchSizes): Promise<object> {
  const tables = Object.entries(input.RequestItems);
  if (tables.reduce((sum, [, requests]) => sum + requests.length, 0) > 25) {
    throw invalid('Too many items requested for the BatchWriteItem call');
  }
  const work = tables.map(([name, requests], index) => {
    const table = parts.tables.get(name);
    if (table === undefined || table.TableStatus === 'DELETING') {
      throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    }
    const writes = writesOf(table, requests, sizes?.[index]);
    if (new Set(writes.map((write) => write.itemKey)).size < writes.length) {
      throw invalid('Provided list of item keys contains duplicates');
    }
    return { table, writes };
  });
  const consumed: object[] = [];
  for (const { table, writes } of work) {
    const changes = await writeTable(parts, table, writes);
    if (!['TOTAL', 'INDEXES'].includes(input.ReturnConsumedCapacity ?? 'NONE')) continue;
    const units = changes.reduce(
      (sum, { oldItem, newItem }) =>
        sum + Math.max(keys.capacityUnits(oldItem, false, true), keys.capacityUnits(newItem, false, true)),
      0
    );
    const perTable = input.ReturnConsumedCapacity === 'INDEXES' ? { Table: { CapacityUnits: units } } : {};
    consumed.push({ TableName: table.TableName, CapacityUnits: units, ...perTable });
  }
  return { UnprocessedItems: {}, ...(consumed.length > 0 ? { ConsumedCapacity: consumed } : {}) };
}
