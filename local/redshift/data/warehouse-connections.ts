import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { PoolClient } from 'pg';
import { installFunctions } from '../dialect/install-functions.js';

/** Longest run of a statement, as on AWS. */
const MAX_QUERY_MS = 24 * 3_600_000;

/** A connection in use by one statement or session. */
export interface WarehouseConnection {
  readonly client: PoolClient;
  /** The backend's process id, the Data API's `RedshiftPid`. */
  readonly pid: number;
  /** For backpressure: pausing it makes the server wait. */
  readonly socket: Duplex;
}

/** The warehouse cannot be reached; says so without the password. */
export class WarehouseUnreachableError extends Error {
  constructor(cause: unknown) {
    super(
      `Connection to the warehouse failed: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`,
      { cause }
    );
    this.name = 'WarehouseUnreachableError';
  }
}

/** A connection that breaks under a statement tells the statement; without a listener it would end our process too. */
function ignore(): void {}

/** Connections to the PostgreSQL server that stands for Redshift, pooled per database. */
export class WarehouseConnections {
  readonly #url: URL;
  readonly #size: number;
  readonly #pools = new Map<string, { pool: pg.Pool; prepared: Promise<void> | undefined }>();

  /** @param size most connections to one database */
  constructor(url: string, size: number) {
    this.#url = new URL(url);
    this.#size = size;
  }

  /**
   * Hands out a connection in the state of a fresh session.
   * @throws WarehouseUnreachableError when the server does not answer or refuses the database
   */
  async acquire(database: string): Promise<WarehouseConnection> {
    const entry = this.#pool(database);
    const client = await entry.pool.connect().catch((error: unknown) => {
      throw new WarehouseUnreachableError(error);
    });
    client.on('error', ignore);
    try {
      entry.prepared ??= installFunctions(client);
      await entry.prepared;
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      // pg's typings leave out the connection, though reading large results slowly needs it
      const { connection } = client as unknown as { connection: { stream: Duplex } };
      return { client, pid: rows[0]?.pid ?? 0, socket: connection.stream };
    } catch (error) {
      entry.prepared = undefined;
      client.off('error', ignore);
      client.release(true);
      throw new WarehouseUnreachableError(error);
    }
  }

  /** Takes a connection back. One that a cancel was sent to is closed: a late signal would hit the next statement. */
  async release({ client }: WarehouseConnection, broken = false): Promise<void> {
    const clean =
      !broken &&
      (await client
        .query('ROLLBACK')
        .then(() => client.query('DISCARD ALL'))
        .then(
          () => true,
          () => false
        ));
    client.off('error', ignore);
    client.release(!clean);
  }

  /**
   * Interrupts what a backend is doing.
   * @throws WarehouseUnreachableError when the server does not answer
   */
  async cancelBackend(database: string, pid: number): Promise<void> {
    const client = new pg.Client(this.#config(database));
    client.on('error', ignore);
    try {
      await client.connect();
      await client.query('SELECT pg_cancel_backend($1)', [pid]);
    } catch (error) {
      throw new WarehouseUnreachableError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Closes idle connections; those in use end with their statement. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.end()));
  }

  #pool(database: string): { pool: pg.Pool; prepared: Promise<void> | undefined } {
    let entry = this.#pools.get(database);
    if (entry === undefined) {
      const pool = new pg.Pool({
        ...this.#config(database),
        max: this.#size,
        idleTimeoutMillis: 30_000,
        allowExitOnIdle: true,
      });
      pool.on('error', () => undefined); // an idle connection that broke is replaced on the next use
      entry = { pool, prepared: undefined };
      this.#pools.set(database, entry);
    }
    return entry;
  }

  #config(database: string): pg.ClientConfig {
    return {
      host: this.#url.hostname,
      port: Number(this.#url.port || 5432),
      user: decodeURIComponent(this.#url.username),
      password: decodeURIComponent(this.#url.password),
      database,
      application_name: 'redshift-data',
      connectionTimeoutMillis: 10_000,
      statement_timeout: MAX_QUERY_MS,
    };
  }
}
