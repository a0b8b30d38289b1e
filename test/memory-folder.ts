import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOfKilledRuns } from './killed-runs.js';

const shared = '/dev/shm';
const prefix = 'sluice-tests-';
const GIB = 2 ** 30;

/**
 * Makes a temporary folder in memory for this test run, or gives undefined where `TMPDIR` names one, memory is short,
 * the folder in memory cannot run programs, or the system has none. A run makes and deletes some hundred thousand small
 * files, of PostgreSQL most of all; in memory they take half of the system's time that a disk takes, and ext4 without a
 * journal searches long for an inode that was not just deleted.
 */
export function makeMemoryFolder(): string | undefined {
  if (process.env['TMPDIR'] !== undefined || !existsSync(shared)) return undefined;
  for (const left of foldersOfKilledRuns(shared, prefix)) removeMemoryFolder(left);
  const { bavail, bsize } = statfsSync(shared);
  if (bavail * bsize < 6 * GIB || process.availableMemory() < 10 * GIB) return undefined;
  const folder = join(shared, `${prefix}${process.pid}`);
  try {
    mkdirSync(folder);
    chmodSync(folder, 0o1777); // as /tmp: some tests run programs as another user
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    if (spawnSync(program).status === 0) {
      rmSync(program);
      return folder;
    }
  } catch {
    // not ours to write
  }
  removeMemoryFolder(folder);
  return undefined;
}

/** Removes what {@link makeMemoryFolder} made, as far as it can: a test that failed may have left a disk mounted. */
export function removeMemoryFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // the next run tries again
  }
}
