import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSluice } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import { descendants, hasProc, stillRunning } from './process-tree.js';
import type { ProcessInfo } from './process-tree.js';

/** A place of its own for commands: their temporary and state folders, with a space in the path. */
export interface Scene {
  readonly folder: string;
  /** Variables that point a command at the place. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts a command there; {@link leftovers} knows of it. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): SluiceProcess;
  /** Notes which processes the running commands have started by now; gives those whose command has this text. */
  note(text?: string): ProcessInfo[];
  /** Processes that were noted and still run, and files that were left behind. */
  leftovers(): Promise<{ processes: string[]; files: string[] }>;
  remove(): Promise<void>;
}

/** Makes a {@link Scene} in the system's temporary folder. */
export async function makeScene(name: string): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), `sluice ${name} `));
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const env = { TMPDIR: temporary, XDG_STATE_HOME: join(folder, 'state') };
  const started: SluiceProcess[] = [];
  const noted = new Map<string, ProcessInfo>();
  const note = (text = ''): ProcessInfo[] => {
    if (!hasProc) return [];
    const found = started.flatMap(({ child }) => (child.pid === undefined ? [] : descendants(child.pid)));
    for (const process of found) noted.set(`${process.pid} ${process.startTime}`, process);
    return found.filter(({ command }) => command.includes(text));
  };
  return {
    folder,
    env,
    start: (args, more = {}) => {
      const running = startSluice(args, { env: { ...env, ...more }, cwd: folder });
      started.push(running);
      return running;
    },
    note,
    leftovers: async () => {
      const left = await stillRunning([...noted.values()]);
      const files = (await readdir(temporary)).filter((file) => !file.startsWith('tsx-'));
      return { processes: left.map(({ pid, command }) => `${pid} ${command}`), files };
    },
    remove: async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await stillRunning([...noted.values()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
