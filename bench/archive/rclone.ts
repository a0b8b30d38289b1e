import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFolderLock } from '../../local/process/folder-lock.js';
import { cacheFolder } from '../../local/process/user-folders.js';

const run = promisify(execFile);

/**
 * Builds rclone from the Go module proxy in the cache folder, once per version, and gives the path of the program. In
 * the module's own folder, since only there its go.sum counts. Undefined, with the reason on stderr, without Go or proxy.
 */
export async function rclone(version: string): Promise<string | undefined> {
  const folder = join(cacheFolder(), `rclone-${version}`);
  const program = join(folder, 'rclone');
  try {
    await mkdir(folder, { recursive: true });
    return await withFolderLock(`${folder}.lock`, async () => {
      const built = await access(program).then(
        () => true,
        () => false
      );
      if (built) return program;
      const { stdout } = await run('go', ['mod', 'download', '-json', `github.com/rclone/rclone@${version}`]);
      const { Dir } = JSON.parse(stdout) as { Dir: string };
      await run('go', ['build', '-trimpath', '-o', program, '.'], { cwd: Dir, maxBuffer: 64 * 1024 ** 2 });
      return program;
    });
  } catch (error) {
    process.stderr.write(`No rclone ${version}: ${(error as Error).message}\n`);
    return undefined;
  }
}
