import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { cacheFolder } from '../process/user-folders.js';
import { withFolderLock } from '../process/folder-lock.js';
import { addToCache, findCachedExecutable, sweepPartials, temporalFolder } from './cached-executable.js';
import { checkServer } from './connection.js';
import { probeExecutable } from './executable.js';
import type { TemporalExecutable } from './executable.js';
import { buildWithGo, cliVersion } from './go-install.js';
import { downloadWithSdk, sdkVersion } from './sdk-download.js';
import { TemporalNotFoundError, tryInOrder } from './sources.js';
import type { TemporalSource } from './sources.js';

/** How a Temporal server is looked for. */
export interface FindTemporalOptions {
  /** Where `TEMPORAL_ADDRESS`, `PATH`, `SLUICE_CACHE`, `XDG_CACHE_HOME`, `HOME` are read. Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes each attempt and its failure, one line each. */
  readonly onEvent: (line: string) => void;
  readonly signal?: AbortSignal;
  /** How long the SDK's download may go without receiving anything, in milliseconds. Default 20 000. */
  readonly downloadStallMs?: number;
}

/** Paths at which a command can stand, in the order of `PATH`. An empty part means the current folder, as in a shell. */
export function pathCandidates(command: string, path: string | undefined): string[] {
  const folders = (path ?? '').split(delimiter).map((folder) => resolve(folder === '' ? '.' : folder));
  return path ? [...new Set(folders)].map((folder) => join(folder, command)) : [];
}

async function existing(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => [file],
        () => []
      )
    )
  );
  return found.flat();
}

/**
 * Finds a Temporal server to use, in this order: `TEMPORAL_ADDRESS`; `temporal` on PATH; one in the cache folder; the
 * SDK's own download; a build with `go install`. The last two are kept in the cache folder, and only one process at a
 * time makes them while others wait for it.
 * @throws Error when `TEMPORAL_ADDRESS` is set but does not answer: it is never passed over.
 * @throws TemporalNotFoundError when nothing works.
 */
export async function findTemporalServer(options: FindTemporalOptions): Promise<TemporalExecutable> {
  const { env = process.env, onEvent, signal } = options;
  if (env.TEMPORAL_ADDRESS) {
    const address = env.TEMPORAL_ADDRESS;
    await checkServer(env);
    onEvent(`Temporal: using the server at ${address} (TEMPORAL_ADDRESS)`);
    return { kind: 'server', address };
  }
  const onPath = await existing(pathCandidates('temporal', env.PATH));
  const cache = cacheFolder(env);
  const cached: TemporalSource = { name: 'cache', find: () => findCachedExecutable(cache, signal) };
  const atHand: TemporalSource[] = [
    ...onPath.map((file) => ({ name: 'PATH', find: () => probeExecutable(file, signal) })),
    ...(onPath.length > 0 ? [] : [{ name: 'PATH', find: () => Promise.reject(new Error('no `temporal` on it')) }]),
    cached,
  ];
  const fetched: TemporalSource[] = [
    {
      name: 'download by the Temporal SDK',
      find: () => {
        const download = (folder: string): Promise<string> =>
          downloadWithSdk(folder, { env, stallMs: options.downloadStallMs ?? 20_000, onEvent, signal });
        return addToCache(cache, `sdk-${sdkVersion}`, download, signal);
      },
    },
    {
      name: 'go install',
      find: async () => {
        const [go] = await existing(pathCandidates('go', env.PATH));
        if (go === undefined) throw new Error('no `go` on PATH');
        const build = (folder: string): Promise<string> => buildWithGo(go, folder, { env, cache, onEvent, signal });
        return addToCache(cache, `go-${cliVersion}`, build, signal);
      },
    },
  ];
  const first = await tryInOrder(atHand, onEvent, signal);
  if (first.found) return first.found;
  let waited = false;
  const onWait = (): void => {
    waited = true;
    onEvent('Temporal: another process is fetching the server; waiting for it');
  };
  const second = await withFolderLock(
    join(temporalFolder(cache), 'lock'),
    async () => {
      await sweepPartials(cache);
      // Who waited finds in the cache what the holder of the lock made.
      return tryInOrder(waited ? [cached, ...fetched] : fetched, onEvent, signal);
    },
    { signal, onWait }
  );
  if (second.found) return second.found;
  throw new TemporalNotFoundError([...first.failures, ...second.failures]);
}
