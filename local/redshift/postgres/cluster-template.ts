import { createHash } from 'node:crypto';
import { chownSync, constants, copyFileSync, lstatSync, mkdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import type { ServerUser } from './server-user.js';

/*
 * <programs>/cluster-<digest>/data         a cluster as initdb left it, whose role has no password yet; ours alone
 * <programs>/cluster-<digest>/files.json   what is in it: a cleaner of temporary folders takes files one by one
 */

/** A folder has no size. */
type Entry = readonly [path: string, size?: number];

const listFile = 'files.json';

/** @param options those of initdb: another set makes another template */
export function templateFolder(binaries: PostgresBinaries, options: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 12);
  return join(dirname(dirname(binaries.initdb)), `cluster-${digest}`);
}

/**
 * Copies the template to `data`, an empty folder, for `user`.
 * @returns false when there is no template or it is damaged, which removes it; `data` is empty then
 * @throws Error when `data` cannot be written, as on a full disk
 */
export async function copyTemplate(template: string, data: string, user: ServerUser | undefined): Promise<boolean> {
  const entries = await wholeTemplate(template);
  if (entries === undefined) return false;
  try {
    copyEntries(entries, join(template, 'data'), data, user);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await rm(data, { recursive: true }); // another start removes the template as damaged
    await mkdir(data, { mode: 0o700 });
    return false;
  }
}

/**
 * Keeps a copy of a new cluster for later ones. A cache only speeds things up: what hinders it is passed over.
 * @param data a cluster that no server has open
 */
export async function keepTemplate(template: string, data: string): Promise<void> {
  let partial: string | undefined;
  try {
    partial = await mkdtemp(join(dirname(dirname(template)), '.partial-')); // where those of the programs are swept
    const entries = await listEntries(data);
    mkdirSync(join(partial, 'data'), { mode: 0o700 });
    copyEntries(entries, data, join(partial, 'data'), undefined);
    await writeFile(join(partial, listFile), JSON.stringify(entries));
    await rename(partial, template);
  } catch {
    if (partial !== undefined) await rm(partial, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function wholeTemplate(template: string): Promise<Entry[] | undefined> {
  try {
    const entries = JSON.parse(await readFile(join(template, listFile), 'utf8')) as Entry[];
    for (const [path, size] of entries) {
      const found = lstatSync(join(template, 'data', path));
      if (size === undefined ? !found.isDirectory() : !found.isFile() || found.size !== size) throw new Error(path);
    }
    return entries;
  } catch {
    await rm(template, { recursive: true, force: true }).catch(() => undefined);
    return undefined;
  }
}

async function listEntries(data: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const list = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(data, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        entries.push([path]);
        await list(path);
      } else if (entry.isFile()) {
        entries.push([path, lstatSync(join(data, path)).size]);
      } else {
        throw new Error(`${path} is neither a file nor a folder`);
      }
    }
  };
  await list('');
  return entries;
}

/** In one go: a thousand files one by one through the thread pool take twice the time of the processor. */
function copyEntries(entries: readonly Entry[], from: string, to: string, user: ServerUser | undefined): void {
  for (const [path, size] of entries) {
    const target = join(to, path);
    if (size === undefined) mkdirSync(target, { mode: 0o700 });
    else copyFileSync(join(from, path), target, constants.COPYFILE_FICLONE);
    if (user !== undefined) chownSync(target, user.uid, user.gid);
  }
}
