import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keys, validated } from '../../../local/dynamodb/dynalite.js';
import type { DynaliteStore } from '../../../local/dynamodb/dynalite.js';
import { itemKey } from '../../../local/dynamodb/item-key.js';
import { itemSize } from '../../../local/dynamodb/item-size.js';
import { plainItemSize } from '../../../local/dynamodb/plain-item.js';
import type { AttributeValue, Item, TableDescription } from '../../../local/dynamodb/table-description.js';

/** The item as dynalite's checks leave it; undefined where they refuse it. */
function checked(item: Item): Item | undefined {
  const input = { RequestItems: { table: [{ PutRequest: { Item: structuredClone(item) } }] } };
  const store = { options: { maxItemSize: 409_600 } } as DynaliteStore;
  try {
    const { RequestItems } = validated('BatchWriteItem', input, store);
    return (RequestItems as { table: { PutRequest: { Item: Item } }[] }).table[0]?.PutRequest.Item;
  } catch {
    return undefined;
  }
}

const digits = fc.stringMatching(/^[0-9]{0,24}$/);
const number = fc.oneof(
  fc.tuple(fc.constantFrom('', '-', '+'), digits, fc.constantFrom('', '.', '.0', '.50'), digits).map((p) => p.join('')),
  fc.double().map(String),
  fc.constantFrom('0', '-0', '0.0', '-0.00', '', '1e3', 'x', '99999999999999999999999999999999999999')
);
const text = fc.string({ unit: 'binary', maxLength: 12 });
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ N: number }),
    fc.record({ S: text }),
    fc.record({ BOOL: fc.boolean() }),
    fc.record({ NULL: fc.boolean() }),
    fc.record({ SS: fc.array(text, { maxLength: 3 }) }),
    fc.record({ S: text, N: number }, { requiredKeys: [] }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ M: fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: true }) })
  ),
}));
const anyItem: fc.Arbitrary<Item> = fc.dictionary(
  text.filter((name) => name !== '__proto__'),
  value,
  { maxKeys: 5, noNullPrototype: true }
);

describe('plainItemSize', () => {
  it('takes only what dynalite takes, and leaves it in the same form with the size of that form', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const theirs = checked(item);
        const ours = structuredClone(item);
        const size = plainItemSize(ours);
        if (size === undefined) return;
        expect(ours).toEqual(theirs);
        expect(size).toBe(itemSize(ours));
      }),
      { numRuns: 2_000 }
    );
  });

  it('decides on items as programs write them', () => {
    const price = {
      PK: { S: 'é' },
      price: { N: '123.40' },
      one: { N: '1.00' },
      zero: { N: '0.0' },
      less: { N: '-0.50' },
    };
    expect(plainItemSize(price)).toBe(2 + 2 + (5 + 3) + (3 + 2) + (4 + 1) + (4 + 3));
    expect(price).toMatchObject({ price: { N: '123.4' }, one: { N: '1' }, zero: { N: '0' }, less: { N: '-0.5' } });
    for (const left of [{ N: '-0.0' }, { N: '1e3' }, { N: '007' }, { SS: ['a'] }, { NULL: false }, { S: 1 }]) {
      expect(plainItemSize({ left })).toBeUndefined();
    }
  });
});

describe('itemKey', () => {
  const tables = (['S', 'N', 'B'] as const).map(
    (type) =>
      ({
        KeySchema: [
          { AttributeName: 'hash', KeyType: 'HASH' },
          { AttributeName: 'range', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'range', AttributeType: type },
          { AttributeName: 'hash', AttributeType: 'S' },
        ],
      }) as unknown as TableDescription
  );
  const range = fc.record({ S: text, N: fc.integer().map(String), B: fc.base64String() });

  it("is dynalite's, so that tables on disk are found again", () => {
    fc.assert(
      fc.property(text, range, fc.constantFrom(...tables), (hash, all, table) => {
        const item = { hash: { S: hash }, range: all };
        expect(itemKey(item, table)).toBe(keys.createKey(item, table));
      })
    );
  });
});
