import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Root of the checkout. */
export const root = join(import.meta.dirname, '..', '..');

/** The `sluice` command as a child process, run from the sources. */
export interface SluiceProcess {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code when the process has ended and its output is read. */
  readonly ended: Promise<number | null>;
  /** Resolves when stdout or stderr has this text; rejects when the process ends without it. */
  seen(text: string): Promise<void>;
}

/** Variables of this process that would lead a command to somebody's servers or accounts. */
const foreign = /^(AWS_|TEMPORAL_|SLUICE_|NODE_OPTIONS$)/;

/** How Node is started with `sluice`: what the test run has compiled, else the sources. */
function program(): { readonly imports: readonly string[]; readonly main: string } {
  const built = process.env['SLUICE_BUILT_SOURCES'];
  if (built !== undefined) return { imports: [], main: join(built, 'client', 'main.js') };
  return { imports: [join(root, 'node_modules/tsx/dist/esm/index.mjs')], main: join(root, 'client', 'main.ts') };
}

/** Starts `sluice` with these arguments; `env` is added to the environment, without any AWS or Temporal settings. */
export function startSluice(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly imports?: string[] } = {}
): SluiceProcess {
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const { imports: compilers, main } = program();
  const imports = [...(options.imports ?? []), ...compilers];
  const child = spawn(process.execPath, [...imports.flatMap((file) => ['--import', file]), main, ...args], {
    cwd: options.cwd ?? root,
    env: { ...Object.fromEntries(own), AWS_EC2_METADATA_DISABLED: 'true', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = once(child, 'close').then(([code]: unknown[]) => code as number | null);
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    seen: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stdout.includes(text) || stderr.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        void ended.then((code) => {
          look();
          reject(new Error(`sluice ended with ${code} without "${text}":\n${stdout}\n${stderr}`));
        });
        look();
      }),
  };
}

/** What a command left behind when it had ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout as JSON, or undefined when it is none. */
  readonly document: unknown;
}

/** Runs `sluice` to its end. */
export async function sluice(...given: Parameters<typeof startSluice>): Promise<Ended> {
  const running = startSluice(...given);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr(), document: lastLine(running.stdout()) };
}

/** The last line of a command's stdout as JSON. */
export function lastLine(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
