import type { WarehousePlan } from '../../model/plan.js';

/** An item in DynamoDB JSON: attribute name → one type descriptor with its value; binary values in base64. */
export type DynamoDbJsonItem = Readonly<Record<string, object>>;

const isBytes = (content: unknown): content is Uint8Array => content instanceof Uint8Array;
const base64 = (content: Uint8Array): string => Buffer.from(content).toString('base64');

/** The value, or where it holds bytes a copy with their base64. */
function withoutBytes(value: object): object {
  for (const [type, content] of Object.entries(value) as [string, unknown][]) {
    if (type === 'B' && isBytes(content)) return { B: base64(content) };
    if (type === 'BS') return { BS: (content as unknown[]).map((one) => (isBytes(one) ? base64(one) : one)) };
    if (type === 'L') return { L: (content as object[]).map(withoutBytes) };
    if (type === 'M') return { M: Object.fromEntries(membersWithoutBytes(content as DynamoDbJsonItem)) };
  }
  return value;
}

function membersWithoutBytes(members: DynamoDbJsonItem): [string, object][] {
  return Object.entries(members).map(([name, value]) => [name, withoutBytes(value)]);
}

const scalars = new Set(['S', 'N', 'BOOL', 'NULL', 'SS', 'NS']);

/** An item as it goes over the wire: JSON text. The item must be well-formed; bytes may stand as they are. */
export function wireText(item: DynamoDbJsonItem): string {
  for (const name in item) {
    for (const type in item[name]) {
      if (!scalars.has(type)) return JSON.stringify(Object.fromEntries(membersWithoutBytes(item)));
    }
  }
  return JSON.stringify(item);
}

/** One spelling of equal numbers (`1`, `1.0`, `10e-1`): DynamoDB tells keys by value. */
export function canonicalNumber(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const scale = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${scale}`;
}

/** An item's primary key as text: equal for two items exactly when the table takes the second in place of the first. */
export function primaryKeyOf(item: DynamoDbJsonItem, keys: WarehousePlan['source']['keys']): string {
  let key = '';
  for (const { name, type } of keys) {
    const content = (item[name] as Readonly<Record<string, unknown>> | undefined)?.[type];
    let part = typeof content === 'string' ? content : isBytes(content) ? base64(content) : '';
    if (type === 'N') part = canonicalNumber(part);
    if (type === 'B') part = Buffer.from(part, 'base64').toString('base64');
    key += `${part.length}:${part}`;
  }
  return key;
}
