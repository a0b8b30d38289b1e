import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Random } from '../random.js';

interface Place {
  readonly country: string;
  readonly cities: readonly string[];
  readonly streets: readonly string[];
  readonly postcode: (random: Random) => string;
}

const digits = (count: number) => (random: Random) =>
  Array.from({ length: count }, () => random.integer(0, 9)).join('');
const letter = (random: Random): string => random.pick([...'ABCDEFGHJKLMNPRSTUVWXYZ']);

const places: readonly Place[] = [
  ['Austria', ['Graz', 'Linz', 'Wien'], ['Hauptstraße', 'Mühlgasse', 'Am Anger'], digits(4)],
  ['Brazil', ['Belém', 'Curitiba', 'São Paulo'], ['Rua das Flores', 'Avenida Brasil'], digits(8)],
  ['Denmark', ['Aarhus', 'København', 'Odense'], ['Søndergade', 'Strandvejen', 'Østerbrogade'], digits(4)],
  ['France', ['Angoulême', 'Lyon', 'Nîmes'], ['rue de l’Église', 'rue Royale', 'quai des Grands-Augustins'], digits(5)],
  ['Germany', ['Berlin', 'Köln', 'München'], ['Hauptstraße', 'Lindenallee', 'Große Bleichen'], digits(5)],
  ['Japan', ['Kyoto', 'Osaka', '札幌'], ['Sakura-dori', '中央通り', 'Hondori'], digits(7)],
  ['Netherlands', ['Delft', 'Groningen', '’s-Hertogenbosch'], ['Dorpsstraat', 'Kerkweg'], digits(4)],
  ['Poland', ['Gdańsk', 'Kraków', 'Łódź'], ['ul. Filtrowa', 'ul. Długa', 'ul. Ogrodowa'], digits(5)],
  ['Spain', ['A Coruña', 'Cádiz', 'Málaga'], ['Calle Mayor', 'Avenida de España', 'Paseo del Río'], digits(5)],
  [
    'UK',
    ['Cardiff', 'Leeds', 'St Andrews'],
    ['High Street', 'Church Lane', 'King’s Road'],
    (random: Random) =>
      `${letter(random)}${letter(random)}${random.integer(1, 28)} ${random.integer(1, 9)}${letter(random)}${letter(random)}`,
  ],
  ['USA', ['Boise', 'Coeur d’Alene', 'Las Vegas'], ['Main St.', 'Strong St.', 'Martin Luther King Blvd.'], digits(5)],
].map((place) => {
  const [country, cities, streets, postcode] = place as [string, string[], string[], Place['postcode']];
  return { country, cities, streets, postcode };
});

const given = ['Aïcha', 'Björn', 'Chloé', 'Dmitri', 'Eleanor', 'François', 'Grace', 'Håkon', 'Inés', 'José', 'Kenji'];
const moreGiven = [
  'Łucja',
  'María',
  'Noor',
  'Ömer',
  'Paul',
  'Renée',
  'Siân',
  'Tomáš',
  'Uma',
  'Víctor',
  'Wen',
  'Zoë',
  '美咲',
];
const family = ['Ångström', 'Brown', 'Çelik', 'Dubois', 'Eriksen', 'Fernández', 'García', 'Hoffmann', 'Ibsen', 'Jones'];
const moreFamily = ['Kowalski', 'Lefèvre', 'Müller', 'Nguyễn', 'O’Neill', 'Peña', 'Sørensen', 'Tanaka', 'Weiß', '山田'];

function address(random: Random): AttributeValue.MMember {
  const place = random.pick(places);
  return {
    M: {
      buildingnumber: { N: String(random.integer(1, 240)) },
      streetname: { S: random.pick(place.streets) },
      city: { S: random.pick(place.cities) },
      postcode: { S: place.postcode(random) },
      country: { S: place.country },
    },
  };
}

/** User name of the `index`-th customer. */
export function usernameOf(index: number): string {
  return `user${String(index + 1).padStart(6, '0')}`;
}

/** The `index`-th customer's item: most have one address, some a list of two or three. */
export function customerItem(seed: number, index: number): Record<string, AttributeValue> {
  const random = Random.of(seed, 2, index);
  const username = usernameOf(index);
  const key = { S: `CUST#${username}` };
  const fullname = `${random.pick([...given, ...moreGiven])} ${random.pick([...family, ...moreFamily])}`;
  const several = random.next() < 0.2;
  const where: Record<string, AttributeValue> = several
    ? { addresses: { L: Array.from({ length: random.integer(2, 3) }, () => address(random)) } }
    : { address: address(random) };
  return {
    PK: key,
    SK: key,
    type: { S: 'customer' },
    username: { S: username },
    email: { S: `${username}@example.com` },
    fullname: { S: fullname },
    ...where,
  };
}
