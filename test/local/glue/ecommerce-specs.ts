import type { ItemTypePlan, LakeColumn, LakeJobSpec, LandJobSpec, LandingColumn } from '../../../model/plan.js';

function text(name: string, path: readonly string[], required = false): LakeColumn {
  return { name, path, type: 'S', lakeType: 'string', required };
}

function number(name: string, path: readonly string[], lakeType: string, required = false): LakeColumn {
  return { name, path, type: 'N', lakeType, required };
}

const keys = [text('pk', ['PK'], true), text('sk', ['SK'], true)];

function ofType(name: string, columns: readonly LakeColumn[]): ItemTypePlan {
  return { name, match: [{ attribute: 'type', equals: name }], columns: [...keys, ...columns] };
}

/** The ecommerce table's lake job, as a model compiler would write it. */
export const lakeSpec: LakeJobSpec = {
  version: 1,
  table: 'shop',
  keys: ['PK', 'SK'],
  onReject: 'reject',
  itemTypes: [
    ofType('customer', [
      text('username', ['username'], true),
      text('email', ['email']),
      text('fullname', ['fullname']),
      number('address_buildingnumber', ['address', 'buildingnumber'], 'bigint'),
      ...['streetname', 'city', 'postcode', 'country'].map((name) => text(`address_${name}`, ['address', name])),
      {
        name: 'addresses',
        path: ['addresses'],
        type: 'L',
        lakeType: 'array<struct<buildingnumber:bigint,streetname:string,city:string,postcode:string,country:string>>',
        required: false,
        fields: [
          { name: 'buildingnumber', type: 'N', lakeType: 'bigint' },
          { name: 'streetname', type: 'S', lakeType: 'string' },
          { name: 'city', type: 'S', lakeType: 'string' },
          { name: 'postcode', type: 'S', lakeType: 'string' },
          { name: 'country', type: 'S', lakeType: 'string' },
        ],
      },
    ]),
    ofType('order', [
      text('orderid', ['orderid'], true),
      number('numberofitems', ['numberofitems'], 'bigint'),
      text('orderdate', ['orderdate']),
      number('amount', ['amount'], 'string'),
    ]),
    ofType('product', [
      text('orderid', ['orderid'], true),
      text('productid', ['productid'], true),
      ...['productname', 'category', 'color'].map((name) => text(name, [name])),
      number('price', ['price'], 'decimal(12,2)'),
    ]),
  ],
};

function column(name: string, type: string, required = false): LandingColumn {
  return { name, type, source: { kind: 'column', column: name }, required };
}

const username: LandingColumn = {
  name: 'username',
  type: 'varchar(255)',
  source: { kind: 'key', column: 'pk', pattern: 'CUST#(.+)' },
  required: true,
};
const common = { version: 1, keyColumns: ['pk', 'sk'], onReject: 'reject' } as const;

/** The ecommerce table's land jobs by entity. */
export const landSpecs = {
  customer: {
    ...common,
    entity: 'customer',
    itemType: 'customer',
    target: 'landing.customer',
    columns: [username, column('email', 'varchar(255)'), column('fullname', 'varchar(255)')],
  },
  address: {
    ...common,
    entity: 'address',
    itemType: 'customer',
    target: 'landing.address',
    explode: [
      {
        kind: 'map',
        fields: Object.fromEntries(
          ['buildingnumber', 'streetname', 'city', 'postcode', 'country'].map((name) => [name, `address_${name}`])
        ),
      },
      { kind: 'list', column: 'addresses' },
    ],
    columns: [
      username,
      { name: 'position', type: 'integer', source: { kind: 'position' }, required: true },
      { name: 'buildingnumber', type: 'integer', source: { kind: 'field', field: 'buildingnumber' }, required: false },
      { name: 'city', type: 'varchar(100)', source: { kind: 'field', field: 'city' }, required: false },
      { name: 'postcode', type: 'varchar(20)', source: { kind: 'field', field: 'postcode' }, required: false },
      { name: 'country', type: 'varchar(60)', source: { kind: 'field', field: 'country' }, required: false },
    ],
  },
  order: {
    ...common,
    entity: 'order',
    itemType: 'order',
    target: 'landing.order',
    columns: [
      username,
      column('orderid', 'varchar(64)', true),
      column('numberofitems', 'integer'),
      column('orderdate', 'timestamp'),
    ],
  },
  product: {
    ...common,
    entity: 'product',
    itemType: 'product',
    target: 'landing.product',
    columns: [
      column('orderid', 'varchar(64)', true),
      column('productid', 'varchar(64)', true),
      column('productname', 'varchar(200)'),
      column('category', 'varchar(100)'),
      column('color', 'varchar(50)'),
      column('price', 'decimal(12,2)'),
    ],
  },
} satisfies Record<string, LandJobSpec>;

/** Landing tables and the control table, as the plan's set-up statements make them. */
export const landingTables = `
  CREATE SCHEMA landing; CREATE SCHEMA sluice;
  CREATE TABLE sluice.landing_loads (entity varchar(128), run_key varchar(512), row_count bigint);
  CREATE TABLE landing.customer (username varchar(255), email varchar(255), fullname varchar(255));
  CREATE TABLE landing.address (username varchar(255), position integer, buildingnumber integer, city varchar(100),
    postcode varchar(20), country varchar(60));
  CREATE TABLE landing."order" (username varchar(255), orderid varchar(64), numberofitems integer, orderdate timestamp);
  CREATE TABLE landing.product (orderid varchar(64), productid varchar(64), productname varchar(200),
    category varchar(100), color varchar(50), price decimal(12,2));`;
