import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, realpath, rm, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import pg from 'pg';
import { startGuardedProcess } from '../../process/guarded-process.js';
import type { GuardedProcess } from '../../process/guarded-process.js';
import { PortError, checkPort } from '../../process/ports.js';
import { installPostgresBinaries } from './binaries.js';
import type { PostgresBinaries } from './binaries.js';
import {
  ADMIN_ROLE,
  checkClusterVersion,
  clusterPassword,
  initialiseCluster,
  locate,
  serverEnvironment,
} from './cluster.js';
import { serverUser } from './server-user.js';
import type { ServerUser } from './server-user.js';

/** The role and database that stand for Redshift's. */
export const WAREHOUSE_ROLE = 'sluice';
export const WAREHOUSE_DATABASE = 'salesdwh';

/** How {@link startPostgres} is to run the server. */
export interface PostgresOptions {
  /** Holds the cluster (`data`) and its password; made when absent. A later start on it finds the same data. */
  readonly folder: string;
  /** TCP port; a free one by default. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** False gives up safety against a crash of the machine (not of the server) for speed. */
  readonly durable: boolean;
}

/** A running PostgreSQL server. It ends when our process does. */
export interface PostgresServer {
  /** `postgres://sluice:<password>@<host>:<port>/salesdwh`. */
  readonly url: string;
  readonly port: number;
  /** Resolves with the server's exit code when it has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** Fast shutdown: open transactions are rolled back. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL 18 on a folder of its own, making the cluster on first use, and resolves when the database
 * `salesdwh` answers. Run by root it takes the user `postgres` or `nobody`.
 * @throws PortError when an asked-for port is in use; Error naming the server's process id when another server
 * has the folder open; with the tail of the server's output when it does not start
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const folder = resolve(options.folder);
  const host = options.host ?? '127.0.0.1';
  if (options.port !== undefined) await checkPort(options.port, 'PostgreSQL', host);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = await serverUser(join(folder, 'data'));
  const binaries = await installPostgresBinaries(user);
  const password = await clusterPassword(folder);
  await initialiseCluster(folder, binaries, password, user);
  await checkClusterVersion(folder, binaries);
  await awaitFormerServer(join(folder, 'data'));
  const settings = await serverSettings(options.durable);
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await getPort({ host }));
    const server = spawnServer(binaries, folder, user, [...settings, `listen_addresses=${host}`, `port=${port}`]);
    const failure = await becomeReady(server, { host, port, password });
    if (failure === undefined) {
      const url = `postgres://${WAREHOUSE_ROLE}:${password}@${host}:${port}/${WAREHOUSE_DATABASE}`;
      return { url, port, exited: server.exited, stop: () => server.stop(30_000) };
    }
    await server.stop();
    const output = server.output();
    const portTaken = /could not bind|Address already in use/i.test(output);
    if (portTaken && options.port !== undefined) throw new PortError(port, 'PostgreSQL', 'EADDRINUSE');
    const passing = portTaken || /pre-existing shared memory block/.test(output);
    if (!passing || attempt === 20) {
      throw new Error(`PostgreSQL did not start on ${folder}: ${failure}\n${output.slice(-2_000).trim()}`);
    }
    if (!portTaken) await sleep(250); // backends of a killed server take a moment to notice
  }
}

/** Fitted to a laptop with two cores and little memory to spare. */
async function serverSettings(durable: boolean): Promise<string[]> {
  const settings = [
    ...[
      `shared_buffers=${sharedBuffers()}MB`,
      'work_mem=64MB',
      'maintenance_work_mem=128MB',
      'effective_cache_size=1GB',
    ],
    ...['max_connections=100', 'max_wal_size=4GB', 'checkpoint_timeout=15min', 'random_page_cost=1.1', 'jit=off'],
    // each load analyses what it has filled: a fifth of the usual sample will do, and nothing waits for a vacuum
    ...['default_statistics_target=20', 'autovacuum_vacuum_insert_threshold=-1'],
    ...['wal_level=minimal', 'max_wal_senders=0', 'timezone=UTC', 'log_timezone=UTC', 'unix_socket_directories='],
    'password_encryption=scram-sha-256',
    // the log is our error text: it must tell why a start failed, and never carry a statement's values
    ...['log_min_messages=log', 'log_min_error_statement=panic', 'log_parameter_max_length=0', 'log_checkpoints=off'],
  ];
  // commits still reach the operating system one by one: a killed server loses nothing that it confirmed
  if (!durable) settings.push('fsync=off', 'full_page_writes=off');
  if (await sharedMemoryIsSmall()) settings.push('dynamic_shared_memory_type=mmap');
  return settings;
}

/** In MiB: a thirty-second part of the machine's memory, as much as 1,500,000 items need at most. */
function sharedBuffers(): number {
  return Math.min(512, Math.max(128, Math.floor(totalmem() / 32 / 2 ** 20)));
}

/** Containers have 64 MB in /dev/shm by default, too little for a parallel hash join. */
async function sharedMemoryIsSmall(): Promise<boolean> {
  const shm = await statfs('/dev/shm').catch(() => undefined);
  return process.platform === 'linux' && (shm === undefined || shm.blocks * shm.bsize < 512 * 1024 * 1024);
}

function spawnServer(
  binaries: PostgresBinaries,
  folder: string,
  user: ServerUser | undefined,
  settings: readonly string[]
): GuardedProcess {
  const location = locate(join(folder, 'data'), user);
  return startGuardedProcess({
    file: binaries.postgres,
    args: ['-D', location.data, ...settings.flatMap((setting) => ['-c', setting])],
    cwd: location.cwd,
    env: serverEnvironment(),
    uid: user?.uid,
    gid: user?.gid,
    stopSignal: 'INT', // PostgreSQL's fast shutdown
  });
}

/** @returns undefined when the warehouse database answers, else why it does not */
async function becomeReady(
  server: GuardedProcess,
  address: { host: string; port: number; password: string }
): Promise<string | undefined> {
  let ended: string | undefined;
  void server.exited.then((code) => (ended = `it ended with exit code ${code}`));
  const client = { user: ADMIN_ROLE, ...address, database: 'postgres', connectionTimeoutMillis: 5_000 };
  for (let delay = 10; ; delay = Math.min(delay * 1.5, 250)) {
    await sleep(delay);
    if (ended !== undefined) return ended;
    const connection = new pg.Client(client);
    connection.on('error', () => undefined);
    try {
      await connection.connect();
      await makeWarehouse(connection, address.password);
      return ended;
    } catch (error) {
      const code = (error as { code?: string }).code;
      // 57P03: starting up or recovering, which may take long after a kill; refused: not listening yet
      if (code !== '57P03' && code !== 'ECONNREFUSED') return ended ?? (error as Error).message;
    } finally {
      await connection.end().catch(() => undefined);
    }
  }
}

async function makeWarehouse(connection: pg.Client, password: string): Promise<void> {
  const { rows } = await connection.query<{ role: boolean; database: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role,
            EXISTS (SELECT FROM pg_database WHERE datname = $2) AS database`,
    [WAREHOUSE_ROLE, WAREHOUSE_DATABASE]
  );
  if (!rows[0]?.role) await connection.query(`CREATE ROLE ${WAREHOUSE_ROLE} LOGIN PASSWORD '${password}'`);
  if (!rows[0]?.database) await connection.query(`CREATE DATABASE ${WAREHOUSE_DATABASE} OWNER ${WAREHOUSE_ROLE}`);
}

/**
 * Makes way for a start on a folder whose last server was killed. PostgreSQL takes any live process with the noted id
 * for itself, though the id may long be another program's; and a server of a Sluice that just died is still stopping.
 */
async function awaitFormerServer(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  for (let waited = 0; existsSync(pidFile); waited += 100) {
    const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
    if (!(pid > 0) || !(await serves(pid, data))) {
      await rm(pidFile, { force: true });
      return;
    }
    if (waited >= 12_000)
      throw new Error(`${data} is in use by another PostgreSQL server (process ${pid}): stop the Sluice that runs it`);
    await sleep(100);
  }
}

async function serves(pid: number, data: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' && process.platform !== 'linux';
  }
  if (process.platform !== 'linux') return true;
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd !== undefined && cwd === (await realpath(data));
}
