import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../../model/plan.js';

/** An item in DynamoDB JSON: attribute name → one type descriptor with its value; binary values in base64. */
export type DynamoDbJsonItem = Readonly<Record<string, object>>;

/**
 * An attribute value as the AWS SDK takes it, which differs from DynamoDB JSON in binary values: bytes, not base64.
 * Numbers stay text, so that all digits survive.
 */
function fromJson(value: object): AttributeValue {
  const [[type, content] = []] = Object.entries(value) as [string, unknown][];
  switch (type) {
    case 'B':
      return { B: bytes(content) };
    case 'BS':
      return { BS: (content as unknown[]).map(bytes) };
    case 'L':
      return { L: (content as object[]).map(fromJson) };
    case 'M':
      return { M: fromDynamoDbJson(content as DynamoDbJsonItem) };
    default:
      return value as AttributeValue;
  }
}

const bytes = (content: unknown): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content, 'base64') : (content as Uint8Array);

/** An item as the AWS SDK takes it. The item must be well-formed DynamoDB JSON; bytes may stand as they are. */
export function fromDynamoDbJson(item: DynamoDbJsonItem): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromJson(value)]));
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
export function primaryKeyOf(item: Record<string, AttributeValue>, keys: WarehousePlan['source']['keys']): string {
  return JSON.stringify(
    keys.map(({ name, type }) => {
      const value = item[name];
      if (type === 'N') return canonicalNumber(value?.N ?? '');
      return type === 'B' ? Buffer.from(value?.B ?? []).toString('base64') : value?.S;
    })
  );
}
