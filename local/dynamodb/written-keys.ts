import { fnv1a } from './fnv1a.js';

const firstSlots = 1 << 16;

/** The part of the slots above which finding a free one takes long. */
const fullest = 0.75;

/** Never 0, which marks a free slot. */
const hash = (key: string): number => fnv1a(key) || 1;

/** The slot that holds the hash, or the free one that would take it. */
function slotOf(slots: Uint32Array, value: number): number {
  const mask = slots.length - 1;
  let slot = value & mask;
  while (slots[slot] !== 0 && slots[slot] !== value) slot = (slot + 1) & mask;
  return slot;
}

/**
 * The hashes of all keys that a table was ever given, from its creation on: a key that is not among them has no item to
 * be read before it is written. Where there would be too many, it forgets them and takes every key for a written one.
 */
export class WrittenKeys {
  #slots: Uint32Array | undefined = new Uint32Array(firstSlots);
  #used = 0;

  /** @param mostSlots a power of two, of four bytes each; by default 64 MiB, for some twelve million keys */
  constructor(readonly mostSlots = 1 << 24) {}

  /** False when the key surely was never added. */
  has(key: string): boolean {
    if (this.#slots === undefined) return true;
    return this.#slots[slotOf(this.#slots, hash(key))] !== 0;
  }

  add(key: string): void {
    const slots = this.#slots;
    if (slots === undefined) return;
    const value = hash(key);
    const slot = slotOf(slots, value);
    if (slots[slot] === value) return;
    slots[slot] = value;
    this.#used += 1;
    if (this.#used > slots.length * fullest) this.#grow(slots);
  }

  #grow(slots: Uint32Array): void {
    if (slots.length >= this.mostSlots) return void (this.#slots = undefined);
    const larger = new Uint32Array(slots.length * 2);
    for (const value of slots) if (value !== 0) larger[slotOf(larger, value)] = value;
    this.#slots = larger;
  }
}
