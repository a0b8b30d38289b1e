import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A package as it is installed. */
export interface InstalledPackage {
  readonly name: string;
  /** Bytes of its own files, those of packages nested in it left out. */
  readonly bytes: number;
  /** True when only the development of Sluice needs it. */
  readonly development: boolean;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : await bytesIn(path);
    else if (entry.isFile()) bytes += (await stat(path)).size;
  }
  return bytes;
}

/** The packages that npm's own lockfile in `node_modules` lists, the largest first. */
export async function installedPackages(nodeModules: string): Promise<readonly InstalledPackage[]> {
  const lock = JSON.parse(await readFile(join(nodeModules, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const packages: InstalledPackage[] = [];
  for (const [path, { dev = false }] of Object.entries(lock.packages)) {
    const bytes = await bytesIn(join(nodeModules, '..', path)).catch(() => 0);
    packages.push({ name: path.replace(/^node_modules\//, ''), bytes, development: dev });
  }
  return packages.sort((left, right) => right.bytes - left.bytes);
}
