import { changeEntry } from './change-log.js';
import type { Database } from './change-log.js';
import { indexKey } from './dynalite.js';
import { itemSize } from './item-size.js';
import type { Item, IndexDescription, TableDescription } from './table-description.js';
import type { Tables } from './tables.js';
import type { WriteClock } from './write-clock.js';

/** One item before and after a write; absent where there is none. */
export interface ItemChange {
  readonly itemKey: string;
  readonly oldItem: Item | undefined;
  readonly newItem: Item | undefined;
}

type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

function indexes(table: TableDescription): readonly IndexDescription[] {
  return [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
}

function projection(item: Item, table: TableDescription, index: IndexDescription): string {
  const names = [...table.KeySchema, ...index.KeySchema].map((key) => key.AttributeName);
  const projected = new Set([...names, ...(index.Projection.NonKeyAttributes ?? [])]);
  return JSON.stringify(Object.fromEntries(Object.entries(item).filter(([name]) => projected.has(name))));
}

/**
 * Writes items. A call's items, their index entries and their changes land in one batch: all of them or none, also when
 * the process is killed.
 */
export class ItemWriter {
  readonly #inFlight = new Set<Promise<void>>();

  /** @param isLogged true for a table (by id) whose changes are kept, because point-in-time recovery is on */
  constructor(
    readonly db: Database,
    readonly tables: Tables,
    readonly clock: WriteClock,
    readonly isLogged: (tableId: string) => boolean
  ) {}

  /** The caller holds the items' locks. */
  async write(table: TableDescription, changes: readonly ItemChange[]): Promise<void> {
    const operations: Operation[] = [];
    const grown = { items: 0, bytes: 0 };
    const logged = this.isLogged(table.TableId);
    for (const { itemKey, oldItem, newItem } of changes) {
      if (oldItem === undefined && newItem === undefined) continue;
      const key = `item/${table.TableId}/${itemKey}`;
      if (newItem === undefined) operations.push({ type: 'del', key });
      else operations.push({ type: 'put', key, value: JSON.stringify(newItem) });
      for (const index of indexes(table)) this.#writeIndex(operations, table, index, itemKey, oldItem, newItem);
      if (logged) {
        const writeTimestampMicros = this.clock.next();
        const oldImage = oldItem && JSON.stringify(oldItem);
        operations.push({ type: 'put', ...changeEntry(table.TableId, { writeTimestampMicros, itemKey, oldImage }) });
      }
      grown.items += (newItem ? 1 : 0) - (oldItem ? 1 : 0);
      grown.bytes += (newItem ? itemSize(newItem) : 0) - (oldItem ? itemSize(oldItem) : 0);
    }
    if (operations.length === 0) return;
    this.tables.grow(table.TableId, grown);
    operations.push({ type: 'put', ...this.tables.sizeEntry(table.TableId) });
    const written = this.db.batch(operations);
    this.#inFlight.add(written);
    try {
      await written;
    } catch (error) {
      this.tables.grow(table.TableId, { items: -grown.items, bytes: -grown.bytes });
      throw error;
    } finally {
      this.#inFlight.delete(written);
    }
  }

  /** Resolves when every write that was given its stamp before this call is in the database or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /** An index that projects all attributes keeps only a reference to the item, see `IndexCollection`. */
  #writeIndex(
    operations: Operation[],
    table: TableDescription,
    index: IndexDescription,
    itemKey: string,
    oldItem: Item | undefined,
    newItem: Item | undefined
  ): void {
    const keyOf = (item: Item | undefined): string | undefined =>
      item && index.KeySchema.every((key) => item[key.AttributeName] !== undefined)
        ? `index/${table.TableId}/${index.IndexName}/${indexKey(item, table, index, itemKey)}`
        : undefined;
    const oldKey = keyOf(oldItem);
    const newKey = keyOf(newItem);
    if (oldKey !== undefined && oldKey !== newKey) operations.push({ type: 'del', key: oldKey });
    if (newKey === undefined || newItem === undefined) return;
    const isReference = index.Projection.ProjectionType === 'ALL';
    if (isReference && oldKey === newKey) return;
    operations.push({ type: 'put', key: newKey, value: isReference ? itemKey : projection(newItem, table, index) });
  }
}
