import type { ClassicLevel } from 'classic-level';

/** The database that holds tables, items, indexes and changes: UTF-8 text to UTF-8 text. */
export type Database = ClassicLevel<string, string>;

/** A database entry to write; to delete where its value is undefined. */
export type Entry = readonly [key: string, value: string | undefined];

/** A view of the database as it was at one moment. */
export type Snapshot = ReturnType<Database['snapshot']>;

/**
 * One write to a table while point-in-time recovery was on. Only the old image is kept: what the item was at a later
 * moment is the old image of its next change, or the item as it stands now.
 */
export interface Change {
  /** Microseconds since the epoch, strictly increasing. */
  readonly writeTimestampMicros: number;
  /** The item's key in the item collection. */
  readonly itemKey: string;
  /** The item before the write as JSON text; undefined where there was none. */
  readonly oldImage: string | undefined;
}

const digits = 17;

function changePrefix(tableId: string): string {
  return `change/${tableId}/`;
}

function stamp(micros: number): string {
  return String(Math.max(0, Math.floor(micros))).padStart(digits, '0');
}

/** Changes in one entry at most: an entry may hold changes that many microseconds, less one, after its own stamp. */
export const changesPerEntry = 25;

/**
 * The database entry of changes written together, at most {@link changesPerEntry}, whose stamps follow one another by one
 * microsecond from `firstMicros` on. An entry for each would be a third of a table's writes.
 */
export function changesEntry(
  tableId: string,
  firstMicros: number,
  changes: readonly Omit<Change, 'writeTimestampMicros'>[]
): Entry {
  return [
    changePrefix(tableId) + stamp(firstMicros),
    // An image begins with a brace, which no item key contains, and neither has a line feed: JSON escapes it.
    changes.map(({ itemKey, oldImage }) => itemKey + (oldImage ?? '')).join('\n'),
  ];
}

function parseChanges(key: string, value: string): Change[] {
  const first = Number(key.slice(-digits));
  return value.split('\n').map((text, index) => {
    const brace = text.indexOf('{');
    return {
      writeTimestampMicros: first + index,
      itemKey: brace === -1 ? text : text.slice(0, brace),
      oldImage: brace === -1 ? undefined : text.slice(brace),
    };
  });
}

/** Batches of a table's changes with `fromMicros ≤ writeTimestampMicros`, in order of time. */
export async function* changesSince(
  db: Database,
  tableId: string,
  fromMicros: number,
  snapshot?: Snapshot
): AsyncGenerator<Change[]> {
  const prefix = changePrefix(tableId);
  const gte = prefix + stamp(fromMicros - changesPerEntry + 1);
  const iterator = db.iterator({ gte, lt: `${prefix}~`, snapshot });
  try {
    for (;;) {
      const entries = await iterator.nextv(1000);
      if (entries.length === 0) return;
      const changes = entries
        .flatMap(([key, value]) => parseChanges(key, value))
        .filter(({ writeTimestampMicros }) => writeTimestampMicros >= fromMicros);
      if (changes.length > 0) yield changes;
    }
  } finally {
    await iterator.close();
  }
}

/** Forgets a table's changes before a moment, but for those in an entry with later ones; all of them without one. */
export async function forgetChanges(db: Database, tableId: string, beforeMicros?: number): Promise<void> {
  const prefix = changePrefix(tableId);
  const lt = beforeMicros === undefined ? `${prefix}~` : prefix + stamp(beforeMicros - changesPerEntry + 1);
  await db.clear({ gte: prefix, lt });
}

/** The last write stamp in the log, over all of the given tables; 0 when the log is empty. */
export async function lastChangeMicros(db: Database, tableIds: Iterable<string>): Promise<number> {
  let last = 0;
  for (const tableId of tableIds) {
    const prefix = changePrefix(tableId);
    for await (const [key, value] of db.iterator({ gte: prefix, lt: `${prefix}~`, reverse: true, limit: 1 })) {
      last = Math.max(last, parseChanges(key, value).at(-1)?.writeTimestampMicros ?? 0);
    }
  }
  return last;
}
