import { Random } from '../random.js';

/** A product of the made-up shop. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly color: string;
  /** Price of one, in cents, at the beginning. */
  readonly cents: number;
}

const categories: readonly (readonly [name: string, cents: number, things: readonly string[]])[] = [
  ['Books', 1499, ['Cookbook', 'Atlas', 'Novel', 'Dictionary', 'Comic', 'Field Guide', 'Diary']],
  ['Electronics', 14999, ['Headphones', 'Keyboard', 'Monitor', 'Speaker', 'Webcam', 'Router', 'Tablet']],
  ['Garden', 3499, ['Spade', 'Watering Can', 'Hose', 'Lantern', 'Planter', 'Rake', 'Bird House']],
  ['Home', 4999, ['Lamp', 'Blanket', 'Kettle', 'Mirror', 'Clock', 'Vase', 'Carpet', 'Café Table']],
  ['Music', 8999, ['Ukulele', 'Metronome', 'Guitar Strings', 'Melodica', 'Drum Pad', 'Flute']],
  ['Outdoors', 6999, ['Tent', 'Backpack', 'Stove', 'Hammock', 'Head Torch', 'Sleeping Bag']],
  ['Sports', 3999, ['Football', 'Yoga Mat', 'Racket', 'Bicycle Bell', 'Skipping Rope', 'Dumbbell']],
  ['Toys', 2499, ['Puzzle', 'Kite', 'Train Set', 'Doll', 'Building Bricks', 'Marbles', 'Jeu de société']],
];
const makers = [
  'Ålesund',
  'Brightwell',
  'Corvina',
  'Dornröschen',
  'Emory',
  'Fjäll',
  'Granada',
  'Hoshi',
  'Ívar',
  'Juniper',
];
const colors = ['black', 'blue', 'bordeaux', 'green', 'none', 'red', 'silver', 'türkis', 'white', 'yellow'];

/** Makes a catalogue; a product depends on its number and the seed only. */
export function makeCatalogue(size: number, seed: number): Product[] {
  return Array.from({ length: size }, (_, index) => {
    const random = Random.of(seed, 1, index);
    const [category, cents, things] = random.pick(categories);
    return {
      id: `P${String(index + 1).padStart(5, '0')}`,
      name: `${random.pick(makers)} ${random.pick(things)} ${random.integer(100, 999)}`,
      category,
      color: random.pick(colors),
      cents: Math.max(99, Math.round(cents * (0.3 + 1.9 * random.next()))),
    };
  });
}
