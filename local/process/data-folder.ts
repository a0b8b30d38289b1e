import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder that holds the data of a local AWS. */
export interface DataFolder {
  /** Absolute path. */
  readonly path: string;
  /** True when it was made for one run. */
  readonly temporary: boolean;
  /** Removes it if it is temporary. */
  remove(): Promise<void>;
}

/** Names of temporary data folders, as {@link openDataFolder} makes them. */
export const temporaryFolderName = /^sluice-data-[A-Za-z0-9]{6}$/;

/** Removes a folder in which a server that is just stopping may still make files. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

/**
 * Makes the folder when it is absent, or a temporary one when none is named.
 * @throws Error naming the folder when it cannot be made.
 */
export async function openDataFolder(path?: string): Promise<DataFolder> {
  if (path === undefined) {
    const made = await mkdtemp(join(tmpdir(), 'sluice-data-'));
    // PostgreSQL, which refuses to be root, must get through to its own folder, which only it can read.
    if (process.getuid?.() === 0) await chmod(made, 0o711);
    return { path: made, temporary: true, remove: () => removeFolder(made) };
  }
  const folder = resolve(path);
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new Error(`The data folder ${folder} cannot be made: ${error.message}`, { cause: error });
  });
  return { path: folder, temporary: false, remove: () => Promise.resolve() };
}
