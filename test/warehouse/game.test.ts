import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateItems } from '../../examples/game/sample-data.js';
import { compile, loadModel } from '../../model/index.js';
import { Warehouse } from './warehouse.js';
import type { Item } from './warehouse.js';

const text = (item: Item, name: string): string => item[name]?.S ?? '';
const part = (item: Item): string => text(item, 'part').split('#')[0]!;
const idOf = (item: Item): string => text(item, 'id').split('#')[1]!;

describe('the game example, a model of another shape', () => {
  const plan = compile(loadModel(path.resolve(import.meta.dirname, '../../examples/game/warehouse.yaml')));
  const items = [...generateItems({ items: 1500, seed: 7 })];
  const players = items.filter((item) => part(item) === 'PROFILE');
  const matches = items.filter((item) => part(item) === 'SUMMARY');
  const scores = items.filter((item) => part(item) === 'SCORE');
  const known = new Set(players.map(idOf));
  const rounds = matches.flatMap((item) => item['rounds']!.L!.map((round) => round.M!));
  let warehouse: Warehouse;

  beforeAll(async () => {
    warehouse = await Warehouse.start();
    await warehouse.setUp(plan);
    await warehouse.run(plan, items, 'one');
  });
  afterAll(() => warehouse.close());

  it('loads every item into its tables, and nothing twice', async () => {
    const arenas = new Set(matches.map((item) => item['map']!.M!['name']!.S));
    const days = new Set(matches.map((item) => text(item, 'playedAt').slice(0, 10)));
    expect(await warehouse.counts(plan)).toEqual({
      'landing.player': players.length,
      'landing.match': matches.length,
      'landing.round': rounds.length,
      'landing.score': scores.length,
      'dwh.player': players.length,
      'dwh.arena': arenas.size,
      'dwh.mode': new Set(matches.map((item) => text(item, 'mode'))).size,
      'dwh.day': days.size,
      'dwh.score': scores.length,
      'dwh.round': rounds.length,
    });
  });

  it('counts the scores and rounds of players who left, under the name the model gives them', async () => {
    const left = (id: string | undefined): boolean => !known.has(id!);
    const championsLeft = matches.filter((item) => left(text(item, 'winner'))).map((item) => item['rounds']!.L!.length);
    const wanted = {
      'score.player': scores.filter((item) => left(text(item, 'part').split('#')[1])).length,
      'round.winner': rounds.filter((round) => left(round['winner']!.S)).length,
      'round.champion': championsLeft.reduce((sum, count) => sum + count, 0),
    };
    expect(wanted['score.player']).toBeGreaterThan(0);
    expect(await warehouse.unknown(plan)).toEqual(wanted);
    expect(await warehouse.redshift('SELECT nickname, country, player FROM dwh.player WHERE playerkey = 0')).toEqual([
      { nickname: '(unknown player)', country: '(unknown)', player: null },
    ]);
  });

  it('keeps all 38 digits, and numbers of every type', async () => {
    const coins = scores.reduce((sum, item) => sum + BigInt(item['coins']!.N!), 0n);
    const kills = scores.reduce((sum, item) => sum + Number(item['kills']!.N), 0);
    const [row] = await warehouse.redshift('SELECT SUM(coins) AS coins, SUM(kills) AS kills FROM dwh.score');
    expect(row).toEqual({ coins: String(coins), kills: String(kills) });
    const longest = scores.map((item) => item['coins']!.N!).find((digits) => digits.length === 38);
    expect(await warehouse.redshift(`SELECT coins FROM dwh.score WHERE coins = ${longest}`)).toEqual([
      { coins: longest },
    ]);
  });

  it('looks members up by attributes of another item, and a player in two roles', async () => {
    const [match] = matches;
    const rows = await warehouse.redshift(`
SELECT r.number, a.arena, a.arenasize, w.player AS winner, c.player AS champion, CAST(r.seconds AS varchar(20)) AS seconds
FROM dwh.round r JOIN staging.roundkey k ON k.roundkey = r.roundkey
JOIN dwh.arena a ON a.arenakey = r.arenakey
JOIN dwh.player w ON w.playerkey = r.winnerkey JOIN dwh.player c ON c.playerkey = r.championkey
WHERE k.roundid LIKE '%|${idOf(match!)}%' ORDER BY r.number`);
    const known_ = (id: string): string | null => (known.has(id) ? id : null);
    expect(rows).toEqual(
      match!['rounds']!.L!.map(({ M: round }, number) => ({
        number,
        arena: match!['map']!.M!['name']!.S,
        arenasize: Number(match!['map']!.M!['size']!.N),
        winner: known_(round!['winner']!.S!),
        champion: known_(text(match!, 'winner')),
        seconds: round!['seconds']!.N,
      }))
    );
  });

  it('leaves dwh as it was when it runs again', async () => {
    const before = await warehouse.dump(plan);
    await warehouse.run(plan, items.toReversed(), 'two');
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('has a growth report by its own dimensions', async () => {
    const rows = await warehouse.redshift(plan.reports[0]!.sql);
    expect(rows.length).toBeGreaterThan(8);
    expect(new Set(rows.map((row) => row['period']))).toEqual(new Set(['2024-Q1', '2024-Q2', '2024-Q3', '2024-Q4']));
    expect(Object.keys(rows[0]!)).toEqual(['period', 'country', 'mode', 'growth']);
  });

  it('counts a match for the player as they were then, also after they rose', async () => {
    const risen = players[0]!;
    const before = await warehouse.dump(plan);
    await warehouse.run(
      plan,
      items.map((item) => (item === risen ? { ...item, level: { N: '999' } } : item)),
      'risen'
    );
    const after = await warehouse.dump(plan);
    expect([after['dwh.score'], after['dwh.round']]).toEqual([before['dwh.score'], before['dwh.round']]);
    const versions = await warehouse.redshift(
      `SELECT level, is_current FROM dwh.player WHERE player = '${idOf(risen)}' ORDER BY valid_from`
    );
    expect(versions).toEqual([
      { level: Number(risen['level']!.N), is_current: false },
      { level: 999, is_current: true },
    ]);
  });

  it('deletes facts that are gone, and keeps their members', async () => {
    const gone = idOf(matches[0]!);
    const rest = items.filter((item) => idOf(item) !== gone || part(item) === 'PROFILE');
    const before = await warehouse.counts(plan);
    await warehouse.run(plan, rest, 'three');
    const after = await warehouse.counts(plan);
    const lost = scores.filter((item) => idOf(item) === gone).length;
    expect(after['dwh.score']).toBe(before['dwh.score']! - lost);
    expect(after['dwh.round']).toBe(before['dwh.round']! - matches[0]!['rounds']!.L!.length);
    expect([after['dwh.arena'], after['dwh.mode'], after['dwh.day']]).toEqual([
      before['dwh.arena'],
      before['dwh.mode'],
      before['dwh.day'],
    ]);
  });
});
