import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exactCast, keyPart } from '../../../local/glue/duckdb/exact-cast.js';
import { openDuckDb } from '../../../local/glue/duckdb/session.js';
import type { DuckDbSession } from '../../../local/glue/duckdb/session.js';
import { anchored, escapeGlob, quoteIdentifier, quoteLiteral } from '../../../local/glue/duckdb/sql-text.js';
import { temporaryFolder } from './local-glue.js';

/** Per type: texts and what they become, null for those that do not fit. */
const cases: Record<string, Record<string, string | null>> = {
  bigint: {
    '1': '1',
    '-1': '-1',
    '1.0': '1',
    '1e3': '1000',
    '1.5E+3': '1500',
    '100E-2': '1',
    '-0': '0',
    '9223372036854775807': '9223372036854775807',
    '-9223372036854775808': '-9223372036854775808',
    '9223372036854775808': null,
    '1E+19': null,
    '1.5': null,
    '1E-2': null,
    '15e-1': null,
    '1e999': null,
    ' 5': null,
    '5 ': null,
    '+5': null,
    '1_0': null,
    '0x1': null,
    '': null,
    abc: null,
    NaN: null,
  },
  integer: { '2147483647': '2147483647', '2147483648': null, '1E9': '1000000000', '1E10': null },
  'decimal(10,2)': {
    '12.5': '12.50',
    '12.500': '12.50',
    '12.505': null,
    '99999999.99': '99999999.99',
    '100000000': null,
    '1E-2': '0.01',
    '1E-3': null,
    '1.2E1': '12.00',
    '123456789E-2': '1234567.89',
    '.5': null,
    Infinity: null,
  },
  'decimal(38,10)': {
    '1234567890123456789012345678.0123456789': '1234567890123456789012345678.0123456789',
    '1E-10': '0.0000000001',
    '1E-130': null,
    '9.9E125': null,
  },
  'decimal(38,0)': { '99999999999999999999999999999999999999': '99999999999999999999999999999999999999', '1E38': null },
  double: {
    '0.1': '0.1',
    '1E125': '1e+125',
    '-1.5e-7': '-1.5e-07',
    '0': '0.0',
    '0.30000000000000004': '0.30000000000000004',
    '12345678901234568': '1.2345678901234568e+16',
    '12345678901234567': null,
    '3.14159265358979323846': null,
    '1e400': null,
    '1E-400': null,
    Infinity: null,
    nan: null,
  },
  timestamp: {
    '2003-01-06T00:00:00Z': '2003-01-06 00:00:00',
    '2003-01-06T02:00:00+02:00': '2003-01-06 00:00:00',
    '2003-01-06T02:00:00+0200': '2003-01-06 00:00:00',
    '2003-01-05T19:00:00-05': '2003-01-06 00:00:00',
    '2003-01-06T00:00:00.123456Z': '2003-01-06 00:00:00.123456',
    '2003-01-06T00:00:00.1230000000Z': '2003-01-06 00:00:00.123',
    '2003-01-06 10:00:00Z': '2003-01-06 10:00:00',
    '2003-01-06T10:00:00': '2003-01-06 10:00:00',
    '0999-01-06T10:00:00Z': '0999-01-06 10:00:00',
    '2003-01-06T10:00:00ZZ': null,
    '2003-01-06T10:00:0ZZ': null,
    '2003-01-06 10:00:00T': null,
    '2003-01-06T10:00:00 ': null,
    '2003-01-06T1:00:00': null,
    '10000-01-01 00:00:00': null,
    '10000-01-01T00:00:00': null,
    '2003-01-06': '2003-01-06 00:00:00',
    '2003-01-06 10:00': '2003-01-06 10:00:00',
    '2004-02-29T23:59:59z': '2004-02-29 23:59:59',
    '2003-01-06T10:00Z': '2003-01-06 10:00:00',
    '2003-01-06 10:00+0200': '2003-01-06 08:00:00',
    '9999-12-31T23:00:00-02:00': null,
    '2003-01-06T00:00:00.1234567Z': null,
    '2003-02-29T00:00:00Z': null,
    '2003-01-06T24:00:00Z': null,
    '2003-01-06T10:00:60Z': null,
    '2003-13-01': null,
    '06/01/2003': null,
    '2003-01-06T10:00:00 Europe/Berlin': null,
    '0000-01-01T00:00:00Z': null,
    '0001-01-01T00:00:00+14:00': null,
    '2003-01-06T00:00:00+99:00': null,
    infinity: null,
    now: null,
  },
  date: {
    '2003-01-06': '2003-01-06',
    '2003-01-06T00:00:00Z': '2003-01-06',
    '2003-01-06T02:00:00+02:00': '2003-01-06',
    '2003-01-06T01:00:00Z': null,
    '2003-02-29': null,
    epoch: null,
  },
  'varchar(4)': { abcd: 'abcd', abcde: null, éé: 'éé', ééa: null, '😀': '😀', '😀a': null, 'a\0b': null, '': '' },
  string: { 'a\0b': 'a\0b', ' x ': ' x ' },
  boolean: { true: 'true', false: 'false', TRUE: null, '1': null, '': null },
  binary: { AAEC: '\\x00\\x01\\x02', '': '', '!!': null },
};

describe('exact casts', () => {
  const place = { remove: async () => {} };
  let session: DuckDbSession;
  beforeAll(async () => {
    const { folder, remove } = await temporaryFolder();
    place.remove = remove;
    session = await openDuckDb(folder, new AbortController().signal);
  });
  afterAll(async () => {
    session.close();
    await place.remove();
  });
  const evaluate = async (
    texts: readonly string[],
    sql: (text: string) => string
  ): Promise<Record<string, unknown>> => {
    const list = texts.map((text) => `(${text.split('\0').map(quoteLiteral).join(' || chr(0) || ')})`).join(', ');
    const rows = await session.rows(`SELECT x, CAST(${sql('x')} AS VARCHAR) AS y FROM (VALUES ${list}) t(x)`);
    return Object.fromEntries(rows.map((row) => [String(row['x']), row['y']]));
  };

  it.each(Object.entries(cases))('gives %s only what it holds exactly', async (type, expected) => {
    const exact = exactCast(type);
    expect(await evaluate(Object.keys(expected), (text) => exact?.cast(text) ?? 'NULL')).toEqual(expected);
    expect(await session.rows(`SELECT ${exact?.cast('CAST(NULL AS VARCHAR)')} AS y`)).toEqual([{ y: null }]);
    const [row] = await session.rows(`SELECT typeof(${exact?.cast("'1'")}) AS type`);
    expect(row?.['type']).toBe(exact?.duckType);
  });

  it.each(['varchar', 'decimal', 'decimal(39,2)', 'decimal(5,6)', 'array<string>', 'text', 'varchar(10); DROP'])(
    'knows no %s',
    (type) => expect(exactCast(type)).toBeUndefined()
  );

  it('cuts a part from keys that match as a whole, line breaks included', async () => {
    const keys = ['CUST#ann', 'CUST#', 'xCUST#ann', 'CUST#a\nb', 'ORD#1', 'CUST#😀'];
    expect(await evaluate(keys, (text) => keyPart(text, 'CUST#(.*)'))).toEqual({
      'CUST#ann': 'ann',
      'CUST#': '',
      'xCUST#ann': null,
      'CUST#a\nb': 'a\nb',
      'ORD#1': null,
      'CUST#😀': '😀',
    });
    expect(
      await evaluate(['b', 'xb'], (text) => `regexp_full_match(${text}, ${quoteLiteral(anchored('a|b'))})`)
    ).toEqual({
      b: 'true',
      xb: 'false',
    });
  });

  it('quotes names and paths', async () => {
    const name = `we"i'rd $\{x} 😀; --`;
    const [row] = await session.rows(`SELECT 1 AS ${quoteIdentifier(name)}, ${quoteLiteral(name)} AS text`);
    expect(row).toEqual({ [name]: 1, text: name });
    expect(escapeGlob('/a [b]/*?.x')).toBe('/a [[]b]/[*][?].x');
    for (const bad of ['', 'a\0']) expect(() => quoteIdentifier(bad)).toThrow('identifier');
  });
});
