import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Folder of Sluice's own package.json. */
export const projectFolder = findProjectFolder(import.meta.dirname);

/** Version of Sluice, from its package.json. */
export function projectVersion(): string {
  return (JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

function findProjectFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`package.json is missing above ${start.split(sep).join('/')}`);
  }
}
