import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as schedule } from 'node:timers';
import { setTimeout } from 'node:timers/promises';

/** How a {@link GuardedProcess} is started. */
export interface GuardedProcessOptions {
  /** Path of the executable. */
  readonly file: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** User and group ids to run as; needs root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Signal that asks the child to end; servers differ in what they take as a fast shutdown. Default `TERM`. */
  readonly stopSignal?: 'TERM' | 'INT';
}

/** A server process that never outlives the process that started it. */
export interface GuardedProcess {
  /** Resolves with the exit code (128 + n for a signal) when the process has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** The last 64 KiB of stdout and stderr, for error messages. */
  output(): string;
  /** Asks the process to end, kills it after `graceMs`, and resolves when it has ended. Safe to call twice. */
  stop(graceMs?: number): Promise<void>;
}

/*
 * The shell holds the read end of our stdin pipe. When we end, in any way including SIGKILL, the pipe closes, `read`
 * sees the end of file and the server is stopped; no signal handler of ours could do that. `read` is built into the
 * shell, so that ending the watcher leaves no further process. The shell's own words (`Terminated`) must not go to our
 * pipe: it is broken by then, and SIGPIPE would end the shell too early. The last `kill` ends what the server left behind
 * in our process group, the watcher among it.
 */
const guardScript = `
exec 3<&0 </dev/null
sig=$1; shift
"$@" 3<&- &
child=$!
exec >/dev/null 2>&1
( read -r _ <&3
  kill -s "$sig" "$child"; i=0
  while kill -0 "$child" && [ "$i" -lt 100 ]; do sleep 0.1; i=$((i+1)); done
  kill -s KILL "$child" ) &
wait "$child"
code=$?
trap '' TERM
kill -s TERM 0
wait
exit "$code"
`;

/**
 * Starts a server process under a guard that stops it when this process ends, even by SIGKILL.
 * @throws Error when the shell cannot be started; a server that fails to start shows as an early `exited`.
 */
export function startGuardedProcess(options: GuardedProcessOptions): GuardedProcess {
  const guard: ChildProcess = spawn(
    '/bin/sh',
    ['-c', guardScript, 'sluice-guard', options.stopSignal ?? 'TERM', options.file, ...options.args],
    {
      env: options.env ?? process.env,
      cwd: options.cwd,
      uid: options.uid,
      gid: options.gid,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C in a terminal goes to the whole group; the guard decides the order of shutdown instead
    }
  );
  let tail = '';
  const streams = [guard.stdout, guard.stderr];
  for (const stream of streams) {
    stream?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-65_536)));
  }
  guard.stdin?.on('error', () => undefined); // the guard may end before we close the pipe
  const closed = once(guard, 'close');
  closed.catch(() => undefined);
  const exited = once(guard, 'exit').then(async ([code, signal]: unknown[]) => {
    guard.stdin?.end();
    // What the child wrote last is still in the pipe; but a grandchild may hold the pipe open for ever.
    await Promise.race([closed, setTimeout(500, undefined, { ref: false })]);
    for (const stream of streams) stream?.destroy();
    return typeof code === 'number' ? code : 128 + constants.signals[signal as NodeJS.Signals];
  });
  exited.catch(() => undefined);
  const killGroup = (): void => {
    try {
      if (guard.pid !== undefined) process.kill(-guard.pid, 'SIGKILL');
    } catch {
      // The group has ended by itself.
    }
  };
  let stopping: Promise<void> | undefined;
  return {
    exited,
    output: () => tail,
    stop: (graceMs = 10_000) =>
      (stopping ??= (async () => {
        guard.stdin?.end();
        const timer = schedule(killGroup, graceMs);
        await exited.catch(() => undefined).finally(() => clearTimeout(timer));
      })()),
  };
}
