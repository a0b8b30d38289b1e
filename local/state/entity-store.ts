import type { ClassicLevel } from 'classic-level';

/** The shared database's part of one service. */
export type ServiceLevel = ReturnType<typeof serviceLevel>;

/** The part of the shared database in which a local service, such as `glue`, keeps its state. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- abstract-level's generic is its own documentation
export function serviceLevel(db: ClassicLevel<string, string>, service: string) {
  return db.sublevel<string, unknown>(service, { valueEncoding: 'json' });
}

/** Entities of one kind by key, held in memory and written through to the database, in the order of their keys. */
export class EntityStore<T> {
  #last: Promise<void> = Promise.resolve();

  private constructor(
    private readonly level: { put(key: string, value: T): Promise<void>; del(key: string): Promise<void> },
    private readonly entities: Map<string, T>
  ) {}

  /** Loads what an earlier process has left. */
  static async open<T>(service: ServiceLevel, kind: string): Promise<EntityStore<T>> {
    const level = service.sublevel<string, T>(kind, { valueEncoding: 'json' });
    const entities = new Map<string, T>();
    for await (const [key, value] of level.iterator()) entities.set(key, value);
    return new EntityStore<T>(level, entities);
  }

  get(key: string): T | undefined {
    return this.entities.get(key);
  }

  /** Entities whose key starts with `prefix`, in code unit order of the keys. */
  list(prefix = ''): { readonly key: string; readonly value: T }[] {
    return [...this.entities]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => ({ key, value }));
  }

  async put(key: string, value: T): Promise<void> {
    this.entities.set(key, value);
    await this.#inTurn(() => this.level.put(key, value));
  }

  async delete(key: string): Promise<void> {
    this.entities.delete(key);
    await this.#inTurn(() => this.level.del(key));
  }

  /** The database does its writes on several threads; those of one store must keep their order. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#last.then(write);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** A compound key. The separator sorts below every character that Glue's names may have. */
export function compoundKey(...parts: readonly string[]): string {
  return parts.map((part) => `${part}\u0000`).join('');
}
