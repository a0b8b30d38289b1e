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
  for (const { view, sameItem } of datasets) {
    await session.run(`DELETE FROM items USING ${view} p WHERE ${sameItem} AND p.written_at > items.written_at`);
  }
  let kept = 0;
  for (const dataset of datasets) {
    if (dataset.name === deletedDataset) continue;
    const [replaced] = await session.rows(
      `SELECT count(*) AS rows FROM ${dataset.view} p WHERE EXISTS (SELECT 1 FROM items WHERE ${dataset.sameItem})`
    );
    kept += dataset.rows - Number(replaced?.['rows']);
  }
  const [applied] = await session.rows(`SELECT count(*) FILTER (item_type <> ${deletedItem}) AS items FROM items`);
  return kept + Number(applied?.['items']);
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
