import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { createS3 } from '../../../local/s3/index.js';
import { step } from './writer-step.js';

/*
 * Four workers write, overwrite and delete objects of their own until the process is killed. A worker says its number
 * on stdout each time the store has done what it asked for. What it asks for in which round is told by `step`.
 */
const folder = process.argv[2] ?? '';
const db = new ClassicLevel<string, string>(join(folder, 'db'));
await db.open();
const { store } = await createS3({ folder: join(folder, 's3'), db, region: 'us-east-1' });
await store.createBucket('crash');

async function write(worker: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const { key, body } = step(worker, round);
    if (body === undefined) await store.deleteObject('crash', key);
    else await store.putObject('crash', key, body);
    process.stdout.write(`${worker}\n`);
  }
}
await Promise.all([0, 1, 2, 3].map(write));
