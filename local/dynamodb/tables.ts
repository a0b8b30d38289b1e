import { randomUUID } from 'node:crypto';
import type { Database, Entry } from './change-log.js';
import type { TableDescription } from './table-description.js';
import { WrittenKeys } from './written-keys.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How many items a table has and their bytes, see `itemSize`. */
export interface TableSize {
  readonly items: number;
  readonly bytes: number;
}

/** The tables' descriptions and sizes: held in memory, written through to the database. */
export class Tables {
  readonly #byName = new Map<string, TableDescription>();
  readonly #sizes = new Map<string, TableSize>();
  readonly #writtenKeys = new Map<string, WrittenKeys>();
  #growths = 0;

  private constructor(readonly db: Database) {}

  /** Reads all tables, and ends what a crash left half done: a table being made is ready, one being deleted goes. */
  static async open(db: Database): Promise<Tables> {
    const tables = new Tables(db);
    await tables.#foldSizes();
    for await (const value of db.values({ gte: 'table/', lt: 'table0' })) {
      const table = JSON.parse(value) as TableDescription;
      if (table.TableStatus === 'DELETING') {
        await tables.clearTable(table.TableId);
        await tables.delete(table.TableName);
        continue;
      }
      table.TableStatus = 'ACTIVE';
      for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
      tables.#byName.set(table.TableName, table);
    }
    return tables;
  }

  /** The description as it is kept; not to be changed by the caller. */
  get(name: string): TableDescription | undefined {
    return this.#byName.get(name);
  }

  /** In order of their names. */
  names(): string[] {
    return [...this.#byName.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  /** Live, where AWS brings these figures up to date about every six hours. */
  size(tableId: string): TableSize {
    return this.#sizes.get(tableId) ?? { items: 0, bytes: 0 };
  }

  /** Adds to a table's size. */
  grow(tableId: string, by: TableSize): void {
    const { items, bytes } = this.size(tableId);
    this.#sizes.set(tableId, { items: items + by.items, bytes: bytes + by.bytes });
  }

  /**
   * The database entry by which a write keeps its part of a table's size. Each has a key of its own: one entry with the
   * whole size would, in a later write, count one that has failed by then.
   */
  growthEntry(tableId: string, by: TableSize): Entry {
    this.#growths += 1;
    return [`size/${tableId}/${this.#growths}`, JSON.stringify(by)];
  }

  /** Keys of the items that a table was ever given; undefined of a table that an earlier process made. */
  writtenKeys(tableId: string): WrittenKeys | undefined {
    return this.#writtenKeys.get(tableId);
  }

  /** Keeps a description. dynalite's table ids are four characters short of a UUID: the caller's object gets a whole one. */
  async put(table: TableDescription): Promise<void> {
    if (!uuid.test(table.TableId)) {
      table.TableId = randomUUID();
      this.#writtenKeys.set(table.TableId, new WrittenKeys());
    }
    const text = JSON.stringify(table);
    this.#byName.set(table.TableName, JSON.parse(text) as TableDescription);
    await this.db.put(`table/${table.TableName}`, text);
  }

  async delete(name: string): Promise<void> {
    this.#byName.delete(name);
    await this.db.del(`table/${name}`);
  }

  /** Removes a table's items, indexes, changes and size. */
  async clearTable(tableId: string): Promise<void> {
    this.#sizes.delete(tableId);
    this.#writtenKeys.delete(tableId);
    for (const kind of ['item', 'index', 'change', 'size']) {
      await this.db.clear({ gte: `${kind}/${tableId}/`, lt: `${kind}/${tableId}0` });
    }
  }

  /** Sums the sizes up and keeps one entry a table; a crash in the middle loses nothing. */
  async #foldSizes(): Promise<void> {
    const entries = this.db.iterator({ gte: 'size/', lt: 'size0' });
    try {
      for (;;) {
        const page = await entries.nextv(1000);
        if (page.length === 0) return;
        const batch = this.db.batch();
        const grown = new Set<string>();
        for (const [key, value] of page) {
          const tableId = key.split('/')[1] ?? '';
          this.grow(tableId, JSON.parse(value) as TableSize);
          grown.add(tableId);
          batch.del(key);
        }
        // Sorts before the numbered ones, so that it is read first and never twice.
        for (const tableId of grown) batch.put(`size/${tableId}/0`, JSON.stringify(this.size(tableId)));
        await batch.write();
      }
    } finally {
      await entries.close();
    }
  }
}
