import { ClassicLevel } from 'classic-level';
import { changesSince } from './change-log.js';
import type { Database, Snapshot } from './change-log.js';

/** What a span of the log says of one item. */
export interface ItemHistory {
  readonly itemKey: string;
  /** The item as JSON text before the span's first change; undefined where there was none. */
  readonly before: string | undefined;
  /** The item's last write in the span before `toMicros`; undefined when all are later. */
  readonly lastWriteMicros: number | undefined;
  /** Present when the item was written again at `toMicros` or later: the item as it was before that. */
  readonly after: { readonly image: string | undefined } | undefined;
}

/** One hash range of a table; `to` is exclusive. All the items of an export's data file are of one such range. */
export interface Partition {
  readonly from: string;
  readonly to: string;
}

/**
 * The changes of a span ordered by item instead of by time, in a database of their own on disk: memory stays bounded
 * however many changes there are.
 */
export class SortedChanges {
  private constructor(
    readonly sorted: ClassicLevel<string, string>,
    /** Changes in the span. */
    readonly count: number,
    /** Their old images' characters. */
    readonly size: number
  ) {}

  /** Sorts all changes of a table since a moment into `folder`; undefined when there are none. */
  static async open(
    db: Database,
    span: { readonly tableId: string; readonly fromMicros: number },
    snapshot: Snapshot,
    folder: string
  ): Promise<SortedChanges | undefined> {
    let sorted: ClassicLevel<string, string> | undefined;
    let count = 0;
    let size = 0;
    for await (const changes of changesSince(db, span.tableId, span.fromMicros, snapshot)) {
      sorted ??= new ClassicLevel<string, string>(folder);
      await sorted.batch(
        changes.map(({ itemKey, writeTimestampMicros, oldImage = '' }) => {
          size += oldImage.length;
          // The tilde sorts after every character of an item key, the stamps all have 16 digits until the year 2286.
          return { type: 'put', key: `${itemKey}~${writeTimestampMicros}`, value: oldImage };
        })
      );
      count += changes.length;
    }
    return sorted && new SortedChanges(sorted, count, size);
  }

  /** The histories of the items of one partition, in order of their keys. */
  async *histories(partition: Partition, toMicros: number): AsyncGenerator<ItemHistory> {
    const iterator = this.sorted.iterator({ gte: partition.from, lt: partition.to, highWaterMarkBytes: 1 << 20 });
    let current: ItemHistory | undefined;
    try {
      for (;;) {
        const entries = await iterator.nextv(1000);
        if (entries.length === 0) break;
        for (const [key, value] of entries) {
          const tilde = key.indexOf('~');
          const itemKey = key.slice(0, tilde);
          const micros = Number(key.slice(tilde + 1));
          const image = value === '' ? undefined : value;
          if (current?.itemKey !== itemKey) {
            if (current !== undefined) yield current;
            current = { itemKey, before: image, lastWriteMicros: undefined, after: undefined };
          }
          if (micros < toMicros) current = { ...current, lastWriteMicros: micros };
          else current = { ...current, after: current.after ?? { image } };
        }
      }
      if (current !== undefined) yield current;
    } finally {
      await iterator.close();
    }
  }

  close(): Promise<void> {
    return this.sorted.close();
  }
}
