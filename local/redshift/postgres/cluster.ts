import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFullMessage, saysDiskFull } from '../../gateway/disk-full.js';
import { startGuardedProcess } from '../../process/guarded-process.js';
import type { PostgresBinaries } from './binaries.js';
import { copyTemplate, keepTemplate, templateFolder } from './cluster-template.js';
import { NO_PASSWORD, scramVerifier } from './scram.js';
import type { ServerUser } from './server-user.js';

/** The role that owns the cluster. Statements run as the plain role `sluice`, which cannot reach files or programs. */
export const ADMIN_ROLE = 'sluice_admin';

/** The file of the catalog of roles, by its number in every version. */
const PG_AUTHID = '1260';

/** Where the server finds its cluster, as seen by its own user. */
export interface ClusterLocation {
  /** Value for `-D`. */
  readonly data: string;
  readonly cwd: string;
}

/**
 * A folder below a private one (`/root`, a 0700 temp folder) is closed to the server's user by its path. The working
 * directory is entered before root's rights are given up, and on Linux `/proc/self/cwd` leads there without a path.
 */
export function locate(data: string, user: ServerUser | undefined): ClusterLocation {
  return { data: user !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : data, cwd: data };
}

/** Only what the programs need: variables such as PGDATA or PGOPTIONS of the caller must not leak in. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** The cluster's password, made on first use and kept in `<folder>/password` for us alone. */
export async function clusterPassword(folder: string): Promise<string> {
  const path = join(folder, 'password');
  if (!existsSync(path)) {
    const partial = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(partial, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    // link() fails when the name exists, so of two first starts one wins whole
    await link(partial, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(partial);
  }
  const password = (await readFile(path, 'utf8')).trim();
  if (password === '')
    throw new Error(`${path} is empty: PostgreSQL's password is lost; delete ${folder} to start anew`);
  return password;
}

const initdbOptions = [
  ...['--username', ADMIN_ROLE, '--auth', 'scram-sha-256'],
  ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  '--no-sync',
  // with checksums the first look at a new row would log its page, which a load into a new file has just saved
  '--no-data-checksums',
  '--no-instructions',
];

/**
 * Makes `<folder>/data` unless it is there, with initdb or from what initdb made before. It appears whole or not at
 * all, so a start that was killed half-way or that ran beside another leaves nothing broken.
 * @throws Error with initdb's last output when it fails, as on a full disk
 */
export async function initialiseCluster(
  folder: string,
  binaries: PostgresBinaries,
  password: string,
  user: ServerUser | undefined
): Promise<void> {
  const target = join(folder, 'data');
  if (existsSync(target)) return;
  await removeAbandoned(folder);
  const stage = await mkdtemp(join(folder, '.initdb-'));
  const template = templateFolder(binaries, initdbOptions);
  try {
    const data = join(stage, 'data');
    await mkdir(data, { mode: 0o700 });
    if (!(await copyTemplate(template, data, user))) {
      await runInitdb(stage, data, binaries, user);
      await keepTemplate(template, data);
    }
    if (!(await givePassword(data, password))) {
      await rm(template, { recursive: true, force: true });
      throw new Error(`The new PostgreSQL cluster in ${folder} has no role that waits for its password: try again`);
    }
    await writeFile(join(data, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
    await giveTo(user, data);
    await rename(data, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new Error(`${diskFullMessage(folder)} PostgreSQL could not be set up.`, { cause: error });
    }
    if (!existsSync(target)) throw error; // otherwise another start was first
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function runInitdb(
  stage: string,
  data: string,
  binaries: PostgresBinaries,
  user: ServerUser | undefined
): Promise<void> {
  await writeFile(join(stage, 'password'), `${NO_PASSWORD}\n`, { mode: 0o600 });
  await giveTo(user, stage, data, join(stage, 'password'));
  const location = locate(data, user);
  const run = startGuardedProcess({
    file: binaries.initdb,
    args: ['--pgdata', location.data, '--pwfile', `${location.data}/../password`, ...initdbOptions],
    cwd: location.cwd,
    env: serverEnvironment(),
    uid: user?.uid,
    gid: user?.gid,
  });
  const code = await run.exited;
  if (user !== undefined) await chown(stage, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  if (code === 0) return;
  const output = run.output().slice(-2_000).trim();
  if (saysDiskFull(output)) throw Object.assign(new Error(output), { code: 'ENOSPC' });
  throw new Error(`initdb failed (exit code ${code}) in ${data}:\n${output}`);
}

/**
 * Lets the cluster's role in with the password, which no template has. No server has seen the cluster yet, its pages
 * have no checksums and a verifier always has the same length: it takes the other's place in pg_authid's file.
 * @returns false when no role waits for one
 */
async function givePassword(data: string, password: string): Promise<boolean> {
  const path = join(data, 'global', PG_AUTHID);
  const pages = await readFile(path);
  const verifier = scramVerifier(password);
  let at = pages.indexOf(NO_PASSWORD);
  if (at === -1) return false;
  for (; at !== -1; at = pages.indexOf(NO_PASSWORD, at)) pages.write(verifier, at, 'latin1');
  await writeFile(path, pages);
  return true;
}

/** @throws Error when the cluster was made by another major version of PostgreSQL */
export async function checkClusterVersion(folder: string, binaries: PostgresBinaries): Promise<void> {
  const found = (await readFile(join(folder, 'data', 'PG_VERSION'), 'utf8')).trim();
  if (found !== binaries.majorVersion) {
    throw new Error(
      `${folder} was made by PostgreSQL ${found}, and this is PostgreSQL ${binaries.majorVersion}: delete the folder to start anew`
    );
  }
}

async function giveTo(user: ServerUser | undefined, ...paths: string[]): Promise<void> {
  if (user === undefined) return;
  for (const path of paths) await chown(path, user.uid, user.gid);
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.initdb-')) continue;
    const path = join(folder, name);
    const stat = await lstat(path).catch(() => undefined);
    if (stat === undefined || Date.now() - stat.mtimeMs < 600_000) continue;
    await chmod(path, 0o700);
    await rm(path, { recursive: true, force: true });
  }
}
