import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelError, loadModel, parseModel } from '../../model/index.js';

const root = path.resolve(import.meta.dirname, '../..');
const example = await readFile(path.join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8');
const game = await readFile(path.join(root, 'examples/game/warehouse.yaml'), 'utf8');

type Replacement = readonly [from: string | RegExp, to: string];

function change(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((all, [from, to]) => {
    const changed = all.replace(from, to);
    if (changed === all) throw new Error(`nothing to replace: ${String(from)}`);
    return changed;
  }, text);
}

/** The problems of a text, as `path: message`. */
function problemsOf(text: string): string[] {
  try {
    parseModel(text, 'warehouse.yaml');
  } catch (error) {
    if (error instanceof ModelError) return error.problems.map((one) => `${one.path}: ${one.message}`);
    throw error;
  }
  return [];
}

const problems = (...replacements: Replacement[]): string[] => problemsOf(change(example, replacements));
const gameProblems = (...replacements: Replacement[]): string[] => problemsOf(change(game, replacements));

describe('a model file', () => {
  it('with five mistakes gives five problems, in the order of the file, with line, column and what was meant', () => {
    const text = change(example, [
      ['sort: SK', 'srot: SK'],
      ['fullname: S\n', 'fullname: Text\n'],
      ['numberofitems: integer', 'numberofitems: integr'],
      ['key: username', 'key: usernam'],
      ['date: orderdate', 'date: shipdate'],
    ]);
    const error = (() => {
      try {
        return parseModel(text, 'warehouse.yaml') as unknown;
      } catch (thrown) {
        return thrown;
      }
    })() as ModelError;
    expect(error).toBeInstanceOf(ModelError);
    expect(error.problems).toHaveLength(5);
    expect(error.message.split('\n')).toEqual([
      'warehouse.yaml has 5 problems:',
      '  6:26 source.keys.srot: is not a key that is known here; did you mean "sort"?',
      expect.stringMatching(
        /^ {2}17:7 items\.customer\.attributes\.fullname: "Text" is not an attribute type; write S, N,/
      ),
      expect.stringMatching(
        /^ {2}45:7 landing\.order\.columns\.numberofitems: "integr" is not a column type; write one of/
      ),
      '  69:5 dimensions.customer.key: landing.customer has no column "usernam"; did you mean "username"?',
      expect.stringMatching(
        /^ {2}91:7 facts\.order\.dimensions\.date: there is no column "shipdate" in landing\.product/
      ),
    ]);
  });

  it('of five mistakes of shape and reference in one section gives five problems, none of them a consequence', () => {
    expect(
      problems(
        ['    from: product # the grain', '    form: product # the grain'],
        ['outer: full', 'outer: fill'],
        ['grain: [orderkey, productkey]', 'grain: [orderkey, prodctkey]'],
        ['customer: username', 'customer: [username, 5]'],
        ['measures: [price, numberofitems]', 'measures: [prise, numberofitems]']
      )
    ).toEqual([
      'facts.order.form: is not a key that is known here; did you mean "from"?',
      'facts.order.join.order.outer: takes one of "left", "full", but "fill" stands here',
      'facts.order.grain.1: "prodctkey" is not a key column of the fact; did you mean "productkey"?',
      'facts.order.dimensions.customer: takes text or a mapping, but a list stands here',
      'facts.order.measures.0: there is no column "prise" in landing.product, landing.order; did you mean "price"?',
    ]);
  });

  it('that is right has no problems', () => {
    expect(problemsOf(example)).toEqual([]);
    expect(problemsOf(game)).toEqual([]);
  });

  it.each([
    ['', ['takes a mapping, but nothing stands here']],
    ['[1, 2]', ['takes a mapping, but a list stands here']],
    ['hello', ['takes a mapping, but "hello" stands here']],
  ])('of which the whole is %j is no model', (text, wanted) => {
    expect(problemsOf(text)).toEqual(wanted.map((message) => `: ${message}`));
  });

  it.each([
    ['a: [1', /^: not valid YAML: /],
    ['a: 1\na: 2', /^: not valid YAML: Map keys must be unique/],
    ['a: *nowhere', /^: not valid YAML: /],
    ['a: "\n', /^: not valid YAML: /],
  ])('that is not YAML (%j) says so', (text, wanted) => {
    expect(problemsOf(text)[0]).toMatch(wanted);
  });

  it('says where YAML is broken', () => {
    expect(() => parseModel('name: x\nsource: [1\nitems: {}', 'my.yaml')).toThrow(
      /^my\.yaml has .*problem.*\n {2}\d+:\d+ not valid YAML/s
    );
  });

  it('says that all sections are missing, with what they take', () => {
    expect(problemsOf('name: x')).toEqual(
      expect.arrayContaining(['source: is missing; it takes a mapping', 'facts: is missing; it takes a mapping'])
    );
  });
});

describe('loading a file', () => {
  it('fails with a ModelError when there is none, or a folder', () => {
    expect(() => loadModel('/nowhere/warehouse.yaml')).toThrow(
      new ModelError('/nowhere/warehouse.yaml', [{ path: '', message: 'there is no such file' }])
    );
    expect(() => loadModel(root)).toThrow(/has a problem:\n {2}is a folder$/);
  });

  it('names the file as it was given', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'sluice model '));
    try {
      const file = path.join(folder, 'my warehouse.yaml');
      await writeFile(file, change(example, [['key: productid', 'key: productit']]));
      expect(() => loadModel(file)).toThrow(
        `${file} has a problem:\n  74:5 dimensions.product.key: landing.product has no`
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('each mistake', () => {
  it.each<[string, Replacement, string]>([
    [
      'a bad name',
      ['name: ecommerce', 'name: E commerce'],
      'name: "E commerce" is not a model\'s name; it takes lower-case',
    ],
    ['a bad table', ['table: ecommerce', 'table: a b'], 'source.table: "a b" is not a DynamoDB table name'],
    ['a bad index', ['GSI1:', 'G:'], 'source.indexes.G: "G" is not a DynamoDB index name'],
    ['equal keys', ['sort: SK }', 'sort: PK }'], 'source.keys.sort: is the partition key already'],
    [
      'a reserved item type',
      ['  product:\n    keys', '  rejected:\n    attributes: { a: S }\n  product:\n    keys'],
      'items.rejected: "rejected" is a reserved name',
    ],
    [
      'an unknown item type',
      ['item: customer', 'item: custmer'],
      'landing.address.item: there is no item type "custmer"; did you mean "customer"?',
    ],
    [
      'a template for no key',
      ['GSIsk: PROD#', 'GSIks: PROD#'],
      'items.product.keys.GSIks: "GSIks" is no key of the table or its indexes; did you mean "GSIsk"?',
    ],
    [
      'a broken template',
      ['PK: CUST#<username>, SK: CUST#<username>', 'PK: CUST#<username, SK: CUST#<username>'],
      'items.customer.keys.PK: "CUST#<username" has a "<" or ">" without its partner',
    ],
    [
      'a template with adjacent parts',
      ['SK: CUST#<username> }', 'SK: CUST#<a><b> }'],
      'items.customer.keys.SK: "CUST#<a><b>" has two parts with nothing between them',
    ],
    [
      'a template with a part twice',
      ['SK: CUST#<username> }', 'SK: <a>#<a> }'],
      'items.customer.keys.SK: "<a>#<a>" has the part <a> twice',
    ],
    [
      'a bad part',
      ['SK: CUST#<username> }', 'SK: CUST#<User> }'],
      'items.customer.keys.SK: "<User>" is not a part\'s name',
    ],
    [
      'an unknown attribute type',
      ['email: S', 'email: X'],
      'items.customer.attributes.email: "X" is not an attribute type',
    ],
    [
      'a cast of a string',
      ['email: S', 'email: S as int'],
      'items.customer.attributes.email: only N takes "as", not S',
    ],
    [
      'an unknown number type',
      ['N as int', 'N as money'],
      'items.order.attributes.numberofitems: "as money" takes int, bigint, decimal(p,s)',
    ],
    [
      'too many digits',
      ['price: N as decimal(12,2)', 'price: N as decimal(39,2)'],
      'items.product.attributes.price: "as decimal(39,2)" takes',
    ],
    [
      'two kinds at once',
      ['address: { map:', 'address: { type: S, map:'],
      'items.customer.attributes.address: is type and map at once',
    ],
    [
      'no kind at all',
      ['email: S', 'email: { required: true }'],
      'items.customer.attributes.email: needs a type, a map or a list',
    ],
    [
      'two attributes of one column',
      ['email: S', 'email: S\n      Username: S'],
      'items.customer: the lake\'s dataset of "customer" would have two columns named "username"',
    ],
    [
      "an attribute of the partition's name",
      ['email: S', 'email: S\n      Type: S'],
      'items.customer.attributes.Type: "type" is the column the lake is partitioned by',
    ],
    [
      'a type without scale',
      ['price: decimal(12,2)', 'price: decimal'],
      'landing.product.columns.price: "decimal" needs a precision of 1 to 38 and a scale',
    ],
    [
      'a scale beyond the precision',
      ['price: decimal(12,2)', 'price: decimal(2,3)'],
      'landing.product.columns.price: "decimal(2,3)" needs a precision',
    ],
    [
      'a text without length',
      ['email: varchar(320)', 'email: varchar'],
      'landing.customer.columns.email: "varchar" needs its length in bytes',
    ],
    [
      'a text too long',
      ['email: varchar(320)', 'email: varchar(65536)'],
      'landing.customer.columns.email: "varchar(65536)" needs its length in bytes',
    ],
    [
      'a number with length',
      ['numberofitems: integer', 'numberofitems: integer(4)'],
      'landing.order.columns.numberofitems: "integer(4)": integer takes nothing in parentheses',
    ],
    [
      'a cast that cannot be',
      ['numberofitems: integer', 'numberofitems: timestamp'],
      'landing.order.columns.numberofitems: a value of type N cannot be a timestamp',
    ],
    [
      'a column of a list',
      ['email: varchar(320)', 'email: varchar(320), addresses: varchar(320)'],
      'landing.customer.columns.addresses: a value of type L has no landing column; use "explode"',
    ],
    [
      'a column from nothing',
      ['username: varchar(100) # from', 'user: varchar(100)\n      username: varchar(100) # from'],
      'landing.order.columns.user: item type "order" has no attribute or key part "user"',
    ],
    [
      'a position without elements',
      ['email: varchar(320)', 'email: { type: integer, from: $position }'],
      'landing.customer.columns.email.from: item type "customer" has no attribute or key part "$position"; only a table with "explode"',
    ],
    [
      'a column from a bad path',
      ['email: varchar(320)', 'email: { type: varchar(9), from: address.ciy }'],
      'landing.customer.columns.email.from: item type "customer" has no attribute or key part "address.ciy"; did you mean "address.city"?',
    ],
    [
      'an upper-case column',
      ['email: varchar(320)', 'email: varchar(320), Email: { type: varchar(9), from: email }'],
      'landing.customer.columns.Email: "Email" is not a column name',
    ],
    [
      'a system column',
      ['email: varchar(320)', 'email: varchar(320), ctid: { type: varchar(9), from: email }'],
      'landing.customer.columns.ctid: "ctid" is a reserved name',
    ],
    [
      'our own prefix',
      ['email: varchar(320)', 'email: varchar(320), sluice_x: { type: varchar(9), from: email }'],
      'landing.customer.columns.sluice_x: "sluice_x" is a reserved name',
    ],
    [
      'a name too long',
      ['email: varchar(320)', `email: varchar(320), ${'e'.repeat(101)}: { type: varchar(9), from: email }`],
      'landing.customer.columns.',
    ],
    [
      'an explosion of nothing',
      ['explode: [address, addresses]', 'explode: [adress]'],
      'landing.address.explode: item type "customer" has no attribute "adress"; did you mean "address"?',
    ],
    [
      'an explosion of a text',
      ['explode: [address, addresses]', 'explode: [address, email]'],
      'landing.address.explode: "email" is no list and no map',
    ],
    [
      'a dimension from nowhere',
      ['  product:\n    key: productid', '  thing:\n    key: a\n  product:\n    key: productid'],
      'dimensions.thing: there is no landing table "thing"',
    ],
    [
      'a dimension without key',
      ['    key: productid\n', ''],
      'dimensions.product: needs its business key ("key"), or "dates"',
    ],
    [
      'scd 3',
      ['key: username', 'key: username\n    scd: 3'],
      'dimensions.customer.scd: takes 1 (changes overwrite) or 2 (a version for each), but 3 stands here',
    ],
    [
      'scd 2 of dates',
      ['dates: order.orderdate', 'dates: order.orderdate\n    scd: 2'],
      'dimensions.date.scd: has no place in a date dimension: dates do not change',
    ],
    [
      'a time for a dimension without versions',
      ['customer: username', 'customer: { on: username, at: orderdate }'],
      'facts.order.dimensions.customer.at: is for dimensions with versions; "customer" has none (scd: 2)',
    ],
    [
      'a retention that STANDARD_IA does not pay off',
      ['rejects: reject', 'rejects: reject\narchive: { retentionDays: 7 }'],
      'archive.retentionDays: 7 is no retention; it takes a whole number of days from 30, for which STANDARD_IA is paid in any case, to 36500',
    ],
    [
      'an unknown way with gaps',
      ['rejects: reject', 'rejects: reject\nincremental: { onGap: ask }'],
      'incremental.onGap: takes one of "approve", "full", but "ask" stands here',
    ],
    [
      'an approval without time',
      ['rejects: reject', 'rejects: reject\nincremental: { approvalHours: 0 }'],
      'incremental.approvalHours: takes hours, more than 0 and at most 8760 (a year)',
    ],
    [
      'a misspelt approval',
      ['rejects: reject', 'rejects: reject\nincremental: { approvalHour: 5 }'],
      'incremental.approvalHour: is not a key that is known here; did you mean "approvalHours"?',
    ],
    [
      'an unknown order',
      ['orderid desc', 'orderid down'],
      'dimensions.product.orderBy: "orderid down" is not an order; write "column" or "column desc"',
    ],
    [
      'dates of a text',
      ['dates: order.orderdate', 'dates: order.orderid'],
      'dimensions.date.dates: "order.orderid" is varchar, not a date or timestamp',
    ],
    [
      'dates of no table',
      ['dates: order.orderdate', 'dates: orderdate'],
      'dimensions.date.dates: "orderdate" is not of the form table.column',
    ],
    [
      'a part of no date',
      ['quarter, month', 'quarter, monht'],
      'dimensions.date.attributes.2: "monht" is not a part of a date; did you mean "month"?',
    ],
    [
      'a date dimension with a key',
      ['dates: order', 'key: orderdate\n    dates: order'],
      'dimensions.date.key: has no place in a date dimension',
    ],
    [
      'an attribute twice',
      ['[productname, category', '[productid, category'],
      'dimensions.product: dwh.product would have two columns named "productid"',
    ],
    [
      'an unknown value for no column',
      ['key: username', 'key: username\n    unknown: { emial: x }'],
      'dimensions.customer.unknown.emial: dimension "customer" has no column "emial"; did you mean "email"?',
    ],
    [
      'an unknown value of another type',
      ['key: username', 'key: username\n    unknown: { email: 5 }'],
      'dimensions.customer.unknown.email: does not fit its column, varchar',
    ],
    [
      'an unknown value that cannot be quoted',
      ['key: username', "key: username\n    unknown: { email: 'a\\b' }"],
      'dimensions.customer.unknown.email: must not contain \\, $ or control characters',
    ],
    [
      'a join to nothing',
      ['order: { on: orderid', 'oder: { on: orderid'],
      'facts.order.join.oder: there is no landing table "oder"; did you mean "order"?',
    ],
    [
      'a join on nothing',
      ['order: { on: orderid', 'order: { on: { orderid: orderit }'],
      'facts.order.join.order.on: landing.product has no column "orderit"; did you mean "orderid"?',
    ],
    [
      'a join of unlike types',
      ['orderid: varchar(64)\n      username', 'orderid: bigint\n      username'],
      'facts.order.join.order.on: "orderid" is varchar, but "orderid" of landing.order is bigint',
    ],
    [
      'a dimension of no name',
      ['customer: username', 'costumer: username'],
      'facts.order.dimensions.costumer: there is no dimension "costumer"; did you mean "customer"?',
    ],
    [
      'a lookup through the wrong table',
      ['through: address', 'through: customer'],
      'facts.order.dimensions.address.through: dimension "address" is made from landing.address, not from "customer"',
    ],
    [
      'a where without through',
      [
        '{ through: address, on: username, where: { position: 0 } }',
        '{ on: { buildingnumber: numberofitems, streetname: username, city: username, postcode: username, country: username }, where: { position: 0 } }',
      ],
      'facts.order.dimensions.address.where: needs "through"',
    ],
    [
      'a lookup that lacks key columns',
      ['{ through: address, on: username, where: { position: 0 } }', '{ on: { country: username } }'],
      'facts.order.dimensions.address.on: must say the columns for "buildingnumber", "streetname", "city", "postcode" of',
    ],
    [
      'a lookup by another type',
      ['customer: username', 'customer: numberofitems'],
      'facts.order.dimensions.customer: "numberofitems" is integer, but "username" of the key varchar',
    ],
    [
      'a where of another type',
      ['position: 0', 'position: first'],
      'facts.order.dimensions.address.where.position: does not fit its column, integer',
    ],
    [
      'a fact without grain',
      ['    grain: [orderkey, productkey]\n', ''],
      'facts.order.grain: is missing; it takes a list',
    ],
    [
      'a kept fact with a deleted grain',
      ['key: productid', 'key: productid\n    deletes: delete'],
      'facts.order.grain.1: fact "order" keeps its rows, so dimension "product", which tells them apart, must keep its members too',
    ],
    [
      'a measure that is no column',
      ['[price, numberofitems]', '[price, numberofitem]'],
      'facts.order.measures.1: there is no column "numberofitem" in landing.product, landing.order; did you mean "numberofitems"?',
    ],
    [
      'a measure twice',
      ['[price, numberofitems]', '[price, price]'],
      'facts.order: dwh.order would have two columns named "price"',
    ],
    [
      'a qualified column of no table',
      ['date: orderdate', 'date: oder.orderdate'],
      'facts.order.dimensions.date: "oder" is not one of the fact\'s tables; did you mean "order"?',
    ],
    [
      'a report on no fact',
      ['fact: order', 'fact: oder'],
      'reports.growth.fact: there is no fact "oder"; did you mean "order"?',
    ],
    [
      'a report of no measure',
      ['measure: price', 'measure: prize'],
      'reports.growth.measure: fact "order" has no measure "prize"; did you mean "price"?',
    ],
    [
      'a report by no dimension',
      ['address.country', 'adress.country'],
      'reports.growth.by.0: fact "order" has no dimension "adress"; did you mean "address"?',
    ],
    [
      'a report by no attribute',
      ['address.country', 'address.county'],
      'reports.growth.by.0: dimension "address" has no attribute "county"; did you mean "country"?',
    ],
    [
      'a report by a bare name',
      ['address.country', 'country'],
      'reports.growth.by.0: "country" is not of the form dimension.attribute',
    ],
    [
      'a report without a date dimension',
      ['    date: date\n', '    date: product\n'],
      'reports.growth.date: "product" is not a date dimension with the attributes year and quarter',
    ],
    [
      'a report of an unknown kind',
      ['type: year-on-year', 'type: month-on-month'],
      'reports.growth.type: takes "year-on-year", but "month-on-month" stands here',
    ],
    [
      'a gate on nothing that is there',
      ['rejects: reject', "rejects: reject\ngates: { a: { on: landing.ordr, rules: 'Rules = [ RowCount > 0 ]' } }"],
      'gates.a.on: "landing.ordr" is nothing that can be judged; it takes lake.<item type>, landing.<table> or dwh.<table>; did you mean "landing.order"?',
    ],
    [
      'a gate without rules',
      ['rejects: reject', 'rejects: reject\ngates: { a: { on: landing.order } }'],
      'gates.a: takes its DQDL either in "rules" or in "file"',
    ],
    [
      'a gate with a file that is not there',
      ['rejects: reject', 'rejects: reject\ngates: { a: { on: landing.order, file: no.dqdl } }'],
      'gates.a.file: no.dqdl is not there; it is looked for beside the model',
    ],
    [
      'a quarantine where rows are loaded already',
      ['rejects: reject', "rejects: reject\ngates: { a: { on: dwh.order, rules: 'x', action: quarantine } }"],
      'gates.a.action: quarantine is for gates on the lake',
    ],
    [
      'a score that no ruleset has',
      ['rejects: reject', "rejects: reject\ngates: { a: { on: dwh.order, rules: 'x', minimumScore: 90 } }"],
      'gates.a.minimumScore: takes a number from 0 to 1, but 90 stands here',
    ],
    [
      'a label without its value',
      ['rejects: reject', "rejects: reject\ngates: { a: { on: dwh.order, rules: 'x', critical: high } }"],
      'gates.a.critical: "high" is not of the form label=value',
    ],
    ['gates as a list', ['rejects: reject', 'rejects: reject\ngates: [{ on: lake.order }]'], 'gates: takes a mapping'],
    [
      'an unknown section',
      ['rejects: reject', 'rejcts: reject'],
      'rejcts: is not a key that is known here; did you mean "rejects"?',
    ],
    [
      'a list for a mapping',
      [/landing:\n[\s\S]*\n\ndimensions:/, 'landing: [a]\n\ndimensions:'],
      'landing: takes a mapping, but a list stands here',
    ],
    ['an empty list', ['key: productid', 'key: []'], 'dimensions.product.key: is empty; name at least one'],
  ])('%s is one problem, with what to write instead', (_what, replacement, wanted) => {
    const found = problems(replacement);
    expect(found).toEqual([expect.stringContaining(wanted)]);
    expect(found[0]!.indexOf(wanted)).toBe(0);
  });

  it('in the time of a dimension with versions is a problem, if it is none, there is none or a choice', () => {
    const versioned = ['key: username', 'key: username\n    scd: 2'] as const;
    const why = 'dimension "customer" has versions (scd: 2) and the fact';
    expect(problems(versioned)).toEqual([]);
    expect(problems(versioned, ['      date: orderdate\n', ''], [/reports:[^]*/, ''])).toEqual([
      `facts.order.dimensions.customer: ${why} no date to choose one by; name a date or timestamp column with "at"`,
    ]);
    const two = [
      ['orderdate: timestamp', 'orderdate: timestamp\n      shipped: { type: timestamp, from: orderdate }'],
      ['dates: order.orderdate', 'dates: [order.orderdate, order.shipped]'],
      ['      date: orderdate\n', '      date: orderdate\n      shipping: { dimension: date, on: shipped }\n'],
    ] as const;
    expect(problems(versioned, ...two)).toEqual([
      `facts.order.dimensions.customer: ${why} several dates (order.orderdate, order.shipped) to choose one by; name a date or timestamp column with "at"`,
    ]);
    const at = (time: string) =>
      problems(versioned, ...two, ['    key: orderid\n', `    key: orderid\n    at: ${time}\n`]);
    expect(at('shipped')).toEqual([]);
    expect(at('shiped')).toEqual([
      'facts.order.at: there is no column "shiped" in landing.product, landing.order; did you mean "shipped"?',
    ]);
    expect(at('username')).toEqual(['facts.order.at: "username" is varchar, not a date or timestamp']);
    const own = ['customer: username', 'customer: { on: username, at: order.shipped }'] as const;
    expect(problems(versioned, ...two, own)).toEqual([]);
  });

  it('in a column named like what a version has is a problem', () => {
    const named = [
      ['attributes: [email, fullname]', 'attributes: [email, valid_to]'],
      ['email: varchar(320),', 'email: varchar(320), valid_to: { type: varchar(9), from: email },'],
    ] as const;
    expect(problems(...named)).toEqual([]);
    expect(problems(...named, ['key: username', 'key: username\n    scd: 2'])).toEqual([
      'dimensions.customer: dwh.customer would have two columns named "valid_to"',
    ]);
  });

  it('of tables that would share a name is a problem', () => {
    const twice = problems(
      ['  date:\n    dates', '  order:\n    dates'],
      ['date: orderdate', 'date: { dimension: order, on: orderdate }']
    );
    expect(twice[0]).toBe('facts.order: needs the table staging.order, as dimensions.order does; rename one');
  });

  it('of a column that stands in two tables names both', () => {
    const found = problems([
      'username: varchar(100) # from',
      "price: { type: 'decimal(12,2)', from: amount }\n      username: varchar(100) # from",
    ]);
    expect(found).toEqual([
      'facts.order.measures.0: "price" stands in several tables; write product.price or order.price',
    ]);
  });

  it('of a decimal in { } without quotes is told as that', () => {
    const hint = 'is cut off from what stands before it: within { } a comma separates, so put decimal(p,s) in quotes';
    expect(problems(['price: decimal(12,2)', 'price: { type: decimal(12,2) }'])).toEqual([
      `landing.product.columns.price.2): ${hint}`,
    ]);
    expect(problems(['columns: { username: varchar(100),', 'columns: { username: decimal(12,2),'])).toEqual([
      `landing.customer.columns.2): ${hint}`,
    ]);
    expect(problems(['price: decimal(12,2)', 'price: decimal(12'])[0]).toMatch(
      /^landing\.product\.columns\.price: "decimal\(12"/
    );
  });

  it('of a date that is not in its dimension is a problem, since it would be the unknown one', () => {
    expect(
      problems(
        ['date: orderdate', 'date: shipped'],
        ['orderdate: timestamp', 'orderdate: timestamp\n      shipped: { type: timestamp, from: orderdate }']
      )
    ).toEqual(['facts.order.dimensions.date: order.shipped is not among the dates of "date"; add it to its "dates"']);
  });
});

describe('item types told apart by their keys', () => {
  it('must differ in a literal', () => {
    expect(gameProblems(['part: SCORE#<player>', 'part: <player>'])).toEqual([
      'items.score.keys: fit items of type "match" too; give the two other literals in a key',
    ]);
  });

  it('may differ in the number of parts between separators', () => {
    expect(gameProblems(['part: SCORE#<player>', 'part: SUMMARY#<player>'])).toEqual([]);
  });

  it('must have key templates', () => {
    expect(gameProblems(['    keys: { id: PLAYER#<player>, part: PROFILE }\n', ''])[0]).toBe(
      'items.player: needs key templates ("keys"), since the source has no typeAttribute'
    );
  });
});
