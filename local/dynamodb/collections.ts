import { Readable } from 'node:stream';
import type { Database } from './change-log.js';
import type { Callback, DynaliteCollection, KeyRange, Release } from './dynalite.js';
import { itemKeyIn } from './item-key.js';
import type { KeyLocks } from './key-locks.js';

/** One call of an action: what it holds and how it fails when a callback of dynalite's throws. */
export class ActionCall {
  readonly #unlocks = new Set<() => void>();
  #fail: (error: unknown) => void = () => undefined;

  constructor(readonly locks: KeyLocks) {}

  /** Runs the action; a throw in any of its callbacks rejects and gives its locks back. */
  run<T>(action: () => Promise<T>): Promise<T> {
    const failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));
    return Promise.race([action(), failed]).finally(() => this.#unlocks.forEach((unlock) => unlock()));
  }

  /** Hands a promise's outcome to a Node callback. */
  callback<T>(promise: Promise<T>, done: Callback<T>): void {
    promise.then((value) => done(null, value), done).catch(this.#fail);
  }

  /** Calls back when the key is held; see {@link Release}. */
  lock(key: string, whenLocked: (release: Release) => void): void {
    const locked = this.locks.acquire([key]).then((release) => {
      const unlock = (): void => {
        if (this.#unlocks.delete(unlock)) release();
      };
      this.#unlocks.add(unlock);
      whenLocked((done) => (...args) => {
        unlock();
        done(...args);
      });
    });
    locked.catch(this.#fail);
  }
}

/** The range of a collection's keys, `prefix` ending in a slash, in the database's keys. */
function prefixedRange(prefix: string, range: KeyRange): KeyRange {
  const { gt, gte, lt, lte, ...rest } = range;
  const from = gt !== undefined ? { gt: prefix + gt } : { gte: prefix + (gte ?? '') };
  const end = `${prefix.slice(0, -1)}0`; // the character after the slash
  const to = lt !== undefined ? { lt: prefix + lt } : lte !== undefined ? { lte: prefix + lte } : { lt: end };
  return { ...rest, ...from, ...to };
}

/** Entries of the database under one prefix, as dynalite's actions want them. */
export class PrefixCollection implements DynaliteCollection {
  constructor(
    readonly db: Database,
    readonly call: ActionCall,
    readonly prefix: string
  ) {}

  lock(key: string, whenLocked: (release: Release) => void): void {
    this.call.lock(this.prefix + key, whenLocked);
  }

  get(key: string, done: Callback<unknown>): void {
    this.call.callback(
      this.db.get(this.prefix + key).then((text) => (text === undefined ? undefined : JSON.parse(text))),
      done
    );
  }

  put(key: string, value: unknown, done: Callback): void {
    this.call.callback(this.db.put(this.prefix + key, JSON.stringify(value)), done);
  }

  del(key: string, done: Callback): void {
    this.call.callback(this.db.del(this.prefix + key), done);
  }

  batch(
    operations: readonly { readonly type: 'put' | 'del'; readonly key: string; readonly value?: unknown }[],
    done: Callback
  ): void {
    const prefixed = operations.map(({ type, key, value }) =>
      type === 'put' ? { type, key: this.prefix + key, value: JSON.stringify(value) } : { type, key: this.prefix + key }
    );
    this.call.callback(this.db.batch(prefixed), done);
  }

  createKeyStream(range: KeyRange = {}): Readable {
    const { db, prefix } = this;
    return Readable.from(
      (async function* () {
        for await (const key of db.keys(prefixedRange(prefix, range))) yield key.slice(prefix.length);
      })()
    );
  }

  createValueStream(range: KeyRange = {}): Readable {
    return Readable.from(this.values(range));
  }

  /** Values in order of their keys, parsed. */
  protected async *values(range: KeyRange): AsyncGenerator<unknown> {
    for await (const text of this.db.values(prefixedRange(this.prefix, range))) yield JSON.parse(text) as unknown;
  }
}

const pageItems = 100;

/**
 * The entries of one secondary index. Those of an index that projects all attributes are references to the item, which
 * is read from the same snapshot as the index, so that a reader never sees an item under a key it no longer has. Their
 * value is empty: their key ends in the item's. In older data folders the value is the item's key as well.
 */
export class IndexCollection extends PrefixCollection {
  constructor(
    db: Database,
    call: ActionCall,
    prefix: string,
    readonly itemPrefix: string
  ) {
    super(db, call, prefix);
  }

  protected override async *values(range: KeyRange): AsyncGenerator<unknown> {
    const snapshot = this.db.snapshot();
    const entries = this.db.iterator({ ...prefixedRange(this.prefix, range), snapshot });
    try {
      for (;;) {
        const page = await entries.nextv(pageItems);
        if (page.length === 0) return;
        const references = page.filter(([, value]) => !value.startsWith('{'));
        const items = await this.db.getMany(
          references.map(([key, value]) => this.itemPrefix + (value === '' ? itemKeyIn(key) : value)),
          { snapshot }
        );
        let next = 0;
        for (const [, value] of page) {
          const item = value.startsWith('{') ? value : items[next++];
          if (item !== undefined) yield JSON.parse(item) as unknown;
        }
      }
    } finally {
      await entries.close();
      await snapshot.close();
    }
  }
}
