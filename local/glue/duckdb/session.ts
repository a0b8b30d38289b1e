import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { lendInstance } from './instances.js';
import type { DuckDbLimits } from './instances.js';

/** A DuckDB database of one job run, in memory; what is beyond the memory limit spills into the run's own folder. */
export interface DuckDbSession {
  /** Runs a statement and returns how many rows it changed (0 for those that change none). Settings must be taken back. */
  run(sql: string): Promise<number>;
  /** Runs a query whose result is small and returns its rows, numbers above 32 bits as text. */
  rows(sql: string): Promise<Record<string, Json>[]>;
  /** Lends the connection to work that runs statements by itself; an abort interrupts those too. */
  lend<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): void;
}

const database = 'job_run';
const largeBytes = 200_000_000;

/**
 * Halves the memory limit, unless one was configured, before so many compressed bytes are read: they spill in any case,
 * and DuckDB's readers and writers then hold some 500 MB outside the limit, which the process is to stay in bounds with.
 */
export async function limitForBytes(
  session: DuckDbSession,
  bytes: number,
  limits: Partial<DuckDbLimits>
): Promise<void> {
  if (bytes <= largeBytes || limits.memoryLimit !== undefined) return;
  await session.lend((connection) => connection.run(`SET memory_limit = '400MB'`)); // stays in the instance
}

/** Lets at most `slots` holders in at once. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}

/*
 * A DuckDB statement occupies a thread of libuv's pool until it ends. Two threads are always left to the file system
 * calls of the other local services in this process; without them the local S3 would stall while jobs run.
 */
const statementGate = new Gate(Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) - 2));

/** Makes an empty database and a connection to it, in an instance of the session's own. */
async function openDatabase(
  limits: Partial<DuckDbLimits>,
  spill: string
): Promise<{ readonly connection: DuckDBConnection; readonly giveBack: (clean: boolean) => void }> {
  for (;;) {
    const { instance, used, giveBack } = await lendInstance(limits);
    try {
      const connection = await instance.connect();
      // In one call: each of its own wakes another thread, which takes longer than the statement.
      await connection.run(
        `SET temp_directory = '${spill.replaceAll("'", "''")}'; ATTACH ':memory:' AS ${database}; USE ${database};
         SET TimeZone = 'UTC'`
      );
      return { connection, giveBack };
    } catch (error) {
      giveBack(false);
      if (!used) throw error;
    }
  }
}

/** Drops the session's database and ends its connection; false when the instance must not be used again. */
async function dropDatabase(connection: DuckDBConnection): Promise<boolean> {
  try {
    await connection.run(`USE memory; DETACH ${database}`);
    return true;
  } catch {
    return false;
  } finally {
    connection.closeSync();
  }
}

/**
 * Opens a database that spills into `folder`. When `signal` is aborted the running statement is interrupted and rejects,
 * and so does every later one.
 * @throws Error from DuckDB, whose message may quote data: see `describeFailure`.
 */
export async function openDuckDb(
  folder: string,
  signal: AbortSignal,
  limits: Partial<DuckDbLimits> = {}
): Promise<DuckDbSession> {
  const spill = join(folder, 'spill');
  const { connection, giveBack } = await openDatabase(limits, spill);
  let clean = true; // of what stays in the instance when the session's own database is gone
  let closed = false;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    const leave = await statementGate.enter();
    // An interrupt before the statement has begun is lost, so it is repeated until the statement ends.
    let repeat: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      repeat = setInterval(() => connection.interrupt(), 50);
    };
    try {
      signal.throwIfAborted();
      signal.addEventListener('abort', interrupt, { once: true });
      return await work();
    } catch (error) {
      clean = false;
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', interrupt);
      clearInterval(repeat);
      leave();
    }
  };
  const session: DuckDbSession = {
    run: (sql) =>
      guarded(async () => {
        const result = await connection.run(sql);
        const [count] = result.columnNames()[0] === 'Count' ? (await result.getColumnsJson()).flat() : [];
        return Number(count ?? 0);
      }),
    rows: (sql) =>
      guarded(async () => {
        const reader = await connection.runAndReadAll(sql);
        return reader.getRowObjectsJson();
      }),
    lend: (work) => {
      clean = false;
      return guarded(() => work(connection));
    },
    close: () => {
      if (closed) return;
      closed = true;
      // An instance that has spilled keeps its temporary folder.
      if (clean && !signal.aborted && !existsSync(spill)) {
        void dropDatabase(connection).then(giveBack);
      } else {
        connection.closeSync();
        giveBack(false);
      }
    },
  };
  return session;
}
