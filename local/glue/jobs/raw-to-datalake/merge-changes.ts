import type { DuckDbSession } from '../../duckdb/session.js';
import { timestampLiteral } from './export-records.js';
import type { PreviousDataset, PreviousLake } from './previous-lake.js';
import { deletedDataset } from './previous-lake.js';
import { deletedItem } from './read-items.js';

/** SELECT of the rows of a dataset that no change has touched. */
export function untouched({ view, sameItem }: PreviousDataset, columns: readonly string[]): string {
  const names = columns.map((column) => `p.${column}`).join(', ');
  return `SELECT ${names} FROM ${view} p WHERE NOT EXISTS (SELECT 1 FROM items WHERE ${sameItem})`;
}

/**
 * Reduces the table `items` to the changes that apply: the latest of each item, unless the lake has a later one. A late
 * replay of an old window therefore changes nothing. Returns how many items, rejected ones among them, the lake then
 * holds.
 */
export async function mergeChanges(session: DuckDbSession, { datasets }: PreviousLake): Promise<number> {
  await session.run('DELETE FROM items WHERE rowid NOT IN (SELECT arg_max(rowid, written_at) FROM items GROUP BY key)');
  const later = datasets.map(
    ({ view, sameItem }) =>
      `SELECT items.rowid FROM items JOIN ${view} p ON ${sameItem} WHERE p.written_at > items.written_at`
  );
  await session.run(`DELETE FROM items WHERE rowid IN (${later.join(' UNION ALL ')})`);
  const living = datasets.filter(({ name }) => name !== deletedDataset);
  const kept = living.map((dataset) => `(SELECT count(*) FROM (${untouched(dataset, ['k0'])}))`);
  const applied = `(SELECT count(*) FROM items WHERE item_type <> ${deletedItem})`;
  const [due] = await session.rows(`SELECT ${[applied, ...kept].join(' + ')} AS items`);
  return Number(due?.['items']);
}

/** SELECT of `key` and `written_at` of deleted items, without those deleted before a time. */
export function tombstones({ datasets }: PreviousLake, since: string): string {
  const earlier = datasets.filter(({ name }) => name === deletedDataset);
  const parts = [
    `SELECT key, written_at FROM items WHERE item_type = ${deletedItem}`,
    ...earlier.map((dataset) => untouched(dataset, ['key', 'written_at'])),
  ];
  return `SELECT key, written_at FROM (${parts.join(' UNION ALL ')}) WHERE written_at >= ${timestampLiteral(since)}`;
}
