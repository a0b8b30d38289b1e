import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFolderLock } from '../local/process/folder-lock.js';
import { cacheFolder } from '../local/process/user-folders.js';

const run = promisify(execFile);

/**
 * Makes a Python virtual environment with the given packages (pip requirement specifiers) in the cache folder, once per
 * set of packages, and gives its `bin` folder. Test files that ask for the same one at the same time share it.
 * Undefined, with the reason on stderr, when it cannot be made: no python3, or no registry within reach.
 */
export async function pythonVenv(packages: string[]): Promise<string | undefined> {
  const hash = createHash('sha256')
    .update(JSON.stringify([...packages].sort()))
    .digest('hex');
  const cache = cacheFolder();
  const folder = join(cache, `venv-${hash.slice(0, 16)}`);
  const ready = join(folder, 'ready');
  try {
    return await withFolderLock(`${folder}.lock`, async () => {
      if (!(await exists(ready))) await make(folder, packages);
      return join(folder, 'bin');
    });
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    process.stderr.write(`No Python environment with ${packages.join(', ')}: ${stderr?.trim() || message}\n`);
    return undefined;
  }
}

async function make(folder: string, packages: readonly string[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  // Scripts in a virtual environment name its path, so it is made in place and marked when it is whole.
  await run('python3', ['-m', 'venv', folder]);
  await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...packages], { timeout: 300_000 });
  await writeFile(join(folder, 'ready'), '');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  );
}
