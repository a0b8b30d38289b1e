import { Readable } from 'node:stream';
import { IndexCollection, PrefixCollection } from './collections.js';
import type { ActionCall } from './collections.js';
import type { Database } from './change-log.js';
import { keys } from './dynalite.js';
import type { Callback, DynaliteCollection, DynaliteStore, KeyRange } from './dynalite.js';
import { indexKey, itemKey } from './item-key.js';
import type { ItemWriter } from './item-writer.js';
import type { KeyLocks } from './key-locks.js';
import type { Item, IndexDescription, TableDescription } from './table-description.js';
import type { Tables } from './tables.js';

/** 400 KB, the limit of an item's size. */
export const maxItemBytes = 409_600;

/** What the store of one call works on. */
export interface StoreParts {
  readonly db: Database;
  readonly tables: Tables;
  readonly writer: ItemWriter;
  readonly locks: KeyLocks;
  readonly account: string;
  readonly region: string;
}

function notFound(name: string, withName: boolean): Error {
  return Object.assign(new Error('NotFoundError'), {
    name: 'NotFoundError',
    statusCode: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
      message: `Requested resource not found${withName ? `: Table: ${name} not found` : ''}`,
    },
  });
}

class TableCollection extends PrefixCollection {
  constructor(
    readonly parts: StoreParts,
    call: ActionCall,
    readonly awsAccountId = parts.account,
    readonly awsRegion = parts.region
  ) {
    super(parts.db, call, 'table/');
  }

  override get(name: string, done: Callback<unknown>): void {
    this.call.callback(Promise.resolve(structuredClone(this.parts.tables.get(name))), done);
  }

  override put(_name: string, value: unknown, done: Callback): void {
    this.call.callback(this.parts.tables.put(value as TableDescription), done);
  }

  override del(name: string, done: Callback): void {
    this.call.callback(this.parts.tables.delete(name), done);
  }

  override createKeyStream(range: KeyRange = {}): Readable {
    const names = this.parts.tables.names().filter((name) => range.gt === undefined || name > range.gt);
    return Readable.from(range.limit !== undefined && range.limit >= 0 ? names.slice(0, range.limit) : names);
  }
}

/** The items of one table; what an action writes goes through the {@link ItemWriter}, with the image it has read. */
class ItemCollection extends PrefixCollection {
  readonly #read = new Map<string, Item | undefined>();

  constructor(
    readonly parts: StoreParts,
    call: ActionCall,
    readonly table: TableDescription
  ) {
    super(parts.db, call, `item/${table.TableId}/`);
  }

  override get(key: string, done: Callback<unknown>): void {
    super.get(key, (error, value) => {
      if (!error) this.#read.set(key, value as Item | undefined);
      done(error, value);
    });
  }

  override put(key: string, value: unknown, done: Callback): void {
    this.#write(key, value as Item, done);
  }

  override del(key: string, done: Callback): void {
    this.#write(key, undefined, done);
  }

  #write(itemKey: string, newItem: Item | undefined, done: Callback): void {
    const change = { itemKey, oldItem: this.#read.get(itemKey), newItem };
    this.call.callback(this.parts.writer.write(this.table, [change]), done);
  }
}

/** The item writer keeps the indexes: what dynalite's actions write there is left out. */
class ReadOnlyIndex extends IndexCollection {
  constructor(
    parts: StoreParts,
    call: ActionCall,
    readonly table: TableDescription,
    readonly index: IndexDescription,
    readonly startKey: Item | undefined
  ) {
    const prefix = `index/${table.TableId}/${index.IndexName}/`;
    super(parts.db, call, prefix, `item/${table.TableId}/`);
  }

  override put(_key: string, _value: unknown, done: Callback): void {
    done();
  }

  override del(_key: string, done: Callback): void {
    done();
  }

  /** dynalite resumes a page at its own kind of index key: put ours in its place. */
  override createValueStream(range: KeyRange = {}): Readable {
    if (this.startKey === undefined) return super.createValueStream(range);
    const theirs = keys.createIndexKey(this.startKey, this.table, this.index.KeySchema);
    const ours = indexKey(this.startKey, this.table, this.index, itemKey(this.startKey, this.table));
    const exact = { ...range };
    if (range.gt === theirs) exact.gt = ours;
    if (range.lt === theirs) exact.lt = ours;
    return super.createValueStream(exact);
  }
}

/**
 * The store that dynalite's actions work on, for one call: tables from memory, writes in one batch with their index
 * entries and changes, and no scan over other tables' keys (which dynalite's own store needs to list or delete one).
 * @param startKey the request's ExclusiveStartKey
 */
export function dynaliteStore(parts: StoreParts, call: ActionCall, startKey?: Item): DynaliteStore {
  const { db, tables } = parts;
  const tableOf = (name: string): TableDescription => {
    const table = tables.get(name);
    if (table === undefined) throw notFound(name, true);
    return table;
  };
  const getTable = (
    name: string,
    checkStatusOrDone: boolean | Callback<TableDescription>,
    whenChecked?: Callback<TableDescription>
  ): void => {
    const checkStatus = checkStatusOrDone !== false;
    const done = typeof checkStatusOrDone === 'function' ? checkStatusOrDone : whenChecked;
    const table = tables.get(name);
    const isReady = table && !(checkStatus && ['CREATING', 'DELETING'].includes(table.TableStatus));
    // An action that asks for any status changes the description; the others only read it.
    if (isReady) done?.(null, checkStatus ? table : describe(parts, table));
    else done?.(notFound(name, !checkStatus));
  };
  return {
    options: { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, maxItemSize: maxItemBytes },
    tableDb: new TableCollection(parts, call),
    getTable,
    getItemDb: (name) => new ItemCollection(parts, call, tableOf(name)),
    deleteItemDb: (name, done) => call.callback(tables.clearTable(tableOf(name).TableId), done),
    getIndexDb: (_kind, name, indexName) =>
      new ReadOnlyIndex(parts, call, tableOf(name), indexOf(tableOf(name), indexName), startKey),
    deleteIndexDb: (_kind, _table, _index, done) => done(), // gone with the items
    getTagDb: (name): DynaliteCollection => new PrefixCollection(db, call, `tag/${name}/`),
    deleteTagDb: (name, done) => call.callback(db.clear({ gte: `tag/${name}/`, lt: `tag/${name}0` }), done),
  };
}

function describe(parts: StoreParts, table: TableDescription): TableDescription {
  const { items, bytes } = parts.tables.size(table.TableId);
  return { ...structuredClone(table), ItemCount: items, TableSizeBytes: bytes };
}

function indexOf(table: TableDescription, name: string): IndexDescription {
  const all = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
  const index = all.find((candidate) => candidate.IndexName === name);
  if (index === undefined) throw new Error(`no index ${name} in table ${table.TableName}`);
  return index;
}
