import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { removeFolder, temporaryFolderName } from '../process/data-folder.js';
import { processStartTime } from '../process/process-identity.js';
import { stateFolder } from '../process/user-folders.js';

const record = z.object({
  version: z.literal(1),
  id: z.string(),
  pid: z.number().int().positive(),
  startTime: z.string(),
  host: z.string(),
  kind: z.enum(['up', 'demo']),
  data: z.string(),
  temporary: z.boolean(),
  startedAt: z.string(),
  env: z.record(z.string(), z.string()).optional(),
  temporalUi: z.string().optional(),
  warehouse: z.string().optional(),
});

/** An environment that runs, as its process has written it down. */
export interface RunningEnvironment {
  /** Unlike every other environment's, of this process or another. */
  readonly id: string;
  /** The process that runs it, and when that process started (see {@link processStartTime}). */
  readonly pid: number;
  readonly startTime: string;
  /** Who runs it: `sluice up`, which `sluice down` ends, or a demo, which ends by itself. */
  readonly kind: 'up' | 'demo';
  /** Absolute path of the data folder. */
  readonly data: string;
  /** True when the data folder goes with the environment. */
  readonly temporary: boolean;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The three below are absent until everything answers. */
  readonly env?: Readonly<Record<string, string>>;
  readonly temporalUi?: string;
  readonly warehouse?: string;
}

/** The part of a record that is known once everything answers. */
export type EnvironmentAddresses = Required<Pick<RunningEnvironment, 'env' | 'warehouse'>> &
  Pick<RunningEnvironment, 'temporalUi'>;

/** The note that this process runs an environment. */
export interface Registration {
  /** Adds the addresses and writes the record into the data folder as well, as `environment.json`. */
  ready(addresses: EnvironmentAddresses): Promise<void>;
  /** Removes the note. */
  remove(): Promise<void>;
}

const environmentsFolder = (env: NodeJS.ProcessEnv): string => join(stateFolder(env), 'environments');

/** Written in one step, and readable by this user alone: the warehouse's URL has its password. */
async function writeRecord(file: string, content: z.infer<typeof record>): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  await writeFile(partial, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  await rename(partial, file);
}

/**
 * Notes that this process runs an environment, so that `sluice down` and the sweep after a crash find it.
 * @throws Error when the state folder cannot be written to.
 */
export async function registerEnvironment(
  environment: Pick<RunningEnvironment, 'kind' | 'data' | 'temporary'>,
  env: NodeJS.ProcessEnv = process.env
): Promise<Registration> {
  const folder = environmentsFolder(env);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const id = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = join(folder, `${id}.json`);
  const startTime = (await processStartTime(process.pid)) ?? '';
  const startedAt = new Date().toISOString();
  const content = { version: 1 as const, id, pid: process.pid, startTime, host: hostname(), startedAt, ...environment };
  const inData = join(environment.data, 'environment.json');
  await writeRecord(file, content);
  if (environment.temporary) await writeRecord(inData, content);
  return {
    ready: async (addresses) => {
      await writeRecord(file, { ...content, ...addresses, env: { ...addresses.env } });
      await writeRecord(inData, { ...content, ...addresses, env: { ...addresses.env } });
    },
    remove: async () => {
      await rm(file, { force: true });
      if ((await readRecord(inData))?.id === id) await rm(inData, { force: true });
    },
  };
}

async function readRecord(file: string): Promise<z.infer<typeof record> | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function isRunning({ pid, startTime }: Pick<RunningEnvironment, 'pid' | 'startTime'>): Promise<boolean> {
  return (await processStartTime(pid)) === startTime;
}

/**
 * The environments of this user that run on this machine, the oldest first. Notes of processes that were killed are
 * removed, and with them the temporary data folders they left.
 */
export async function findRunningEnvironments(env: NodeJS.ProcessEnv = process.env): Promise<RunningEnvironment[]> {
  const folder = environmentsFolder(env);
  const running: RunningEnvironment[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const found = name.endsWith('.json') ? await readRecord(join(folder, name)) : undefined;
    if (found === undefined || found.host !== hostname()) continue;
    if (await isRunning(found)) running.push(found);
    else await sweep(join(folder, name), found);
  }
  return running.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

async function sweep(file: string, gone: RunningEnvironment): Promise<void> {
  const ours = (await readRecord(join(gone.data, 'environment.json')))?.id === gone.id;
  try {
    if (ours && gone.temporary && temporaryFolderName.test(basename(gone.data))) await removeFolder(gone.data);
    else if (ours) await rm(join(gone.data, 'environment.json'), { force: true });
    await rm(file, { force: true });
  } catch {
    // A server of the killed process may still be stopping in there: the next sweep finds the note again.
  }
}

/**
 * Asks the process of an environment to stop and waits until it is gone. The process is told from a later one with the
 * same id by its start time, so that nothing else is ever signalled. One that is gone already is a success.
 * @throws Error when the process belongs to another user, or still runs after `timeoutMs` (default 60 000).
 */
export async function stopRunningEnvironment(
  environment: RunningEnvironment,
  options: { readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {}
): Promise<void> {
  const { pid, data } = environment;
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  if (await isRunning(environment)) signalToStop(pid);
  while (await isRunning(environment)) {
    if (Date.now() > deadline) {
      throw new Error(`The environment on ${data} (process ${pid}) has not stopped. To end it at once: kill -9 ${pid}`);
    }
    await setTimeout(50);
  }
  await findRunningEnvironments(options.env); // sweeps what a process that died on the way has left
}

function signalToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') throw new Error(`Process ${pid} belongs to another user: only they can stop it.`);
    if (code !== 'ESRCH') throw error;
  }
}
