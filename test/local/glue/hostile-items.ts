import type { LakeColumn, LakeJobSpec } from '../../../model/plan.js';
import type { Item } from './local-glue.js';

export const weirdName = `we"i'rd.x/~$ 😀`;

const s = (name: string, path: readonly string[], required = false): LakeColumn => ({
  name,
  path,
  type: 'S',
  lakeType: 'string',
  required,
});

/** Columns of every kind that a model can ask for. */
export const hostileColumns: readonly LakeColumn[] = [
  s('pk', ['PK'], true),
  { name: 'price', path: ['price'], type: 'N', lakeType: 'decimal(12,2)', required: false },
  { name: 'big', path: ['big'], type: 'N', lakeType: 'string', required: false },
  { name: 'count', path: ['count'], type: 'N', lakeType: 'bigint', required: false },
  { name: 'ratio', path: ['ratio'], type: 'N', lakeType: 'double', required: false },
  { name: 'blob', path: ['blob'], type: 'B', lakeType: 'binary', required: false },
  { name: 'flag', path: ['flag'], type: 'BOOL', lakeType: 'boolean', required: false },
  { name: 'tags', path: ['tags'], type: 'SS', lakeType: 'array<string>', required: false },
  { name: 'numbers', path: ['numbers'], type: 'NS', lakeType: 'array<bigint>', required: false },
  { name: 'lat', path: ['place', 'geo', 'lat'], type: 'N', lakeType: 'decimal(9,6)', required: false },
  s('city', ['place', 'city']),
  { name: 'extra', path: ['extra'], type: 'M', lakeType: 'string', required: false },
  {
    name: 'lines',
    path: ['lines'],
    type: 'L',
    lakeType: 'array<struct<sku:string,qty:bigint,marks:array<string>>>',
    required: false,
    fields: [
      { name: 'SKU', type: 'S', lakeType: 'string' },
      { name: 'qty', type: 'N', lakeType: 'bigint' },
      { name: 'marks', type: 'SS', lakeType: 'array<string>' },
    ],
  },
  s('weird', [weirdName]),
];

/** Asks for two attributes that differ only by case, which DuckDB cannot read as one struct. */
export const clashingColumn = s('upper_price', ['PRICE']);

export function hostileSpec(columns: readonly LakeColumn[], onReject: 'reject' | 'fail' = 'reject'): LakeJobSpec {
  const match = [{ attribute: 'type', equals: 'thing' }];
  return { version: 1, table: 'shop', keys: ['PK', 'SK'], onReject, itemTypes: [{ name: 'thing', match, columns }] };
}

function thing(id: string, attributes: Item): Item {
  return { PK: { S: id }, SK: { N: '1' }, type: { S: 'thing' }, ...attributes };
}

/** Items that fit, and what the lake holds of them besides `pk` (columns left out are null). */
export const fitting: readonly { readonly item: Item; readonly row: Readonly<Record<string, unknown>> }[] = [
  { item: thing('a-empty', {}), row: {} },
  {
    item: thing('b-numbers', {
      price: { N: '12.5' },
      big: { N: '12345678901234567890123456789012345678' },
      count: { N: '1E3' },
    }),
    row: { price: '12.50', big: '12345678901234567890123456789012345678', count: '1000' },
  },
  {
    item: thing('c-edges', { price: { N: '-9999999999.99' }, ratio: { N: '1E-130' } }),
    row: { price: '-9999999999.99', ratio: 1e-130 },
  },
  {
    item: thing('d-binary', { blob: { B: 'AAH/' }, flag: { BOOL: false } }),
    row: { blob: '\\x00\\x01\\xFF', flag: false },
  },
  {
    item: thing('e-sets', { tags: { SS: ['b', 'a', ''] }, numbers: { NS: ['1', '2E1'] } }),
    row: { tags: ['b', 'a', ''], numbers: ['1', '20'] },
  },
  {
    item: thing('f-nested', { place: { M: { geo: { M: { lat: { N: '52.5' } } }, city: { S: 'Köln 😀' } } } }),
    row: { lat: '52.500000', city: 'Köln 😀' },
  },
  {
    item: thing('g-null', {
      price: { NULL: true },
      place: { NULL: true },
      lines: { NULL: true },
      tags: { NULL: true },
    }),
    row: {},
  },
  { item: thing('h-map', { extra: { M: { n: { N: '1' } } } }), row: { extra: '{"n":{"N":"1"}}' } },
  {
    item: thing('i-list', {
      lines: {
        L: [
          { M: { SKU: { S: 'x' }, qty: { N: '2' }, marks: { SS: ['m'] } } },
          { NULL: true },
          { M: { qty: { NULL: true }, sku: { S: 'not it' } } },
        ],
      },
    }),
    row: {
      lines: [{ sku: 'x', qty: '2', marks: ['m'] }, null, { sku: null, qty: null, marks: null }],
    },
  },
  { item: thing('j-emptylist', { lines: { L: [] } }), row: { lines: [] } },
  {
    item: thing('k-weird', { [weirdName]: { S: 'line\nbreak, "quote"\t\u0000end' } }),
    row: { weird: 'line\nbreak, "quote"\t\u0000end' },
  },
  {
    item: thing('l-case', { Price: { S: 'not the price' }, PLACE: { S: 'x' }, price: { N: '1' } }),
    row: { price: '1.00' },
  },
  { item: thing('m-unknown', { whatever: { M: { deep: { L: [{ BS: ['AA=='] }] } } }, '': { S: 'no name' } }), row: {} },
  { item: thing("n'quote\\", {}), row: {} },
];

/** Items that do not fit, with the reason the report gives: attribute, expected, found. */
export const unfit: readonly { readonly item: Item; readonly reason: readonly [string, string, string] }[] = [
  { item: thing('r01', { price: { S: '12.50' } }), reason: ['price', 'N', 'S'] },
  { item: thing('r02', { price: { N: '12.505' } }), reason: ['price', 'decimal(12,2)', 'N that does not fit'] },
  { item: thing('r03', { price: { N: '10000000000' } }), reason: ['price', 'decimal(12,2)', 'N that does not fit'] },
  { item: thing('r04', { count: { N: '1.5' } }), reason: ['count', 'bigint', 'N that does not fit'] },
  { item: thing('r05', { count: { N: '9223372036854775808' } }), reason: ['count', 'bigint', 'N that does not fit'] },
  {
    item: thing('r06', { ratio: { N: '0.12345678901234567890' } }),
    reason: ['ratio', 'double', 'N that does not fit'],
  },
  { item: thing('r07', { blob: { S: 'AAEC' } }), reason: ['blob', 'B', 'S'] },
  { item: thing('r08', { tags: { L: [{ S: 'a' }] } }), reason: ['tags', 'SS', 'L'] },
  {
    item: thing('r09', { numbers: { NS: ['1', '1.5'] } }),
    reason: ['numbers', 'array<bigint>', 'NS that does not fit'],
  },
  { item: thing('r10', { place: { S: 'Berlin' } }), reason: ['place', 'M', 'S'] },
  { item: thing('r11', { place: { M: { geo: { L: [] } } } }), reason: ['place.geo', 'M', 'L'] },
  { item: thing('r12', { lines: { L: [{ S: 'x' }] } }), reason: ['lines', 'L of M', 'L of something else'] },
  {
    item: thing('r13', { lines: { L: [{ M: { qty: { N: '1.5' } } }] } }),
    reason: ['lines.qty', 'bigint', 'not N that fits'],
  },
  { item: thing('r14', { lines: { L: [{ M: { SKU: { N: '1' } } }] } }), reason: ['lines.SKU', 'S', 'not S that fits'] },
  { item: thing('r15', { flag: { S: 'true' } }), reason: ['flag', 'BOOL', 'S'] },
  { item: { ...thing('r16', {}), type: { S: 'Thing' } }, reason: ['', 'an item type of the model', 'no item type'] },
  { item: { ...thing('r17', {}), type: { N: '1' } }, reason: ['', 'an item type of the model', 'no item type'] },
  { item: { PK: { S: 'r18' }, type: { S: 'thing' } }, reason: ['SK', 'a table key', 'missing'] },
];
