import type { AttributeValue, Item } from './table-description.js';

function numberSize(text: string): number {
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '').length;
  return Math.ceil(digits / 2) + 1 + (text.startsWith('-') ? 1 : 0);
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
