import type { AttributeValue } from './table-description.js';

const maxDepth = 31;

// A number in the form DynamoDB gives back: no exponent, no superfluous zero, at most 38 digits.
const plainNumber = /^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/;

function isPlainValue(value: AttributeValue | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  let types = 0;
  for (const type in value) {
    types += 1;
    const content = value[type];
    switch (type) {
      case 'S':
        if (typeof content !== 'string') return false;
        break;
      case 'N':
        if (typeof content !== 'string' || content.length > 38 || !plainNumber.test(content)) return false;
        break;
      case 'BOOL':
        if (typeof content !== 'boolean') return false;
        break;
      case 'NULL':
        if (content !== true) return false;
        break;
      case 'M':
        if (depth >= maxDepth || !isPlainItem(content, depth + 1)) return false;
        break;
      case 'L':
        if (depth >= maxDepth || !Array.isArray(content)) return false;
        if (!content.every((element: AttributeValue) => isPlainValue(element, depth + 1))) return false;
        break;
      default:
        return false;
    }
  }
  return types === 1;
}

/**
 * True for an item that surely is well-formed and already in DynamoDB's form, so that it need not go through dynalite's
 * checks, which take ten times as long. False means only that those checks have to decide.
 */
export function isPlainItem(item: unknown, depth = 0): boolean {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return false;
  const attributes = item as Record<string, AttributeValue>;
  for (const name in attributes) if (!isPlainValue(attributes[name], depth)) return false;
  return true;
}
