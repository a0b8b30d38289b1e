import type { ClassicLevel } from 'classic-level';

/** The database that holds tables, items, indexes and changes: UTF-8 text to UTF-8 text. */
export type Database = ClassicLevel<string, string>;

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

/** The database entry of one change. */
export function changeEntry(tableId: string, change: Change): { key: string; value: string } {
  return {
    key: changePrefix(tableId) + stamp(change.writeTimestampMicros),
    value: change.itemKey + (change.oldImage ?? ''), // the image begins with a brace, which no item key contains
  };
}

function parseChange(key: string, value: string): Change {
  const brace = value.indexOf('{');
  return {
    writeTimestampMicros: Number(key.slice(-digits)),
    itemKey: brace === -1 ? value : value.slice(0, brace),
    oldImage: brace === -1 ? undefined : value.slice(brace),
  };
}

/** Batches of a table's changes with `fromMicros ≤ writeTimestampMicros`, in order of time. */
export async function* changesSince(
  db: Database,
  tableId: string,
  fromMicros: number,
  snapshot?: Snapshot
): AsyncGenerator<Change[]> {
  const prefix = changePrefix(tableId);
  const iterator = db.iterator({ gte: prefix + stamp(fromMicros), lt: `${prefix}~`, snapshot });
  try {
    for (;;) {
      const entries = await iterator.nextv(1000);
      if (entries.length === 0) return;
      yield entries.map(([key, value]) => parseChange(key, value));
    }
  } finally {
    await iterator.close();
  }
}

/** Forgets a table's changes before a moment; all of them without one. */
export async function forgetChanges(db: Database, tableId: string, beforeMicros?: number): Promise<void> {
  const prefix = changePrefix(tableId);
  await db.clear({ gte: prefix, lt: beforeMicros === undefined ? `${prefix}~` : prefix + stamp(beforeMicros) });
}

/** The last write stamp in the log, over all of the given tables; 0 when the log is empty. */
export async function lastChangeMicros(db: Database, tableIds: Iterable<string>): Promise<number> {
  let last = 0;
  for (const tableId of tableIds) {
    const prefix = changePrefix(tableId);
    for await (const key of db.keys({ gte: prefix, lt: `${prefix}~`, reverse: true, limit: 1 })) {
      last = Math.max(last, Number(key.slice(-digits)));
    }
  }
  return last;
}
