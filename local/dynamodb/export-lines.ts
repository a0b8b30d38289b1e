import type { Database, Snapshot } from './change-log.js';
import type { ItemHistory, Partition, SortedChanges } from './sorted-changes.js';
import type { Item, TableDescription } from './table-description.js';

/** Lines of a data file, without their ends, some hundreds at a time. */
export type Lines = AsyncGenerator<string[]>;

/** What an export reads. */
export interface ExportSource {
  readonly db: Database;
  readonly table: TableDescription;
  readonly snapshot: Snapshot;
  /** The changes since the export's moment (full) or since the beginning of its window (incremental). */
  readonly changes: SortedChanges | undefined;
}

/**
 * One partition of a full export: the items as they were before the first of `changes`, that is, the snapshot's items
 * with every later change undone. Record: `{"Item":{…}}`.
 */
export async function* fullExportLines(source: ExportSource, partition: Partition): Lines {
  const prefix = `item/${source.table.TableId}/`;
  const items = source.db.iterator({
    gte: prefix + partition.from,
    lt: prefix + partition.to,
    snapshot: source.snapshot,
    highWaterMarkBytes: 1 << 20,
  });
  const changed = source.changes?.histories(partition, 0);
  const nextChanged = async (): Promise<ItemHistory | undefined> => {
    const next = await changed?.next();
    return next === undefined || next.done ? undefined : next.value;
  };
  let head = await nextChanged();
  try {
    for (;;) {
      const entries = await items.nextv(1000);
      const lines: string[] = [];
      for (const [key, item] of entries) {
        const itemKey = head && key.slice(prefix.length);
        while (head && itemKey && head.itemKey < itemKey) {
          if (head.before !== undefined) lines.push(`{"Item":${head.before}}`);
          head = await nextChanged();
        }
        if (head === undefined || head.itemKey !== itemKey) {
          lines.push(`{"Item":${item}}`);
          continue;
        }
        if (head.before !== undefined) lines.push(`{"Item":${head.before}}`);
        head = await nextChanged();
      }
      if (entries.length > 0) {
        yield lines;
        continue;
      }
      for (; head; head = await nextChanged()) if (head.before !== undefined) yield [`{"Item":${head.before}}`];
      return;
    }
  } finally {
    await items.close();
    await changed?.return(undefined);
  }
}

/** The images that an incremental export shows. */
export type ExportView = 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES';

/**
 * One partition of an incremental export: one record for each item that the window changed, with the item before the
 * window (OldImage) and at its end (NewImage); nothing for an item that came and went within the window.
 * Record: `{"Metadata":{"WriteTimestampMicros":{"N":"…"}},"Keys":{…},"OldImage":{…},"NewImage":{…}}`.
 */
export async function* incrementalExportLines(
  source: ExportSource,
  partition: Partition,
  toMicros: number,
  view: ExportView
): Lines {
  if (source.changes === undefined) return;
  let page: ItemHistory[] = [];
  for await (const history of source.changes.histories(partition, toMicros)) {
    if (history.lastWriteMicros === undefined) continue;
    page.push(history);
    if (page.length === 500) {
      yield await incrementalLines(source, page, view);
      page = [];
    }
  }
  yield await incrementalLines(source, page, view);
}

async function incrementalLines(
  { db, table, snapshot }: ExportSource,
  page: readonly ItemHistory[],
  view: ExportView
): Promise<string[]> {
  const unchangedSince = page.filter((history) => history.after === undefined);
  const current = await db.getMany(
    unchangedSince.map(({ itemKey }) => `item/${table.TableId}/${itemKey}`),
    { snapshot }
  );
  const byKey = new Map(unchangedSince.map(({ itemKey }, index) => [itemKey, current[index]]));
  return page.flatMap((history) => {
    const oldImage = history.before;
    const newImage = history.after ? history.after.image : byKey.get(history.itemKey);
    const image = newImage ?? oldImage;
    if (image === undefined) return [];
    const item = JSON.parse(image) as Item;
    const keys = Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name]]));
    const metadata = `{"WriteTimestampMicros":{"N":"${history.lastWriteMicros}"}}`;
    const old = oldImage !== undefined && view === 'NEW_AND_OLD_IMAGES' ? `,"OldImage":${oldImage}` : '';
    const now = newImage !== undefined ? `,"NewImage":${newImage}` : '';
    return [`{"Metadata":${metadata},"Keys":${JSON.stringify(keys)}${old}${now}}`];
  });
}
