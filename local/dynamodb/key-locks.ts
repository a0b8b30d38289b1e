/** Mutual exclusion by key. Several keys are taken together, in one turn, so that holders never wait in a circle. */
export class KeyLocks {
  readonly #queues = new Map<string, (() => void)[]>();

  /** Resolves when this caller holds all of the keys (which must differ), with the function that releases them. */
  acquire(keys: readonly string[]): Promise<() => void> {
    let missing = keys.length;
    return new Promise((resolve) => {
      const release = (): void => keys.forEach((key) => this.#releaseOne(key));
      const acquired = (): void => {
        missing -= 1;
        if (missing === 0) resolve(release);
      };
      for (const key of keys) {
        const queue = this.#queues.get(key);
        if (queue === undefined) {
          this.#queues.set(key, [acquired]);
          acquired();
        } else {
          queue.push(acquired);
        }
      }
    });
  }

  #releaseOne(key: string): void {
    const queue = this.#queues.get(key);
    queue?.shift();
    const next = queue?.[0];
    if (next === undefined) this.#queues.delete(key);
    else next();
  }
}
