import { hash } from 'node:crypto';
import { keys } from './dynalite.js';
import type { IndexDescription, Item, KeySchemaElement, TableDescription } from './table-description.js';

/**
 * The key under which an item is kept: six hex digits of a hash of its partition key, then each key in hex. As dynalite's
 * `createKey`, at a quarter of its cost where the keys are strings.
 */
export function itemKey(
  item: Item,
  table: TableDescription,
  keySchema: readonly KeySchemaElement[] = table.KeySchema
): string {
  let key = '';
  for (const { AttributeName: name } of keySchema) {
    const text = item[name]?.S;
    const type = table.AttributeDefinitions.find((definition) => definition.AttributeName === name)?.AttributeType;
    if (typeof text !== 'string' || type !== 'S') return keys.createKey(item, table, keySchema);
    if (key === '') key = `${hash('md5', `Outliers${text}`, 'hex').slice(0, 6)}/`;
    key += `${Buffer.from(text).toString('hex')}/`;
  }
  return key;
}

/**
 * The key of an item in an index: sorted by the index's keys, unique by the table's key. (dynalite's own ends in six hex
 * digits of a hash of the table key, so that items with equal index keys may overwrite each other.)
 */
export function indexKey(item: Item, table: TableDescription, index: IndexDescription, ofItem: string): string {
  return `${itemKey(item, table, index.KeySchema)}/${ofItem}`;
}

/** The item's key in the key that {@link indexKey} made; each of the two ends in one slash. */
export function itemKeyIn(ofIndex: string): string {
  return ofIndex.slice(ofIndex.lastIndexOf('//') + 2);
}
