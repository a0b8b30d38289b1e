import type { ChainedBatch } from 'classic-level';
import type { Database, Entry } from './change-log.js';

// Chained, because handing a batch over as an array of objects takes the main thread twice as long.
type Batch = ChainedBatch<Database, string, string>;

interface Group {
  readonly batch: Batch;
  readonly written: Promise<void>;
}

/**
 * Writes to the database in one batch at a time: what is added while one is being written makes up the next. Handing a
 * batch to another thread costs more than what a small one takes there.
 */
export class WriteGroups {
  #open: Group | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly db: Database) {}

  /** Writes all of the entries or, rejecting, none; those added before are written before. */
  async add(entries: readonly Entry[]): Promise<void> {
    const { batch, written } = (this.#open ??= this.#begin());
    for (const [key, value] of entries) {
      if (value === undefined) batch.del(key);
      else batch.put(key, value);
    }
    await written;
  }

  /** Resolves when all that was added before this call is in the database or has failed. */
  async settled(): Promise<void> {
    await this.#last;
  }

  #begin(): Group {
    const batch = this.db.batch();
    const written = this.#last.then(() => {
      this.#open = undefined;
      return batch.write();
    });
    this.#last = written.catch(() => undefined); // told to those who added
    return { batch, written };
  }
}
