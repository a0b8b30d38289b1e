import { AwsError } from '../gateway/aws-error.js';
import { keys } from './dynalite.js';
import { maxItemBytes } from './dynalite-store.js';
import type { StoreParts } from './dynalite-store.js';
import type { ItemChange } from './item-writer.js';
import { itemSize } from './item-size.js';
import { isPlainItem } from './plain-item.js';
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

/** True when the request surely passes dynalite's checks, see {@link isPlainItem}. */
export function isPlainBatch(input: Record<string, unknown>): boolean {
  const { RequestItems: requestItems, ...rest } = input;
  if (Object.keys(rest).length > 0 || typeof requestItems !== 'object' || requestItems === null) return false;
  const tables = Object.entries(requestItems as Record<string, unknown>);
  return (
    tables.length > 0 &&
    tables.every(
      ([name, requests]) =>
        tableName.test(name) &&
        Array.isArray(requests) &&
        requests.length > 0 &&
        requests.length <= 25 &&
        requests.every(isPlainRequest)
    )
  );
}

function isPlainRequest(request: WriteRequest | null): boolean {
  if (typeof request !== 'object' || request === null || Object.keys(request).length !== 1) return false;
  if (request.DeleteRequest) return isPlainItem(request.DeleteRequest.Key);
  const item = request.PutRequest?.Item;
  return isPlainItem(item) && item !== undefined && itemSize(item) <= maxItemBytes;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

interface Write {
  readonly itemKey: string;
  readonly newItem: Item | undefined;
}

function writesOf(table: TableDescription, requests: readonly WriteRequest[]): Write[] {
  return requests.map((request) => {
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
    return { itemKey: keys.createKey(item ?? key ?? {}, table), newItem: item };
  });
}

async function writeTable(
  parts: StoreParts,
  table: TableDescription,
  writes: readonly Write[]
): Promise<readonly ItemChange[]> {
  const itemKeys = writes.map(({ itemKey }) => `item/${table.TableId}/${itemKey}`);
  const unlock = await parts.locks.acquire(itemKeys);
  try {
    const old = await parts.db.getMany(itemKeys);
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
 * @throws AwsError `ValidationException`, `ResourceNotFoundException`
 */
export async function batchWriteItem(parts: StoreParts, input: BatchWriteInput): Promise<object> {
  const tables = Object.entries(input.RequestItems);
  if (tables.reduce((sum, [, requests]) => sum + requests.length, 0) > 25) {
    throw invalid('Too many items requested for the BatchWriteItem call');
  }
  const work = tables.map(([name, requests]) => {
    const table = parts.tables.get(name);
    if (table === undefined || table.TableStatus === 'DELETING') {
      throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    }
    const writes = writesOf(table, requests);
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
