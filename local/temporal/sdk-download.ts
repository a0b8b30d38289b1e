import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startGuardedProcess } from '../process/guarded-process.js';
import { settledWithin } from '../process/settled-within.js';
import { oneLine } from './sources.js';

const require = createRequire(import.meta.url);

/** Version of the Temporal SDK, which decides what its download is called. */
export const sdkVersion = (require('@temporalio/testing/package.json') as { version: string }).version;

/*
 * The SDK can only download and start in one step and cannot be interrupted, so it is done in a process of its own that
 * can be ended. `exit` rather than a natural end: a download that hangs in native code would keep the process alive.
 */
const script = `
const { TestWorkflowEnvironment } = require(process.argv[1]);
TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', downloadDir: process.argv[2] } } })
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
`;

async function bytesIn(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(
    async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Downloads the Temporal CLI with the SDK's own downloader into an empty folder and returns the file's name.
 * @param stallMs how long nothing may arrive before it counts as failed, so that a network without a way out is no wait.
 * @throws Error when the download fails or stalls.
 */
export async function downloadWithSdk(
  folder: string,
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly stallMs: number;
    readonly onEvent: (line: string) => void;
    readonly signal?: AbortSignal;
  }
): Promise<string> {
  const download = startGuardedProcess({
    file: process.execPath,
    args: ['-e', script, require.resolve('@temporalio/testing'), folder],
    env: options.env,
  });
  let bytes = 0;
  let since = Date.now();
  let told = Date.now();
  try {
    while (!(await settledWithin(download.exited, 500, options.signal))) {
      const now = await bytesIn(folder);
      if (now !== bytes) [bytes, since] = [now, Date.now()];
      if (Date.now() - since > options.stallMs) throw new Error(`nothing arrived within ${options.stallMs / 1000} s`);
      if (Date.now() - told > 10_000) {
        options.onEvent(`Temporal: downloading, ${Math.round(bytes / 1e6)} MB so far`);
        told = Date.now();
      }
    }
  } finally {
    await download.stop(0);
  }
  // A server that the machine is too slow to start within the SDK's five seconds was downloaded all the same.
  const [name] = (await readdir(folder)).filter((file) => !file.endsWith('.downloading'));
  if (name === undefined) throw new Error(explainDownload(download.output()));
  return name;
}

/** Keeps the innermost cause of the SDK's chain of messages and leaves out the repeated URLs. */
function explainDownload(output: string): string {
  const line = oneLine(output || 'it ended without a word');
  return line.replace(/ ?for url \(\S+\)/g, '').replace(/^Failed to start ephemeral server: /, '');
}
