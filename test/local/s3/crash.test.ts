import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClassicLevel } from 'classic-level';
import { expect, it } from 'vitest';
import { createS3 } from '../../../local/s3/index.js';
import { stateAfter } from './writer-step.js';

const workers = [0, 1, 2, 3];

/** Runs the writer until it has done `count` things, kills it, and tells how many rounds each worker has said it did. */
async function writeAndKill(folder: string, count: number): Promise<number[]> {
  const writer = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'writer-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  const rounds = workers.map(() => 0);
  let lines = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    rounds[Number(line)] = (rounds[Number(line)] ?? 0) + 1;
    lines += 1;
    if (lines === count) writer.kill('SIGKILL');
  }
  await ended;
  return rounds;
}

it.each([1, 20, 37, 150, 400])(
  'a process killed after %i writes leaves all of them, whole, and no stray files',
  async (count) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-crash-'));
    try {
      const rounds = await writeAndKill(folder, count);
      const db = new ClassicLevel<string, string>(join(folder, 'db'));
      await db.open();
      const { store } = await createS3({ folder: join(folder, 's3'), db, region: 'us-east-1' });
      const found = workers.map((): Record<string, string> => ({}));
      let objects = 0;
      for await (const { key, etag } of store.listObjects('crash', '')) {
        const body = await readFile(await store.filePath('crash', key), 'utf8');
        expect(createHash('md5').update(body).digest('hex')).toBe(etag);
        (found[Number(key.split('/')[0])] ?? {})[key] = body;
        objects += 1;
      }
      for (const worker of workers) {
        // The last thing each worker asked for may have been done without its having been told.
        const done = rounds[worker] ?? 0;
        expect([stateAfter(worker, done), stateAfter(worker, done + 1)]).toContainEqual(found[worker]);
      }
      const blobs = await readdir(join(folder, 's3', 'blobs'), { recursive: true, withFileTypes: true });
      expect(blobs.filter((entry) => entry.isFile())).toHaveLength(objects);
      expect(await readdir(join(folder, 's3', 'tmp'))).toEqual([]);
      await db.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
);
