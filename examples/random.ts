/** A small seeded generator of random numbers (mulberry32): the same seed gives the same numbers on every machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A generator for the `index`-th thing of a kind, so that it can be made again without those before it. */
  static of(seed: number, kind: number, index: number): Random {
    const mixed = Math.imul(seed ^ Math.imul(kind + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
    return new Random(mixed ^ (mixed >>> 15));
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)] as T;
  }
}

/**
 * Shares `total` among `count` receivers, at least one each, at random about the mean.
 * @returns a function that gives each receiver's share in turn
 */
export function shares(total: number, count: number, random: Random): () => number {
  let [left, receivers] = [total, count];
  return () => {
    const mean = left / receivers;
    const wanted = receivers === 1 ? left : 1 + Math.floor(random.next() * (2 * (mean - 1) + 1));
    const share = Math.min(wanted, left - (receivers - 1));
    left -= share;
    receivers -= 1;
    return share;
  };
}
