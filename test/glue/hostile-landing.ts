import type { LandJobSpec, LandingColumn, LakeJobSpec } from '../../model/plan.js';
import { hostileColumns, hostileSpec } from '../local/glue/hostile-items.js';
import type { Item } from '../local/glue/local-glue.js';

const lake: LakeJobSpec = hostileSpec([
  ...hostileColumns,
  { name: 'sk', path: ['SK'], type: 'N', lakeType: 'string', required: true },
  { name: 'told', path: ['told'], type: 'S', lakeType: 'string', required: false },
]);

const column = (name: string, type: string, from = name, required = false): LandingColumn => ({
  name,
  type,
  source: { kind: 'column', column: from },
  required,
});

const common = { version: 1, itemType: 'thing', keyColumns: ['pk', 'sk'], onReject: 'reject' } as const;

/** Landing tables with columns of every kind and type, of lake columns of every kind. */
const specs: readonly LandJobSpec[] = [
  {
    ...common,
    entity: 'thing',
    target: 'landing.thing',
    columns: [
      {
        name: 'id',
        type: 'varchar(40)',
        source: { kind: 'key', column: 'pk', pattern: '([a-z]+)-.*' },
        required: true,
      },
      column('price', 'decimal(12,2)'),
      column('price_text', 'varchar(20)', 'price'),
      column('big', 'decimal(38,0)'),
      column('count', 'bigint'),
      column('count_small', 'integer', 'count'),
      column('ratio', 'double precision'),
      column('ratio_text', 'varchar(40)', 'ratio'),
      column('blob', 'varchar(100)'),
      column('flag', 'boolean'),
      column('tags', 'varchar(100)'),
      column('numbers', 'varchar(100)'),
      column('lat', 'decimal(9,6)'),
      column('city', 'varchar(10)'),
      column('extra', 'varchar(200)'),
      { name: 'written', type: 'timestamp', source: { kind: 'writtenAt' }, required: false },
    ],
  },
  {
    ...common,
    entity: 'line',
    target: 'landing.line',
    explode: [
      { kind: 'map', fields: { SKU: 'city', qty: 'count', data: 'blob' } },
      { kind: 'list', column: 'lines' },
    ],
    columns: [
      column('pk', 'varchar(100)'),
      { name: 'position', type: 'integer', source: { kind: 'position' }, required: true },
      { name: 'sku', type: 'varchar(20)', source: { kind: 'field', field: 'sku' }, required: false },
      { name: 'qty', type: 'integer', source: { kind: 'field', field: 'qty' }, required: false },
      { name: 'marks', type: 'varchar(40)', source: { kind: 'field', field: 'MARKS' }, required: false },
      { name: 'data', type: 'varchar(40)', source: { kind: 'field', field: 'data' }, required: false },
    ],
  },
  ...['timestamp', 'date', 'decimal(9,2)', 'double precision', 'varchar(8)', 'bigint', 'boolean'].map(
    (type): LandJobSpec => ({
      ...common,
      entity: `told_${type.replaceAll(/\W/g, '')}`,
      target: `landing.told_${type.replaceAll(/\W/g, '')}`,
      columns: [column('pk', 'varchar(100)'), column('told', type)],
    })
  ),
];

/** Texts at the edges of what fits a landing type; most of them fit one type and not the others. */
const told = [
  ...['2026-03-01', '2026-02-29', '2024-02-29T23:59:59.999999Z', '2026-03-01T10:00+02', '2026-03-01 10:00:00+0530'],
  ...['2026-03-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59Z', '9999-12-31T23:59:59-01:00'],
  ...['2026-03-01T24:00', '2026-03-01T10:60', '2026-3-1', '2026-03-01T10:00:00.1234560', '2026-03-01T10:00:00.1234567'],
  ...['2026-03-01t10:00z', ' 2026-03-01', '0000-01-01', '2026-03-01T10:00:60Z', '2026-03-01T10:00+19:00'],
  ...['0', '-0', '-0.00', '00012.50', '1.', '.5', '+1', '1e3', '15E-1', '1E+5', '1e400', '1E-400', 'NaN', 'Infinity'],
  ...['9999999.99', '10000000', '-9999999.99', '0.005', '9223372036854775807', '9223372036854775808', '7.0', '1_000'],
  ...['0.1', '123456789012345678', '0.30000000000000004', '1.7976931348623157E308', '5E-324', '2.5e-324', '١'],
  ...[
    '',
    'true',
    'TRUE',
    'false',
    '12345678',
    '123456789',
    '1234567é',
    '123456é',
    '👍👍',
    '👍👍x',
    'a\nb',
    '"q",',
    "it's",
  ],
  ...['\u0000', '\\N', 'NULL', '\t', '\u2028'],
];

/** What the landing parity test feeds and asks for. */
export const hostileLanding = {
  lake,
  specs,
  items: told.map((text, index): Item => ({
    PK: { S: `t-${String(index).padStart(3, '0')}` },
    SK: { N: String(index) },
    type: { S: 'thing' },
    told: { S: text },
    ...(index % 7 === 0 && { blob: { B: 'AAH/Ig==' }, place: { M: { city: { S: 'Ulaanbaatar' } } } }),
  })),
};

/** The statements that make landing tables and the control tables. */
export function landingDdl(tables: readonly LandJobSpec[]): string[] {
  return [
    'CREATE SCHEMA landing',
    'CREATE SCHEMA sluice',
    'CREATE TABLE sluice.landing_loads (entity varchar(128), run_key varchar(512), row_count bigint)',
    `CREATE TABLE sluice.watermarks (pipeline varchar(128), target varchar(256), run_key varchar(512),
      loaded_to timestamp, table_id varchar(256))`,
    ...tables.map(({ entity, columns }) => {
      const typed = columns.map(({ name, type }) => `"${name}" ${type}`);
      return `CREATE TABLE landing."${entity}" (${typed.join(', ')})`;
    }),
  ];
}
