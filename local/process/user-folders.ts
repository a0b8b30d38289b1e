import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** The home folder, or undefined where the user has none (a container's bare user id, `env -i`). */
function home(env: NodeJS.ProcessEnv): string | undefined {
  if (env.HOME) return env.HOME;
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function userName(): string {
  const id = process.getuid?.();
  return id === undefined ? userInfo().username : String(id);
}

/** Makes a folder for this user alone and says why it cannot be used, or undefined when it can. */
function unusable(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A folder in the system's temporary one; its name can be guessed, so it must be ours and closed to others. */
function privateTemporaryFolder(name: string): string {
  const folder = join(tmpdir(), `sluice-${userName()}-${name}`);
  const problem = unusable(folder);
  if (problem !== undefined) throw new Error(`No folder for Sluice's ${name}: ${problem}. Set HOME or SLUICE_CACHE.`);
  const found = lstatSync(folder);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new Error(`${folder} belongs to another user. Set HOME, or SLUICE_CACHE and XDG_STATE_HOME.`);
  }
  chmodSync(folder, 0o700);
  return folder;
}

function firstUsable(wanted: string | undefined, name: string): string {
  return wanted !== undefined && unusable(wanted) === undefined ? wanted : privateTemporaryFolder(name);
}

/**
 * The folder for what can be fetched or built again, such as the Temporal server: `SLUICE_CACHE`, else
 * `XDG_CACHE_HOME/sluice`, else `~/.cache/sluice`, else (no home that can be written to) one in the temporary folder.
 * Made when absent, with mode 0700.
 * @throws Error when `SLUICE_CACHE` is set but cannot be used, or no folder can be made.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SLUICE_CACHE) {
    const folder = resolve(env.SLUICE_CACHE);
    const problem = unusable(folder);
    if (problem !== undefined) throw new Error(`SLUICE_CACHE cannot be used: ${problem}`);
    return folder;
  }
  const base = env.XDG_CACHE_HOME || (home(env) && join(home(env) as string, '.cache'));
  return firstUsable(base ? join(base, 'sluice') : undefined, 'cache');
}

/**
 * The folder for what this user's Sluice processes know of each other: `XDG_STATE_HOME/sluice`, else
 * `~/.local/state/sluice`, else one in the temporary folder. Made when absent, with mode 0700.
 * @throws Error when no folder can be made.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_STATE_HOME || (home(env) && join(home(env) as string, '.local', 'state'));
  return firstUsable(base ? join(base, 'sluice') : undefined, 'state');
}
