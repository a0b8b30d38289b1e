import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { probeExecutable } from './executable.js';
import type { TemporalExecutable } from './executable.js';

/*
 * <cache>/temporal/<origin>/temporal…   one folder an origin (`go-1.5.1`, `sdk-1.24.0`), each holding one executable
 * <cache>/temporal/.partial-…           being made; becomes an origin's folder by one rename
 * <cache>/temporal/lock                 held by the one process that makes something
 */

/** The folder in `cache` that holds Temporal executables. */
export const temporalFolder = (cache: string): string => join(cache, 'temporal');

/**
 * Finds a usable executable in the cache.
 * @throws Error when there is none.
 */
export async function findCachedExecutable(cache: string, signal?: AbortSignal): Promise<TemporalExecutable> {
  const folder = temporalFolder(cache);
  const origins = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let reason = `nothing in ${folder}`;
  for (const origin of origins.filter((entry) => entry.isDirectory() && /^(go|sdk)-/.test(entry.name))) {
    for (const name of await readdir(join(folder, origin.name))) {
      try {
        return await probeExecutable(join(folder, origin.name, name), signal);
      } catch (error) {
        reason = (error as Error).message;
      }
    }
  }
  throw new Error(reason);
}

/**
 * Lets `make` put one executable into an empty folder, checks it and moves the folder into the cache in one step, in
 * place of a former one. Must be called with the cache's lock held; nothing is left of a `make` that fails.
 * @throws Error what `make` throws, or when what it made is not a usable Temporal CLI.
 */
export async function addToCache(
  cache: string,
  origin: string,
  make: (folder: string) => Promise<string>,
  signal?: AbortSignal
): Promise<TemporalExecutable> {
  const partial = await mkdtemp(join(temporalFolder(cache), '.partial-'));
  const target = join(temporalFolder(cache), origin);
  try {
    const name = await make(partial);
    await probeExecutable(join(partial, name), signal);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
    return await probeExecutable(join(target, name), signal);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes what processes that were killed half-way left. Must be called with the cache's lock held. */
export async function sweepPartials(cache: string): Promise<void> {
  const folder = temporalFolder(cache);
  for (const name of await readdir(folder)) {
    if (name.startsWith('.partial-')) await rm(join(folder, name), { recursive: true, force: true });
  }
}
