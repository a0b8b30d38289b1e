import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFunctions } from '../../../local/redshift/dialect/install-functions.js';
import { translate } from '../../../local/redshift/dialect/translate.js';
import { startPostgres } from '../../../local/redshift/index.js';
import { temporaryFolder } from './local-redshift.js';

const program = fileURLToPath(new URL('./run-postgres.ts', import.meta.url));
const checkout = dirname(dirname(dirname(dirname(program))));
const isRoot = process.getuid?.() === 0;
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts the program and waits for its URL. */
async function startProgram(
  data: string,
  options: { uid?: number; env?: NodeJS.ProcessEnv; then?: string } = {}
): Promise<{ child: ChildProcess; url: string }> {
  const args = ['--import', 'tsx', program, data, ...(options.then === undefined ? [] : [options.then])];
  const child = spawn(process.execPath, args, {
    cwd: checkout,
    uid: options.uid,
    gid: options.uid,
    env: { ...process.env, ...options.env },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(() => undefined);
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) ?? [];
  if (line === undefined) throw new Error(`the program did not start PostgreSQL: ${output}`);
  return { child, url: String(line).trim() };
}

async function postmasterPid(data: string): Promise<number> {
  return Number((await readFile(join(data, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

describe('startPostgres', () => {
  it('makes a database on loopback that needs its password, set up as Redshift is', async () => {
    const server = await startPostgres({ folder, durable: false });
    try {
      expect(server.url).toMatch(/^postgres:\/\/sluice:[0-9a-f]{48}@127\.0\.0\.1:\d+\/salesdwh$/);
      expect(
        await query(
          server.url,
          `SELECT current_user::text AS role, rolsuper AS super, current_setting('server_version_num')::int / 10000 AS version,
                  current_setting('TimeZone') AS zone, current_setting('jit') AS jit, current_setting('server_encoding') AS encoding,
                  current_setting('listen_addresses') AS host,
                  current_setting('fsync') AS fsync, upper('é') AS upper, 'a' > 'Z' AS bytewise
             FROM pg_roles WHERE rolname = current_user`
        )
      ).toEqual([
        {
          role: 'sluice',
          super: false,
          version: 18,
          zone: 'UTC',
          jit: 'off',
          encoding: 'UTF8',
          host: '127.0.0.1',
          fsync: 'off',
          upper: 'É',
          bytewise: true,
        },
      ]);
      await expect(query(server.url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
        code: '28P01',
      });
      expect((await stat(join(folder, 'password'))).mode & 0o077).toBe(0);
      expect(existsSync(`/tmp/.s.PGSQL.${server.port}`)).toBe(false);
    } finally {
      await server.stop();
    }
    expect(await server.exited).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['data', 'password']);
  });

  it('finds its data again, after a stop and after a kill', async () => {
    const first = await startPostgres({ folder, durable: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS a');
    await first.stop();
    const second = await startPostgres({ folder, durable: false });
    await query(second.url, 'INSERT INTO kept VALUES (2)');
    process.kill(await postmasterPid(folder), 'SIGKILL');
    expect(await second.exited).toBe(137);
    expect(existsSync(join(folder, 'data', 'postmaster.pid'))).toBe(true);
    const third = await startPostgres({ folder, durable: false });
    try {
      expect(await query(third.url, 'SELECT a FROM kept ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);
    } finally {
      await third.stop();
    }
  });

  it('finds what a procedure filled anew after a kill, though a reader was in its way once', async () => {
    const first = await startPostgres({ folder, durable: true });
    const reader = new pg.Client({ connectionString: first.url });
    await reader.connect();
    await installFunctions(reader);
    await query(first.url, 'CREATE TABLE filled (a integer)');
    await query(
      first.url,
      translate(`CREATE PROCEDURE fill(v_from integer) AS $$
        BEGIN
          DELETE FROM filled;
          INSERT INTO filled SELECT generate_series(v_from, v_from + 99999);
        END;
        $$ LANGUAGE plpgsql`).sql
    );
    const sum = 'SELECT count(*)::int AS n, min(a) AS least FROM filled';
    const file = async (): Promise<unknown> => query(first.url, `SELECT pg_relation_filenode('filled') AS file`);
    const files = [await file()];
    for (const from of [1, 2]) {
      await query(first.url, `CALL fill(${from})`);
      files.push(await file());
    }
    expect(new Set(files.map((one) => JSON.stringify(one))).size, 'each made the table anew').toBe(3);
    await reader.query('BEGIN; SELECT 1 FROM filled LIMIT 1');
    await query(first.url, 'CALL fill(3)');
    expect(await file()).toEqual(files[2]);
    await reader.query('COMMIT');
    expect((await reader.query(sum)).rows).toEqual([{ n: 100_000, least: 3 }]);
    await query(first.url, 'CALL fill(4)');
    reader.on('error', () => undefined);
    process.kill(await postmasterPid(folder), 'SIGKILL');
    await first.exited;
    const second = await startPostgres({ folder, durable: true });
    try {
      expect(await query(second.url, sum)).toEqual([{ n: 100_000, least: 4 }]);
    } finally {
      await reader.end().catch(() => undefined);
      await second.stop();
    }
  });

  it('is not held up by a process that has the number of its former server', async () => {
    await (await startPostgres({ folder, durable: false })).stop();
    const { uid } = await stat(join(folder, 'data'));
    const stranger = spawn('/bin/sleep', ['120'], { uid, cwd: '/' });
    const pidFile = join(folder, 'data', 'postmaster.pid');
    await writeFile(pidFile, `${stranger.pid}\n${join(folder, 'data')}\n1700000000\n5432\n\n127.0.0.1\n\nready\n`);
    await chown(pidFile, uid, uid);
    const server = await startPostgres({ folder, durable: false });
    await server.stop();
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
    stranger.kill('SIGKILL');
  });

  it('runs two at the same time, from a first start on', async () => {
    const folders = [join(folder, 'one'), join(folder, 'two')];
    const servers = await Promise.all(folders.map((each) => startPostgres({ folder: each, durable: false })));
    try {
      expect(new Set(servers.map(({ port }) => port)).size).toBe(2);
      for (const { url } of servers) expect(await query(url, 'SELECT 1 AS a')).toEqual([{ a: 1 }]);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  it('refuses a folder that another server has open, naming it', { timeout: 60_000 }, async () => {
    const server = await startPostgres({ folder, durable: false });
    try {
      await expect(startPostgres({ folder, durable: false })).rejects.toThrow(
        `in use by another PostgreSQL server (process ${await postmasterPid(folder)})`
      );
      expect(await query(server.url, 'SELECT 1 AS a')).toEqual([{ a: 1 }]);
    } finally {
      await server.stop();
    }
  });

  it('takes the port that is asked for, and names it when it is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    await expect(startPostgres({ folder, port, durable: false })).rejects.toMatchObject({ name: 'PortError', port });
    blocker.close();
    await once(blocker, 'close');
    const server = await startPostgres({ folder, port, durable: false });
    await server.stop();
    expect(server.port).toBe(port);
  });

  it('goes when its process is killed', async () => {
    const { child, url } = await startProgram(folder);
    const pid = await postmasterPid(folder);
    expect(await query(url, 'SELECT 1 AS a')).toEqual([{ a: 1 }]);
    child.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    await (await startPostgres({ folder, durable: false })).stop();
  });

  it('tells why a cluster does not start', async () => {
    await (await startPostgres({ folder, durable: false })).stop();
    const { uid } = await stat(join(folder, 'data'));
    const control = join(folder, 'data', 'global', 'pg_control');
    await writeFile(control, 'broken');
    await chown(control, uid, uid);
    await expect(startPostgres({ folder, durable: false })).rejects.toThrow(
      /PostgreSQL did not start on .*\n.*pg_control/s
    );
    await writeFile(join(folder, 'data', 'PG_VERSION'), '12\n');
    await expect(startPostgres({ folder, durable: false })).rejects.toThrow(
      /made by PostgreSQL 12, and this is PostgreSQL 18/
    );
  });

  const tmpfs = isRoot && spawnSync('mount', ['-V']).status === 0;
  it.skipIf(!tmpfs)('tells when the disk is full, and leaves nothing half-made', async (context) => {
    const small = join(folder, 'small');
    await mkdir(small);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', small]).status !== 0)
      return context.skip('no right to mount');
    try {
      await expect(startPostgres({ folder: small, durable: false })).rejects.toThrow(
        `The disk that holds ${small} is full`
      );
      expect(await readdir(small)).toEqual(['password']);
    } finally {
      spawnSync('umount', [small]);
    }
  });
});

describe('as an ordinary user', () => {
  /** `nobody`, when we are root; the tests above run as root then. */
  const nobody = 65_534;
  const reachable =
    isRoot &&
    spawnSync('/bin/sh', ['-c', 'cd "$0" && "$1" -v', checkout, process.execPath], { uid: nobody, cwd: '/' }).status ===
      0;

  it.skipIf(!reachable)('starts, twice at once on an empty cache', async () => {
    const home = await mkdtemp(join(tmpdir(), 'sluice home '));
    await chmod(folder, 0o755);
    await chown(home, nobody, nobody);
    const folders = [join(home, 'one'), join(home, 'two')];
    const env = { HOME: home, TMPDIR: home, XDG_CACHE_HOME: join(home, 'cache'), SLUICE_CACHE: undefined };
    try {
      const programs = await Promise.all(folders.map((each) => startProgram(each, { uid: nobody, env, then: 'stop' })));
      await Promise.all(programs.map(({ child }) => (child.exitCode === null ? once(child, 'exit') : undefined)));
      expect(programs.map(({ child }) => child.exitCode)).toEqual([0, 0]);
      expect((await stat(join(home, 'one', 'data'))).uid).toBe(nobody);
      // one copy of the programs, nothing left over
      expect(await readdir(join(home, 'cache', 'sluice'))).toEqual([expect.stringMatching(/^embedded-postgres-/)]);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  it.skipIf(!reachable)('starts without a home', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'sluice tmp '));
    await chown(temporary, nobody, nobody);
    const env = { HOME: '/nonexistent', TMPDIR: temporary, XDG_CACHE_HOME: undefined, SLUICE_CACHE: undefined };
    try {
      const { child } = await startProgram(join(temporary, 'data'), { uid: nobody, env, then: 'stop' });
      if (child.exitCode === null) await once(child, 'exit');
      expect(child.exitCode).toBe(0);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
});
