import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Where a Temporal server comes from: one that runs already, or an executable of the Temporal CLI to run. */
export type TemporalExecutable =
  | { readonly kind: 'server'; readonly address: string }
  | {
      readonly kind: 'file';
      /** Path of the `temporal` executable. */
      readonly file: string;
      /** Version of the server inside it, such as `1.29.1`. */
      readonly serverVersion: string;
    };

/**
 * The oldest server Sluice is meant for. `temporal --version` of earlier CLIs names an older one; they lack calls that
 * the SDK's worker and the CLI's flags here rely on.
 */
export const minimumServerVersion = '1.25.0';

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  return [0, 1, 2].map((part) => (a?.[part] ?? 0) - (b?.[part] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/**
 * Reads the server's version from the line `temporal --version` prints, such as
 * `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`; undefined when it is not such a line.
 */
export function parseServerVersion(output: string): string | undefined {
  return /^temporal version .*\bserver (\d+\.\d+\.\d+)/im.exec(output)?.[1];
}

/**
 * Runs `<file> --version` and says whether it is a Temporal CLI that Sluice can use.
 * @throws Error with a reason of one line when it is not.
 */
export async function probeExecutable(file: string, signal?: AbortSignal): Promise<TemporalExecutable> {
  if (!(await stat(file)).isFile()) throw new Error(`${file} is not a file`);
  await access(file, constants.X_OK).catch(() => {
    throw new Error(`${file} is not executable`);
  });
  const { stdout } = await promisify(execFile)(file, ['--version'], {
    timeout: 20_000,
    killSignal: 'SIGKILL',
    signal,
  }).catch((error: { killed?: boolean; code?: unknown; message: string }) => {
    if (signal?.aborted) throw error;
    const reason = error.killed ? 'did not answer within 20 s' : `failed (${String(error.code ?? error.message)})`;
    throw new Error(`${file} --version ${reason}`);
  });
  const serverVersion = parseServerVersion(stdout);
  if (serverVersion === undefined) throw new Error(`${file} does not answer --version as the Temporal CLI does`);
  if (compareVersions(serverVersion, minimumServerVersion) < 0) {
    throw new Error(`${file} holds Temporal server ${serverVersion}, older than ${minimumServerVersion}`);
  }
  return { kind: 'file', file, serverVersion };
}
