import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { HttpService } from '../gateway/service.js';
import type { ObjectStore } from '../s3/object-store.js';
import { lastChangeMicros } from './change-log.js';
import { ContinuousBackups } from './continuous-backups.js';
import { Exports } from './exports.js';
import { DynamoDbProtocol } from './http-protocol.js';
import { ItemWriter } from './item-writer.js';
import { KeyLocks } from './key-locks.js';
import { operations } from './operations.js';
import { Tables } from './tables.js';
import { WriteClock } from './write-clock.js';

/** What the local DynamoDB is made of. */
export interface DynamoDbOptions {
  /** The tables' folder, of this process alone; exports keep their files in it while they are made. */
  readonly folder: string;
  /** Keeps settings and exports, in the sublevel `dynamodb`. */
  readonly db: ClassicLevel<string, string>;
  /** Where exports go. */
  readonly store: ObjectStore;
  readonly account: string;
  readonly region: string;
  /** Milliseconds since the epoch; default `Date.now`. Tests of export windows pass their own. */
  readonly clock?: () => number;
}

/**
 * Opens the local DynamoDB: dynalite's operations over a LevelDB of ours, with point-in-time recovery and exports.
 * Interrupted exports go on. A second process that opens the same folder is refused (`LEVEL_LOCKED`).
 */
export async function createDynamoDb(options: DynamoDbOptions): Promise<HttpService> {
  const { folder, store, account, region, clock: now = Date.now } = options;
  await mkdir(folder, { recursive: true });
  const db = new ClassicLevel<string, string>(join(folder, 'tables'), {
    writeBufferSize: 128 << 20,
    cacheSize: 32 << 20,
    // LevelDB maps its open files of 2 MB into memory: an export of a large table would have twice as much resident.
    maxOpenFiles: 450,
  });
  await db.open();
  const state = options.db.sublevel<string, unknown>('dynamodb', { valueEncoding: 'json' });
  const tables = await Tables.open(db);
  const backups = await ContinuousBackups.open(db, state, tables);
  for (const tableId of backups.tableIds()) await backups.prune(tableId, now());
  const clock = new WriteClock(now, await lastChangeMicros(db, backups.tableIds()));
  const writer = new ItemWriter(db, tables, clock, (tableId) => backups.isEnabled(tableId));
  const items = { db, tables, writer, locks: new KeyLocks(), account, region };
  const exports = await Exports.open({ items, backups, state, store, clock, workFolder: join(folder, 'exports') });
  return new DynamoDbProtocol(operations({ items, backups, exports, clock }), async () => {
    await exports.close();
    await writer.settled();
    await db.close();
  });
}
