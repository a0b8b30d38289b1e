import { numberSize } from './item-size.js';
import type { AttributeValue } from './table-description.js';

const maxDepth = 31;

/** Bytes of attribute names seen before: tables have few of them, in every item again. */
const nameSizes = new Map<string, number>();
const maxNames = 10_000;

function nameSize(name: string): number {
  let size = nameSizes.get(name);
  if (size === undefined) {
    size = Buffer.byteLength(name);
    if (nameSizes.size < maxNames) nameSizes.set(name, size);
  }
  return size;
}

// Without an exponent and superfluous zeros in front, at most 38 digits: DynamoDB's form, but for zeros at the end.
const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** A number as DynamoDB gives it back; undefined where that is not for this module to say. */
function plainNumber(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 38 || !decimal.test(text)) return undefined;
  let end = text.length;
  if (text.includes('.')) {
    while (text.charCodeAt(end - 1) === 48) end -= 1;
    if (text.charCodeAt(end - 1) === 46) end -= 1;
  }
  const plain = end === text.length ? text : text.slice(0, end);
  return plain === '-0' ? undefined : plain;
}

/** Bytes of the value, NaN for one that is not plain. */
function valueSize(value: AttributeValue | undefined, depth: number): number {
  if (typeof value !== 'object' || value === null) return NaN;
  let size = NaN;
  let types = 0;
  for (const type in value) {
    types += 1;
    const content = value[type];
    switch (type) {
      case 'S':
        size = typeof content === 'string' ? Buffer.byteLength(content) : NaN;
        break;
      case 'N': {
        const plain = plainNumber(content);
        if (plain === undefined) return NaN;
        if (plain !== content) (value as Record<string, unknown>)[type] = plain;
        size = numberSize(plain);
        break;
      }
      case 'BOOL':
        size = typeof content === 'boolean' ? 1 : NaN;
        break;
      case 'NULL':
        size = content === true ? 1 : NaN;
        break;
      case 'M':
        size = depth < maxDepth ? 3 + mapSize(content, depth + 1, 1) : NaN;
        break;
      case 'L':
        if (depth >= maxDepth || !Array.isArray(content)) return NaN;
        size = 3;
        for (const element of content as AttributeValue[]) size += 1 + valueSize(element, depth + 1);
        break;
      default:
        return NaN;
    }
  }
  return types === 1 ? size : NaN;
}

function mapSize(content: unknown, depth: number, perMember: number): number {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return NaN;
  const attributes = content as Record<string, AttributeValue>;
  let size = 0;
  for (const name in attributes) size += perMember + nameSize(name) + valueSize(attributes[name], depth);
  return size;
}

/**
 * Bytes of an item (see `itemSize`) that surely is well-formed, so that it need not go through dynalite's checks, which
 * take ten times as long. Undefined means only that those checks have to decide. Numbers are brought into DynamoDB's
 * form in place (`1.50` to `1.5`), as those checks do.
 */
export function plainItemSize(item: unknown): number | undefined {
  const size = mapSize(item, 0, 0);
  return Number.isNaN(size) ? undefined : size;
}
