import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { buildPage } from '../quality/report/build-page.js';
import type * as BundleModule from '../workers/workflow-bundle.js';
import { foldersOfKilledRuns } from './killed-runs.js';

const root = join(import.meta.dirname, '..');
const folders = ['activities', 'client', 'examples', 'local', 'model', 'quality', 'workers', 'workflows'];
const prefix = '.built-sources-';

/**
 * Compiles the product's sources into a folder of the test run's own, laid out like `dist`, and gives the folder. The
 * tests start hundreds of commands: from there each starts in a fraction of the time that it takes to compile them
 * anew, and unlike `dist` it is never older than the sources.
 * @param bundle the file with the bundled workflows
 */
export async function buildSources(bundle: string): Promise<string> {
  for (const left of foldersOfKilledRuns(root, prefix)) await removeBuiltSources(left);
  const folder = join(root, `${prefix}${process.pid}`);
  const page = join('quality', 'report', 'page');
  const entryPoints: string[] = [];
  for (const from of folders) {
    for (const entry of await readdir(join(root, from), { recursive: true, withFileTypes: true })) {
      const path = join(relative(root, entry.parentPath), entry.name);
      if (!entry.isFile()) continue;
      if (/\.(json|cjs)$/.test(path) || path.startsWith(page)) await cp(join(root, path), join(folder, path));
      else if (path.endsWith('.ts')) entryPoints.push(path);
    }
  }
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  await cp(bundle, join(folder, 'workflows-bundle.js'));
  await writeFile(join(folder, 'quality', 'report', 'page.html'), await buildPage(join(root, page)));
  const { workflowsDigest } = (await import(join(folder, 'workers', 'workflow-bundle.js'))) as typeof BundleModule;
  await writeFile(join(folder, 'workflows-bundle.sha256'), await workflowsDigest());
  return folder;
}

/** Removes what {@link buildSources} made. */
export async function removeBuiltSources(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
