/** An item in DynamoDB JSON: attribute name → one type descriptor with its value. */
export type DynamoItem = Record<string, Record<string, unknown>>;

/** A key attribute of a table, as the plan gives it. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

/** The keys of a table and of its indexes, as the plan's `source` gives them. */
export interface TableKeys {
  readonly keys: readonly (KeyAttribute & { readonly role: 'HASH' | 'RANGE' })[];
  readonly indexes: readonly { readonly name: string; readonly keys: TableKeys['keys'] }[];
}

/** Bytes that a key value may have (Developer Guide, "Service, account, and table quotas"). */
const maxKeyBytes = { HASH: 2048, RANGE: 1024 } as const;

/** Bytes that one item may have, names included (Developer Guide, "Service, account, and table quotas"). */
export const maxItemBytes = 400 * 1024;

const maxDepth = 32;
const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * What is wrong with a value of a line's `Item` member as an item of a table with these keys, or undefined.
 * The answer names attributes and descriptors, never a value.
 */
export function itemFault(item: unknown, { keys, indexes }: TableKeys): string | undefined {
  if (!isRecord(item)) return 'Item is not an object';
  const fault =
    firstFault(keys, (key) => (key.name in item ? undefined : `key attribute ${key.name} is missing`)) ??
    firstFault(keys, (key) => keyFault(item[key.name], key, `key attribute ${key.name}`)) ??
    // An item without an index's keys is only left out of the index; one with wrong keys is refused.
    firstFault(indexes, ({ name, keys: own }) =>
      firstFault(own, (key) =>
        key.name in item ? keyFault(item[key.name], key, `key attribute ${key.name} of index ${name}`) : undefined
      )
    );
  if (fault !== undefined) return fault;
  for (const [name, value] of Object.entries(item)) {
    const fault = valueFault(value, 0);
    if (fault !== undefined) return `attribute ${JSON.stringify(name)}: ${fault}`;
  }
  const bytes = itemBytes(item as DynamoItem);
  return bytes > maxItemBytes ? `item has ${bytes} bytes, more than DynamoDB's ${maxItemBytes}` : undefined;
}

/**
 * Size of an item as DynamoDB counts it, in bytes, to within the rounding of numbers
 * (Developer Guide, "DynamoDB item sizes and formats").
 */
export function itemBytes(item: DynamoItem): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueFault(value: unknown, depth: number): string | undefined {
  if (depth > maxDepth) return `nested deeper than ${maxDepth} levels`;
  const entries = isRecord(value) ? Object.entries(value) : [];
  const [type, content] = entries[0] ?? [];
  if (type === undefined || entries.length !== 1) return 'is not an object with one type descriptor';
  switch (type) {
    case 'S':
      return typeof content === 'string' ? undefined : 'S is not text';
    case 'N':
      return numberFault(content);
    case 'B':
      return typeof content === 'string' && base64Pattern.test(content) ? undefined : 'B is not base64';
    case 'BOOL':
      return typeof content === 'boolean' ? undefined : 'BOOL is not true or false';
    case 'NULL':
      return content === true ? undefined : 'NULL is not true';
    case 'M':
      if (!isRecord(content)) return 'M is not an object';
      return firstFault(Object.values(content), (member) => valueFault(member, depth + 1));
    case 'L':
      if (!Array.isArray(content)) return 'L is not a list';
      return firstFault(content, (element) => valueFault(element, depth + 1));
    case 'SS':
    case 'NS':
    case 'BS':
      return setFault(type, content, depth);
    default:
      return `unknown type descriptor ${JSON.stringify(type.slice(0, 20))}`;
  }
}

function keyFault(value: unknown, key: TableKeys['keys'][number], what: string): string | undefined {
  if (!isRecord(value) || !(key.type in value)) return `${what} is not of type ${key.type}`;
  if (value[key.type] === '') return `${what} is empty`;
  if (valueFault(value, 0) !== undefined) return `${what}: ${valueFault(value, 0)}`;
  return valueBytes(value) > maxKeyBytes[key.role] ? `${what} has more than ${maxKeyBytes[key.role]} bytes` : undefined;
}

function setFault(type: string, content: unknown, depth: number): string | undefined {
  if (!Array.isArray(content) || content.length === 0) return `${type} is not a list with at least one element`;
  if (new Set(content).size !== content.length) return `${type} has an element twice`;
  return firstFault(content, (element) => valueFault({ [type.charAt(0)]: element }, depth));
}

function numberFault(content: unknown): string | undefined {
  if (typeof content !== 'string' || !numberPattern.test(content)) return 'N is not a number written as text';
  const digits = content
    .replace(/[eE].*$/, '')
    .replace(/[^\d]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return digits.length > 38 ? 'N has more than 38 significant digits' : undefined;
}

function valueBytes(value: unknown): number {
  const [type, content] = Object.entries(value as Record<string, unknown>)[0] ?? [];
  switch (type) {
    case 'S':
      return Buffer.byteLength(content as string);
    case 'N':
      return Math.ceil((content as string).length / 2) + 1;
    case 'B':
      return Buffer.byteLength(content as string, 'base64');
    case 'M':
      return 3 + Object.keys(content as object).length + itemBytes(content as DynamoItem);
    case 'L':
      return (content as unknown[]).reduce<number>((sum, element) => sum + 1 + valueBytes(element), 3);
    case 'SS':
    case 'NS':
    case 'BS':
      return (content as string[]).reduce((sum, element) => sum + valueBytes({ [type.charAt(0)]: element }), 0);
    default:
      return 1;
  }
}

function firstFault<T>(values: readonly T[], faultOf: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const fault = faultOf(value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
