import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { projectFolder, projectVersion } from '../workers/project-version.js';

export { projectFolder, projectVersion };

/** True when the TypeScript sources run as they are, not what was built of them. */
const runsFromSource = import.meta.filename.endsWith('.ts');

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
