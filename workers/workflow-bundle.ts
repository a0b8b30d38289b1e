import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerTraits } from '../workflows/worker-traits.js';

const root = join(import.meta.dirname, '..');
const workflowsFolder = join(root, 'workflows');

// Beside the workflows: `dist/workflows-bundle.js`. Beside the sources only while the tests run.
const bundleFile = join(root, 'workflows-bundle.js');
const digestFile = join(root, 'workflows-bundle.sha256');

/** SHA-256, in hexadecimal, that changes with every workflow file and with the SDK, whose code is part of the bundle. */
export async function workflowsDigest(): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(`@temporalio/worker ${version}\n`);
  const entries = await readdir(workflowsFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name));
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(`${path.slice(workflowsFolder.length)}\n`).update(await readFile(path));
  }
  return hash.digest('hex');
}

/**
 * Bundles the workflows that `index` of a folder exports, compiled or as TypeScript, with its `interceptors` and its
 * `failure-converter` if there are any. Throws what webpack reports.
 */
export async function bundleWorkflows(folder: string = workflowsFolder): Promise<WorkflowBundle> {
  const module = (name: string): string => {
    const compiled = join(folder, `${name}.js`);
    return existsSync(compiled) ? compiled : join(folder, `${name}.ts`);
  };
  const interceptors = module('interceptors');
  const failureConverter = module('failure-converter');
  const silent = () => undefined;
  return await bundleWorkflowCode({
    workflowsPath: module('index'),
    failureConverterPath: existsSync(failureConverter) ? failureConverter : undefined,
    workflowInterceptorModules: existsSync(interceptors) ? [interceptors] : [],
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    // TypeScript sources name their imports by the compiled files' names.
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } },
    }),
  });
}

/** Writes the bundle of the compiled workflows beside them, in one step, so that workers start without webpack. */
export async function writeWorkflowBundle(): Promise<string> {
  const { code } = await bundleWorkflows();
  for (const [file, content] of [
    [bundleFile, code],
    [digestFile, await workflowsDigest()],
  ] as const) {
    await writeFile(`${file}.${process.pid}`, content);
    await rename(`${file}.${process.pid}`, file);
  }
  return bundleFile;
}

/** Removes what {@link writeWorkflowBundle} wrote, the digest first. */
export async function removeWorkflowBundle(): Promise<void> {
  for (const file of [digestFile, bundleFile]) await rm(file, { force: true });
}

/**
 * The workflows for a worker with these traits: the prebuilt bundle when it is that of the present files, else a new one.
 */
export async function loadWorkflows(traits: WorkerTraits): Promise<{ codePath: string } | WorkflowBundle> {
  const bundle = await presentBundle();
  if (!traits.versioned && !traits.encrypted) return bundle;
  const code = 'code' in bundle ? bundle.code : await readFile(bundle.codePath, 'utf8');
  // On the line of what follows, whose source map counts lines.
  return { code: `globalThis.sluiceWorkerTraits=Object.freeze(${JSON.stringify(traits)});${code}` };
}

async function presentBundle(): Promise<{ codePath: string } | WorkflowBundle> {
  const built = await readFile(digestFile, 'utf8').catch(() => undefined);
  if (built !== undefined && existsSync(bundleFile) && built === (await workflowsDigest()))
    return { codePath: bundleFile };
  return await bundleWorkflows();
}
