import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Random, shares } from '../random.js';
import type { SampleOptions } from '../sample-options.js';

type Item = Record<string, AttributeValue>;

/** All matches lie in these two years, whatever today is. */
const firstDay = Date.UTC(2023, 0, 1);
const days = 731;

const homes = [
  ['Brazil', 'BR-BA', 'Bahia'],
  ['Canada', 'CA-QC', 'Québec'],
  ['Germany', 'DE-TH', 'Thüringen'],
  ['Iceland', 'IS-6', 'Norðurland eystra'],
  ['Japan', 'JP-01', '北海道'],
  ['Kenya', 'KE-30', 'Nairobi'],
  ['South Korea', 'KR-49', '제주'],
] as const;
const arenas = [
  ['Ember Gorge', 12],
  ['Sky Temple', 8],
  ['Frostfjörð', 16],
  ['Neon Docks', 10],
  ['Old Mill', 6],
] as const;
const modes = ['capture the flag', 'deathmatch', 'king of the hill', 'relay'];
const animals = ['Axolotl', 'Badger', 'Crane', 'Dingo', 'Élan', 'Ferret', 'Gecko', 'Heron', 'Ibis', '🦊'];
const badges = ['alpha', 'centurion', 'mvp', 'pacifist', 'speedrun', 'veteran'];

const playerId = (index: number): string => `p-${(index + 1).toString(36).padStart(5, '0')}`;
const matchId = (index: number): string => `m-${(index + 1).toString(36).padStart(6, '0')}`;

function playerItem(seed: number, index: number): Item {
  const random = Random.of(seed, 1, index);
  const [country, code, name] = random.pick(homes);
  const own = badges.filter(() => random.next() < 0.3);
  return {
    id: { S: `PLAYER#${playerId(index)}` },
    part: { S: 'PROFILE' },
    nickname: { S: `${random.pick(animals)}${random.integer(1, 9999)}` },
    level: { N: String(random.integer(1, 80)) },
    rating: { N: (random.integer(600_000, 2_900_000) / 1000).toFixed(3) },
    verified: { BOOL: random.next() < 0.6 },
    ...(own.length === 0 ? {} : { badges: { SS: own } }),
    home: { M: { country: { S: country }, region: { M: { code: { S: code }, name: { S: name } } } } },
  };
}

function scoreItem(match: string, player: string, random: Random): Item {
  const digits = random.integer(1, 38);
  const coins = `${random.integer(1, 9)}${Array.from({ length: digits - 1 }, () => random.integer(0, 9)).join('')}`;
  return {
    id: { S: `MATCH#${match}` },
    part: { S: `SCORE#${player}` },
    kills: { N: String(random.integer(0, 30)) },
    deaths: { N: String(random.integer(0, 20)) },
    accuracy: { N: (random.integer(0, 1000) / 1000).toString() },
    coins: { N: coins },
  };
}

function roundMap(players: readonly string[], random: Random): AttributeValue {
  return {
    M: {
      winner: { S: random.pick(players) },
      kills: { N: String(random.integer(1, 40)) },
      seconds: { N: (random.integer(30_000, 400_000) / 1000).toFixed(3) },
    },
  };
}

/**
 * Generates the game table's items as DynamoDB JSON, one after the other in little memory: about 15 % players, 20 %
 * matches with two rounds or more and at least one score each, and 65 % scores. Some players have left: their scores
 * are there without them. Deterministic: the same options give the same items.
 * @throws RangeError when `items` is not a whole number of 1 or more
 */
export function* generateItems({ items, seed = 1 }: SampleOptions): Generator<Item> {
  if (!Number.isInteger(items) || items < 1)
    throw new RangeError(`items must be a whole number of 1 or more: ${items}`);
  const players = Math.max(1, Math.round(items * 0.15));
  const matches = Math.min(Math.round(items * 0.2), Math.floor((items - players) / 2));
  for (let index = 0; index < (matches === 0 ? items : players); index++) yield playerItem(seed, index);

  const everPlayed = Math.max(24, Math.ceil(players * 1.02));
  const random = Random.of(seed, 2, 0);
  const nextShare = shares(items - players - matches, matches, random);
  for (let index = 0; index < matches; index++) {
    const match = matchId(index);
    const playing = new Set<string>();
    const wanted = Math.min(nextShare(), everPlayed);
    while (playing.size < wanted) playing.add(playerId(random.integer(0, everPlayed - 1)));
    const here = [...playing];
    const [arena, size] = random.pick(arenas);
    const rounds = Array.from({ length: random.integer(2, 5) }, () => roundMap(here, random));
    const seconds = Math.floor(((index + random.next()) / matches) * days * 86_400);
    yield {
      id: { S: `MATCH#${match}` },
      part: { S: 'SUMMARY' },
      playedAt: { S: new Date(firstDay + seconds * 1000).toISOString() },
      mode: { S: random.pick(modes) },
      map: { M: { name: { S: arena }, size: { N: String(size) } } },
      seconds: { N: String(random.integer(180, 2400)) },
      winner: { S: random.pick(here) },
      rounds: { L: rounds },
    };
    for (const player of here) yield scoreItem(match, player, random);
  }
}
