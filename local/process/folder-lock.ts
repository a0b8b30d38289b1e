import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';

/** True when a LevelDB could not be opened because another process, or this one, has it open. */
export function isLocked(error: unknown): boolean {
  const cause = (error as { cause?: { code?: string } }).cause;
  return cause?.code === 'LEVEL_LOCKED';
}

/**
 * Runs `work` while no other process that calls this with the same folder does. The lock is LevelDB's own on its
 * folder: the operating system lets go of it when the holder ends in any way, so a lock is never left behind.
 * @param onWait called once when the lock is held by another.
 * @throws Error when the folder cannot be made, the reason of `signal` when it is aborted, or what `work` throws.
 */
export async function withFolderLock<Result>(
  folder: string,
  work: () => Promise<Result>,
  options: { readonly onWait?: () => void; readonly signal?: AbortSignal } = {}
): Promise<Result> {
  await mkdir(folder, { recursive: true });
  for (let attempt = 0; ; attempt += 1) {
    const lock = new ClassicLevel(folder);
    try {
      await lock.open();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (attempt === 0) options.onWait?.();
      await setTimeout(250, undefined, { signal: options.signal });
      continue;
    }
    try {
      return await work();
    } finally {
      await lock.close();
    }
  }
}
