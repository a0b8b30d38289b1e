import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** True when the TypeScript sources run as they are, not what was built of them. */
const runsFromSource = import.meta.filename.endsWith('.ts');

/** Folder of Sluice's own package.json. */
export const projectFolder = findProjectFolder(import.meta.dirname);

/** Version of Sluice, from its package.json. */
export function projectVersion(): string {
  return (JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * The sample data module of a model, if it has one: `sample-data` next to the model file, or, for the examples, what
 * the build made of it.
 */
export function sampleDataModule(modelFile: string): string | undefined {
  const folder = dirname(resolve(modelFile));
  const inProject = relative(projectFolder, folder);
  const candidates = [join(folder, 'sample-data.js')];
  if (runsFromSource) candidates.push(join(folder, 'sample-data.ts'));
  else if (!inProject.startsWith('..')) candidates.push(join(import.meta.dirname, '..', inProject, 'sample-data.js'));
  return candidates.find(existsSync);
}

function findProjectFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`package.json is missing above ${start.split(sep).join('/')}`);
  }
}
