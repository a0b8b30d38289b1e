import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, Json } from '@duckdb/node-api';

/** What one job may take of the machine. */
export interface DuckDbLimits {
  /** DuckDB's `memory_limit`, such as `1GB`. */
  readonly memoryLimit: string;
  readonly threads: number;
}

/** A DuckDB database of one job run, in memory; what is beyond the memory limit spills into the run's own folder. */
export interface DuckDbSession {
  /** Runs a statement and returns how many rows it changed (0 for statements that change none). */
  run(sql: string): Promise<number>;
  /** Runs a query whose result is small and returns its rows, numbers above 32 bits as text. */
  rows(sql: string): Promise<Record<string, Json>[]>;
  /** Lends the connection to work that runs statements by itself; an abort interrupts those too. */
  lend<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): void;
}

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
  if (bytes > largeBytes && limits.memoryLimit === undefined) await session.run(`SET memory_limit = '400MB'`);
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
  const { DuckDBInstance } = await import('@duckdb/node-api'); // with the first job: it takes a fifth of a second
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: limits.memoryLimit ?? '800MB',
    threads: String(limits.threads ?? Math.min(2, availableParallelism())),
    temp_directory: join(folder, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
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
    lend: (work) => guarded(() => work(connection)),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
  await session.run(`SET TimeZone = 'UTC'`);
  return session;
}
