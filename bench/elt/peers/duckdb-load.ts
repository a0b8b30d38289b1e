/**
 * The least that the work can cost: DuckDB makes Parquet of the export, CSV of that, and PostgreSQL copies it in. Nothing
 * is verified, rejected or recorded. Arguments: the work folder, the database's URL, the data files.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { literal } from '../../dq/sql-text.js';

const [folder = '', url = '', ...files] = process.argv.slice(2);
const text = (...names: string[]): string => names.map((name) => `"${name}" STRUCT(S VARCHAR)`).join(', ');
const number = (...names: string[]): string => names.map((name) => `"${name}" STRUCT(N VARCHAR)`).join(', ');
const address = `address STRUCT(M STRUCT(${number('buildingnumber')}, ${text('streetname', 'city', 'postcode', 'country')}))`;
const item = `STRUCT(${text('PK', 'type', 'username', 'email', 'fullname', 'orderid', 'orderdate', 'productid')},
  ${text('productname', 'category', 'color')}, ${number('numberofitems', 'price')}, ${address})`;

const lake: Record<string, string> = {
  customer: `Item.username.S AS username, Item.email.S AS email, Item.fullname.S AS fullname, Item.address.M AS address`,
  order: `Item.orderid.S AS orderid, Item.PK.S AS pk, Item.numberofitems.N::INTEGER AS numberofitems, Item.orderdate.S AS orderdate`,
  product: `Item.orderid.S AS orderid, Item.productid.S AS productid, Item.productname.S AS productname,
    Item.category.S AS category, Item.color.S AS color, Item.price.N::DECIMAL(12,2) AS price`,
};
const landing: readonly { table: string; type: string; select: string; columns: string }[] = [
  {
    table: 'customer',
    type: 'customer',
    select: 'username, email, fullname',
    columns: 'username varchar(100), email varchar(320), fullname varchar(200)',
  },
  {
    table: 'order',
    type: 'order',
    select: 'orderid, substr(pk, 6), numberofitems, orderdate::TIMESTAMP',
    columns: 'orderid varchar(64), username varchar(100), numberofitems integer, orderdate timestamp',
  },
  {
    table: 'product',
    type: 'product',
    select: 'orderid, productid, productname, category, color, price',
    columns:
      'orderid varchar(64), productid varchar(64), productname varchar(200), category varchar(100), color varchar(50), price decimal(12,2)',
  },
  {
    table: 'address',
    type: 'customer',
    select:
      'username, 0, address.buildingnumber.N::BIGINT, address.streetname.S, address.city.S, address.postcode.S, address.country.S',
    columns:
      'username varchar(100), position integer, buildingnumber bigint, streetname varchar(200), city varchar(100), postcode varchar(32), country varchar(100)',
  },
];

const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const duckdb = await instance.connect();
await duckdb.run(`SET TimeZone = 'UTC'`);
const read = `read_json([${files.map(literal).join(', ')}], format = 'newline_delimited', compression = 'gzip', columns = {Item: ${literal(item)}})`;
await duckdb.run(`CREATE TABLE items AS SELECT Item FROM ${read}`);
for (const [type, columns] of Object.entries(lake)) {
  const query = `SELECT ${columns} FROM items WHERE Item.type.S = ${literal(type)}`;
  await duckdb.run(
    `COPY (${query}) TO ${literal(join(folder, `${type}.parquet`))} (FORMAT parquet, COMPRESSION snappy)`
  );
}
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query('CREATE SCHEMA landing');
for (const { table, type, select, columns } of landing) {
  const [parquet, csv] = [join(folder, `${type}.parquet`), join(folder, `${table}.csv`)];
  await duckdb.run(`COPY (SELECT ${select} FROM ${literal(parquet)}) TO ${literal(csv)} (FORMAT csv, HEADER false)`);
  await client.query(`CREATE TABLE landing."${table}" (${columns})`);
  await pipeline(createReadStream(csv), client.query(copyFrom(`COPY landing."${table}" FROM STDIN (FORMAT csv)`)));
}
await client.end();
duckdb.closeSync();
instance.closeSync();
