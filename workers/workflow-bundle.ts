import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerTraits } from '../workflows/worker-traits.js';

const ownRoot = join(import.meta.dirname, '..');

/** The bundle is beside the workflows, `dist/workflows-bundle.js`; beside the sources only while the tests run. */
const filesIn = (root: string) => ({
  workflows: join(root, 'workflows'),
  bundle: join(root, 'workflows-bundle.js'),
  digest: join(root, 'workflows-bundle.sha256'),
});

const { workflows: workflowsFolder, bundle: bundleFile, digest: digestFile } = filesIn(ownRoot);

/** SHA-256, in hexadecimal, that changes with every workflow file and with the SDK, whose code is part of the bundle. */
export async function workflowsDigest(folder: string = workflowsFolder): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(`@temporalio/worker ${version}\n`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name));
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(`${path.slice(folder.length)}\n`).update(await readFile(path));
  }
  return hash.digest('hex');
}

let ownDigest: Promise<string> | undefined;

/** {@link workflowsDigest} of the workflows beside this file, read once: they do not change under a worker. */
export function ownWorkflowsDigest(): Promise<string> {
  return (ownDigest ??= workflowsDigest());
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

/** An installation lacks the bundle that belongs to its workflows. */
export class WorkflowBundleError extends Error {
  constructor(file: string) {
    super(
      `${file} is missing, or was built from other workflows than those beside it: a worker runs only what was built and ` +
        'tested together. Install the release again, or run `npm run build` in the checkout.'
    );
    this.name = 'WorkflowBundleError';
  }
}

/**
 * The workflows for a worker with these traits: the prebuilt bundle when it is that of the present files; from sources,
 * else a new one.
 * @param root folder that has the workflows, and beside them the bundle.
 * @throws WorkflowBundleError for compiled workflows without their bundle.
 */
export async function loadWorkflows(
  traits: WorkerTraits,
  root: string = ownRoot
): Promise<{ codePath: string } | WorkflowBundle> {
  const bundle = await presentBundle(root);
  if (!traits.versioned && !traits.encrypted) return bundle;
  const code = 'code' in bundle ? bundle.code : await readFile(bundle.codePath, 'utf8');
  // On the line of what follows, whose source map counts lines.
  return { code: `globalThis.sluiceWorkerTraits=Object.freeze(${JSON.stringify(traits)});${code}` };
}

async function presentBundle(root: string): Promise<{ codePath: string } | WorkflowBundle> {
  const { workflows, bundle, digest } = filesIn(root);
  const built = await readFile(digest, 'utf8').catch(() => undefined);
  if (
    built !== undefined &&
    existsSync(bundle) &&
    built === (await (root === ownRoot ? ownWorkflowsDigest() : workflowsDigest(workflows)))
  ) {
    return { codePath: bundle };
  }
  if (existsSync(join(workflows, 'index.js'))) throw new WorkflowBundleError(bundle);
  return await bundleWorkflows(workflows);
}
