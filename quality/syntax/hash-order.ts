/**
 * Keys in the order in which Java's HashMap iterates them: the official parser keeps tags and labels in such maps, and
 * prints them in that order. Buckets as in OpenJDK 8 to 17, without the trees that it makes of very full ones.
 */
export class HashOrder {
  readonly #keys = new Set<string>();
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
    this.#keys.add(key);
    if (this.#capacity === 0) this.#capacity = 16;
    while (this.#keys.size > this.#capacity * 0.75) this.#capacity *= 2;
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
      while (size > this.#capacity * 0.75) this.#capacity *= 2;
    }
    for (const key of other) this.add(key);
  }

  /** The keys, bucket by bucket. */
  [Symbol.iterator](): Iterator<string> {
    const bucketOf = (key: string) => spreadHash(key) & (this.#capacity - 1);
    return [...this.#keys].sort((a, b) => bucketOf(a) - bucketOf(b))[Symbol.iterator]();
  }
}

/** `String.hashCode`, its upper half mixed into the lower one. */
function spreadHash(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0;
  return hash ^ (hash >>> 16);
}
