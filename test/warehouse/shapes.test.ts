import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, parseModel } from '../../model/index.js';
import { Warehouse } from './warehouse.js';
import type { Item, Row } from './warehouse.js';

/** A fact without a key of its own, told apart by two dimensions; a composite business key; numbers as keys. */
const ratings = `
name: ratings
source: { table: ratings, keys: { partition: pk N, sort: sk } }
items:
  film:
    keys: { sk: FILM }
    attributes: { Title-Text: S, year: N as int, studio: S, released: S, 'two words': { type: BOOL, column: flag } }
  rating:
    keys: { sk: BY#<user> }
    attributes: { title: S, year: N, stars: N }
landing:
  film:
    columns:
      id: { type: bigint, from: pk }
      title: { type: varchar(50), from: Title-Text }
      year: integer
      studio: varchar(30)
      released: date
      flag: { type: boolean, from: two words }
  rating:
    columns: { user: varchar(20), title: varchar(50), year: integer, stars: integer }
dimensions:
  film:
    key: [title, year]
    attributes: [id, studio, flag]
    orderBy: [released desc, id]
    unknown: { title: none, year: -1, flag: false }
  user:
    from: rating
    key: user
  release:
    dates: film.released
    attributes: [year, week, dayofweek, dayofyear]
facts:
  rating:
    grain: [filmkey, userkey]
    dimensions: { film: { on: [title, year] }, user: user }
    measures: { stars: stars }
  premiere:
    from: film
    key: [id]
    grain: [premierekey]
    dimensions: { release: released }
    measures: []
`;

const film = (id: number, title: string | undefined, year: number | undefined, more: Item = {}): Item => ({
  pk: { N: String(id) },
  sk: { S: 'FILM' },
  ...(title === undefined ? {} : { 'Title-Text': { S: title } }),
  ...(year === undefined ? {} : { year: { N: String(year) } }),
  ...more,
});
const rating = (user: string, title: string, year: number | undefined, stars: number): Item => ({
  pk: { N: '0' },
  sk: { S: `BY#${user}` },
  title: { S: title },
  ...(year === undefined ? {} : { year: { N: String(year) } }),
  stars: { N: String(stars) },
});

describe('a model with facts of other shapes', () => {
  const plan = compile(parseModel(ratings, 'ratings.yaml'));
  let warehouse: Warehouse;
  let runs = 0;

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    await warehouse.setUp(plan);
  });
  afterAll(() => warehouse.close());

  const run = (...items: Item[]): Promise<void> => warehouse.run(plan, items, `run-${(runs += 1)}`);
  const facts = (): Promise<Row[]> =>
    warehouse.redshift(`SELECT f.title, f.year, u."user", r.stars FROM dwh.rating r
JOIN dwh.film f ON f.filmkey = r.filmkey JOIN dwh."user" u ON u.userkey = r.userkey ORDER BY u."user", f.title, r.stars`);

  it('looks up composite keys with their NULL parts, and takes the unknown member for the rest', async () => {
    await run(
      ...[film(1, 'Dune', 1984), film(2, 'Dune', 2021), film(3, 'Dune', undefined)],
      ...[rating('ann', 'Dune', 1984, 3), rating('bob', 'Dune', undefined, 4), rating('eve', 'Alien', 1979, 5)]
    );
    expect(await facts()).toEqual([
      { title: 'Dune', year: 1984, user: 'ann', stars: 3 },
      { title: 'Dune', year: null, user: 'bob', stars: 4 },
      { title: 'none', year: -1, user: 'eve', stars: 5 },
    ]);
    expect(await warehouse.unknown(plan)).toEqual({ 'rating.film': 1, 'premiere.release': 3 });
  });

  it('keeps rows that are gone, and heals those that lacked a member', async () => {
    await run(film(1, 'Alien', 1979), rating('eve', 'Alien', 1979, 2), rating('zoe', 'Dune', 2021, 1));
    expect(await facts()).toEqual([
      { title: 'Dune', year: 1984, user: 'ann', stars: 3 },
      { title: 'Dune', year: null, user: 'bob', stars: 4 },
      { title: 'Alien', year: 1979, user: 'eve', stars: 2 },
      { title: 'Dune', year: 2021, user: 'zoe', stars: 1 },
    ]);
    const before = await warehouse.dump(plan);
    await run(film(1, 'Alien', 1979), rating('eve', 'Alien', 1979, 2), rating('zoe', 'Dune', 2021, 1));
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('takes the first of several rows of a member, in the order of the model', async () => {
    const at = (released: string, studio: string): Item => ({ released: { S: released }, studio: { S: studio } });
    await run(
      ...[film(9, 'Ran', 1985, at('1985-06-01', 'c')), film(7, 'Ran', 1985, at('1986-01-04', 'b'))],
      ...[film(8, 'Ran', 1985, { ...at('1986-01-04', 'a'), 'two words': { BOOL: true } }), film(6, 'Ran', 1985)]
    );
    const [row] = await warehouse.redshift(`SELECT id, studio, flag FROM dwh.film WHERE title = 'Ran'`);
    expect(row).toEqual({ id: '7', studio: 'b', flag: null });
    expect(
      await warehouse.redshift(
        'SELECT year, week, dayofweek, dayofyear FROM dwh.release WHERE releasekey <> 0 ORDER BY 1'
      )
    ).toEqual([
      { year: 1985, week: 22, dayofweek: 6, dayofyear: 152 },
      { year: 1986, week: 1, dayofweek: 6, dayofyear: 4 },
    ]);
  });

  it('loads dimensions at the same time, and facts', async () => {
    const items = [film(1, 'Dune', 1984), rating('ann', 'Dune', 1984, 3)];
    await warehouse.landAll(plan, items, 'together');
    await warehouse.together(plan, 'together');
    expect(await facts()).toContainEqual({ title: 'Dune', year: 1984, user: 'ann', stars: 3 });
  });
});
