const firstCapacity = 16;
const fullestBucket = 8;
/** From this capacity on a full bucket becomes a tree instead of making the map grow. */
const treesFrom = 64;

/**
 * Keys in the order in which Java's HashMap iterates them: the official parser keeps tags and labels in such maps, and
 * prints them in that order. As in OpenJDK 8 to 17, without the trees it makes of buckets with more than eight keys.
 */
export class HashOrder {
  readonly #keys = new Set<string>();
  readonly #bucketSizes = new Map<number, number>();
  #capacity = 0;

  constructor(keys: Iterable<string> = []) {
    for (const key of keys) this.add(key);
  }

  /** A map made by `new HashMap<>(other)`, whose size fits what it holds. */
  static copyOf(other: HashOrder): HashOrder {
    const copy = new HashOrder();
    copy.addAll(other);
    return copy;
  }

  /** `put` of a key; one already there keeps its place. */
  add(key: string): void {
    if (this.#keys.has(key)) return;
    if (this.#capacity === 0) this.#capacity = firstCapacity;
    const bucket = this.#bucketOf(key);
    const before = this.#bucketSizes.get(bucket) ?? 0;
    this.#keys.add(key);
    this.#bucketSizes.set(bucket, before + 1);
    if (before >= fullestBucket && this.#capacity < treesFrom) this.#grow();
    if (this.#keys.size > this.#capacity * 0.75) this.#grow();
  }

  /** `putAll` of another map's keys. */
  addAll(other: HashOrder): void {
    const size = other.#keys.size;
    if (size === 0) return;
    if (this.#capacity === 0) {
      const wanted = Math.trunc(size / 0.75 + 1);
      this.#capacity = 1;
      while (this.#capacity < wanted) this.#capacity *= 2;
    } else {
      while (size > this.#capacity * 0.75) this.#grow();
    }
    for (const key of other) this.add(key);
  }

  /** The keys, bucket by bucket. */
  [Symbol.iterator](): Iterator<string> {
    return [...this.#keys].sort((a, b) => this.#bucketOf(a) - this.#bucketOf(b))[Symbol.iterator]();
  }

  #bucketOf(key: string): number {
    return spreadHash(key) & (this.#capacity - 1);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#bucketSizes.clear();
    for (const key of this.#keys) {
      const bucket = this.#bucketOf(key);
      this.#bucketSizes.set(bucket, (this.#bucketSizes.get(bucket) ?? 0) + 1);
    }
  }
}

/** `String.hashCode`, its upper half mixed into the lower one. */
function spreadHash(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0;
  return hash ^ (hash >>> 16);
}
