import { changesEntry, changesPerEntry } from './change-log.js';
import type { Database, Entry } from './change-log.js';
import { indexKey } from './item-key.js';
import { itemSize } from './item-size.js';
import type { Item, IndexDescription, TableDescription } from './table-description.js';
import type { Tables } from './tables.js';
import type { WriteClock } from './write-clock.js';
import { WriteGroups } from './write-groups.js';

/** One item before and after a write; absent where there is none. */
export interface ItemChange {
  readonly itemKey: string;
  readonly oldItem: Item | undefined;
  readonly newItem: Item | undefined;
  /** Bytes of the new item where the caller knows them. */
  readonly newSize?: number;
}

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
  readonly #groups: WriteGroups;

  /** @param isLogged true for a table (by id) whose changes are kept, because point-in-time recovery is on */
  constructor(
    db: Database,
    readonly tables: Tables,
    readonly clock: WriteClock,
    readonly isLogged: (tableId: string) => boolean
  ) {
    this.#groups = new WriteGroups(db);
  }

  /** The caller holds the items' locks. */
  async write(table: TableDescription, changes: readonly ItemChange[]): Promise<void> {
    const made = changes.filter(({ oldItem, newItem }) => oldItem !== undefined || newItem !== undefined);
    if (made.length === 0) return;
    const entries: Entry[] = [];
    const grown = { items: 0, bytes: 0 };
    for (const change of made) {
      addItem(entries, table, change);
      const { oldItem, newItem, newSize } = change;
      grown.items += (newItem ? 1 : 0) - (oldItem ? 1 : 0);
      grown.bytes += (newItem ? (newSize ?? itemSize(newItem)) : 0) - (oldItem ? itemSize(oldItem) : 0);
    }
    if (this.isLogged(table.TableId)) this.#log(entries, table, made);
    const writtenKeys = this.tables.writtenKeys(table.TableId);
    for (const { itemKey } of made) writtenKeys?.add(itemKey);
    this.tables.grow(table.TableId, grown);
    entries.push(this.tables.growthEntry(table.TableId, grown));
    try {
      await this.#groups.add(entries);
    } catch (error) {
      this.tables.grow(table.TableId, { items: -grown.items, bytes: -grown.bytes });
      throw error;
    }
  }

  /** Resolves when every write that was given its stamp before this call is in the database or has failed. */
  async settled(): Promise<void> {
    await this.#groups.settled();
  }

  #log(entries: Entry[], table: TableDescription, changes: readonly ItemChange[]): void {
    for (let from = 0; from < changes.length; from += changesPerEntry) {
      const together = changes.slice(from, from + changesPerEntry);
      const images = together.map(({ itemKey, oldItem }) => ({
        itemKey,
        oldImage: oldItem && JSON.stringify(oldItem),
      }));
      entries.push(changesEntry(table.TableId, this.clock.next(together.length), images));
    }
  }
}

function addItem(entries: Entry[], table: TableDescription, { itemKey, oldItem, newItem }: ItemChange): void {
  entries.push([`item/${table.TableId}/${itemKey}`, newItem && JSON.stringify(newItem)]);
  for (const index of indexes(table)) addIndexEntries(entries, table, index, { itemKey, oldItem, newItem });
}

/** An index that projects all attributes keeps only a reference to the item, see `IndexCollection`. */
function addIndexEntries(
  entries: Entry[],
  table: TableDescription,
  index: IndexDescription,
  { itemKey, oldItem, newItem }: ItemChange
): void {
  const keyOf = (item: Item | undefined): string | undefined =>
    item && index.KeySchema.every((key) => item[key.AttributeName] !== undefined)
      ? `index/${table.TableId}/${index.IndexName}/${indexKey(item, table, index, itemKey)}`
      : undefined;
  const oldKey = keyOf(oldItem);
  const newKey = keyOf(newItem);
  if (oldKey !== undefined && oldKey !== newKey) entries.push([oldKey, undefined]);
  if (newKey === undefined || newItem === undefined) return;
  const isReference = index.Projection.ProjectionType === 'ALL';
  if (isReference && oldKey === newKey) return;
  entries.push([newKey, isReference ? '' : projection(newItem, table, index)]);
}
