import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the folders named by a prefix and the number of a test run's process, of runs that are over. */
export function foldersOfKilledRuns(parent: string, prefix: string): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length))))
    .map((name) => join(parent, name));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
