import { join } from 'node:path';
import { startGuardedProcess } from '../process/guarded-process.js';
import { settledWithin } from '../process/settled-within.js';

/**
 * The version of the Temporal CLI that is built. Later ones have `replace` directives in their go.mod, with which
 * `go install module@version` refuses to work.
 */
export const cliVersion = '1.5.1';

const progressMs = 15_000;
const limitMs = 20 * 60_000;

/**
 * Builds the Temporal CLI with `go install` into an empty folder and returns the file's name. Takes from two to ten
 * minutes, and tells of it at intervals.
 * @param go path of the `go` command.
 * @throws Error with the last line `go` printed when it fails.
 */
export async function buildWithGo(
  go: string,
  folder: string,
  options: {
    readonly env: NodeJS.ProcessEnv;
    /** Where `go` may keep modules and objects when the environment names no home folder. */
    readonly cache: string;
    readonly onEvent: (line: string) => void;
    readonly signal?: AbortSignal;
  }
): Promise<string> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const homeless = options.env.HOME
    ? {}
    : { GOPATH: join(options.cache, 'go'), GOCACHE: join(options.cache, 'go-build') };
  const build = startGuardedProcess({
    file: go,
    args: ['install', `github.com/temporalio/cli/cmd/temporal@v${cliVersion}`],
    env: { ...homeless, ...options.env, GOBIN: folder },
    cwd: folder, // away from any go.mod
  });
  options.onEvent(`Temporal: building the Temporal CLI ${cliVersion} with go install, once; this takes some minutes`);
  try {
    while (!(await settledWithin(build.exited, progressMs, options.signal))) {
      if (seconds() * 1000 > limitMs) throw new Error(`not built within ${limitMs / 60_000} minutes`);
      options.onEvent(`Temporal: still building (${seconds()} s)`);
    }
  } finally {
    await build.stop(2_000);
  }
  const code = await build.exited;
  if (code !== 0) {
    const lines = build.output().trim().split('\n');
    throw new Error(`go install failed (exit code ${code}): ${lines.at(-1) ?? ''}`);
  }
  return 'temporal';
}
