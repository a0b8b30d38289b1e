import { removeWorkflowBundle, writeWorkflowBundle } from '../workers/workflow-bundle.js';
import { findTemporalServer } from '../local/temporal/index.js';
import { buildSources, removeBuiltSources } from './built-sources.js';
import { makeMemoryFolder, removeMemoryFolder } from './memory-folder.js';

let builtSources: string | undefined;
let memoryFolder: string | undefined;

/**
 * Makes what takes minutes on a new machine before any test runs: the Temporal server, which a test that starts
 * `sluice demo` would otherwise wait for beyond its time.
 */
export async function setup(): Promise<void> {
  // The Temporal servers of the tests collect garbage a quarter as often: a fifteenth of their CPU, for some 100 MiB each.
  process.env['GOGC'] ??= '400';
  const { TEMPORAL_ADDRESS: _address, ...env } = process.env;
  await findTemporalServer({ env, onEvent: (line) => console.error(line) });
  // A hundred workers are started from the sources: webpack need not run for each.
  builtSources = await buildSources(await writeWorkflowBundle());
  process.env['SLUICE_BUILT_SOURCES'] = builtSources; // for test/client/sluice.ts, in the processes of the tests
  memoryFolder = makeMemoryFolder();
  if (memoryFolder !== undefined) process.env['TMPDIR'] = memoryFolder;
}

/** Leaves the checkout as it was. */
export async function teardown(): Promise<void> {
  await removeWorkflowBundle();
  if (builtSources !== undefined) await removeBuiltSources(builtSources);
  if (memoryFolder !== undefined) removeMemoryFolder(memoryFolder);
}
