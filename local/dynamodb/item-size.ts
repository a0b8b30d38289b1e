import type { AttributeValue, Item } from './table-description.js';

/** Bytes of a number without an exponent: two digits each, without zeros at its ends, a length, and a sign. */
export function numberSize(text: string): number {
  let digits = 0;
  let significant = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57 || (code === 48 && digits === 0)) continue;
    digits += 1;
    if (code !== 48) significant = digits;
  }
  return Math.ceil(significant / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function valueSize(value: AttributeValue): number {
  for (const type in value) {
    const content = value[type];
    switch (type) {
      case 'S':
        return Buffer.byteLength(content as string);
      case 'N':
        return numberSize(content as string);
      case 'B':
        return Buffer.byteLength(content as string, 'base64');
      case 'SS':
        return (content as string[]).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      case 'NS':
        return (content as string[]).reduce((sum, text) => sum + numberSize(text), 0);
      case 'BS':
        return (content as string[]).reduce((sum, text) => sum + Buffer.byteLength(text, 'base64'), 0);
      case 'L':
        return (content as AttributeValue[]).reduce((sum, element) => sum + 1 + valueSize(element), 3);
      case 'M':
        return 3 + Object.keys(content as Item).length + itemSize(content as Item);
      default:
        return 1; // BOOL and NULL
    }
  }
  return 0;
}

/**
 * Bytes that an item counts for against the limit of 400 KB and for billing: its names and values.
 * Source: "DynamoDB item sizes and formats" in the DynamoDB Developer Guide.
 */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name in item) {
    const value = item[name];
    if (value !== undefined) size += Buffer.byteLength(name) + valueSize(value);
  }
  return size;
}
