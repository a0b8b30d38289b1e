import type { ClassicLevel } from 'classic-level';
import type { ResultRow } from './fields.js';
import { RETENTION_MS, STOPPED, TOKEN_MS, isTerminal } from './statement-record.js';
import type { Outcome, StatementRecord } from './statement-record.js';

/** Which request a client token belongs to. */
export interface TokenRecord {
  readonly id: string;
  /** SHA-256 over the request. */
  readonly fingerprint: string;
  readonly createdAt: number;
}

type Entry = StatementRecord | TokenRecord | readonly ResultRow[];

/** Statements, client tokens and result pages in the environment's database. */
export class StatementStore {
  readonly #level;

  constructor(db: ClassicLevel<string, string>) {
    this.#level = db.sublevel<string, Entry>('redshift-data', { valueEncoding: 'json' });
  }

  async statement(id: string): Promise<StatementRecord | undefined> {
    return (await this.#level.get(`statement:${id}`)) as StatementRecord | undefined;
  }

  async save(record: StatementRecord): Promise<void> {
    await this.#level.put(`statement:${record.id}`, record);
  }

  /** The record and its token appear together, so that an accepted token always finds its statement. */
  async accept(record: StatementRecord, token: string | undefined, fingerprint: string): Promise<void> {
    const known = { id: record.id, fingerprint, createdAt: record.createdAt };
    await this.#level.batch([
      { type: 'put', key: `statement:${record.id}`, value: record },
      ...(token === undefined ? [] : [{ type: 'put' as const, key: `token:${token}`, value: known }]),
    ]);
  }

  async token(token: string): Promise<TokenRecord | undefined> {
    const found = (await this.#level.get(`token:${token}`)) as TokenRecord | undefined;
    return found !== undefined && Date.now() - found.createdAt < TOKEN_MS ? found : undefined;
  }

  /** Newest first. */
  async statements(): Promise<StatementRecord[]> {
    const records: StatementRecord[] = [];
    for await (const value of this.#level.values({ gte: 'statement:', lt: 'statement;' })) {
      records.push(value as StatementRecord);
    }
    return records.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  async savePage(id: string, part: number, page: number, rows: readonly ResultRow[]): Promise<void> {
    await this.#level.put(pageKey(id, part, page), rows);
  }

  async page(id: string, part: number, page: number): Promise<readonly ResultRow[] | undefined> {
    return (await this.#level.get(pageKey(id, part, page))) as readonly ResultRow[] | undefined;
  }

  async deletePages(id: string): Promise<void> {
    await this.#level.clear({ gte: `page:${id}:`, lt: `page:${id};` });
  }

  /** Statements that another process of ours left running have no backend any more: nobody can say how they ended. */
  async failInterrupted(): Promise<void> {
    for (const record of await this.statements()) {
      if (isTerminal(record.status)) continue;
      const now = Date.now();
      const end = (outcome: Outcome): void => {
        outcome.status = 'FAILED';
        outcome.error = STOPPED;
        outcome.updatedAt = now;
      };
      record.parts.filter(({ status }) => !isTerminal(status)).forEach(end);
      end(record);
      await this.save(record);
    }
  }

  /** Deletes what AWS would have forgotten by now. */
  async expire(): Promise<void> {
    const now = Date.now();
    for (const record of await this.statements()) {
      if (!isTerminal(record.status) || now - record.updatedAt < RETENTION_MS) continue;
      await this.deletePages(record.id);
      await this.#level.del(`statement:${record.id}`);
    }
    for await (const [key, value] of this.#level.iterator({ gte: 'token:', lt: 'token;' })) {
      if (now - (value as TokenRecord).createdAt >= TOKEN_MS) await this.#level.del(key);
    }
  }
}

function pageKey(id: string, part: number, page: number): string {
  return `page:${id}:${part}:${String(page).padStart(8, '0')}`;
}
