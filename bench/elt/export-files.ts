import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../local/process/user-folders.js';

/** A data file of an export, gzip-compressed JSON lines. */
export interface ExportFile {
  readonly path: string;
  readonly items: number;
  /** Base64. */
  readonly md5: string;
}

const parts = 4; // as many partitions as a new on-demand table has
const script = join(import.meta.dirname, 'write-export-part.ts');
/** To be raised when the generator's items change. */
const version = 1;

async function writePart(items: number, part: number, path: string): Promise<ExportFile> {
  const args = ['--import', 'tsx', script, ...[items, part, parts].map(String), path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`Part ${part} of the export ended with ${code}`);
  const { items: written, md5 } = JSON.parse(out) as { items: number; md5: string };
  return { path, items: written, md5 };
}

/**
 * The data files of an export of the bench's table of so many items, from the cache folder or made there: about 45 bytes
 * and 25 µs an item.
 */
export async function exportFiles(items: number): Promise<readonly ExportFile[]> {
  const folder = join(cacheFolder(), `bench-export-${version}-${items}`);
  const list = join(folder, 'files.json');
  if (!existsSync(list)) {
    const work = `${folder}.${process.pid}`;
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    const files: ExportFile[] = [];
    for (let part = 0; part < parts; part += 2) {
      const two = [part, part + 1].map((one) => writePart(items, one, join(work, `${one}.json.gz`)));
      files.push(...(await Promise.all(two)));
    }
    const named = files.map((file, part) => ({ ...file, path: join(folder, `${part}.json.gz`) }));
    await writeFile(join(work, 'files.json'), JSON.stringify(named));
    await rename(work, folder).catch(() => rm(work, { recursive: true })); // another process was faster
  }
  return JSON.parse(await readFile(list, 'utf8')) as ExportFile[];
}
