import type { Cursor } from './object-index.js';
import type { StoredObject } from './records.js';

/** What a listing asks for. */
export interface ListingQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** At most so many objects and common prefixes together. */
  readonly limit: number;
  /** Only keys after this one, in byte order. */
  readonly after?: string;
  /** Only keys from this one on; set when a listing goes on. */
  readonly from?: string;
  /** Leaves out the common prefix that `after` itself lies in, as version 1 of the API does. */
  readonly skipPrefixOfAfter?: boolean;
}

export type ListingEntry =
  | { readonly kind: 'object'; readonly object: StoredObject }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface ListingPage {
  readonly entries: readonly ListingEntry[];
  /** Key at which the next page starts; undefined on the last page. */
  readonly next?: string;
}

/**
 * One page of a listing. Keys that share the part up to the first delimiter after the prefix are rolled up into one
 * common prefix, which is skipped over without reading the keys in it.
 * @param open gives the objects that have the prefix, in byte order from a key on.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 */
export async function listPage(
  open: (prefix: string, from: string) => Cursor<StoredObject>,
  query: ListingQuery
): Promise<ListingPage> {
  const { prefix, delimiter, limit, after, from, skipPrefixOfAfter } = query;
  const entries: ListingEntry[] = [];
  if (limit === 0) return { entries };
  const cursor = open(prefix, from ?? after ?? '');
  try {
    for (let object = await cursor.next(); object; object = await cursor.next()) {
      const { key } = object;
      if (from === undefined && key === after) continue;
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
      if (common !== undefined && skipPrefixOfAfter && after?.startsWith(common)) {
        cursor.skip(common);
        continue;
      }
      if (entries.length === limit) return { entries, next: key };
      if (common === undefined) {
        entries.push({ kind: 'object', object });
      } else {
        entries.push({ kind: 'prefix', prefix: common });
        cursor.skip(common);
      }
    }
    return { entries };
  } finally {
    await cursor.close();
  }
}
