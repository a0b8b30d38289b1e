import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, it } from 'vitest';
import { realSleep } from '../../../local/gateway/job-fault.js';
import { submitted } from '../../../local/redshift/data/statement-record.js';
import type { StatementRecord } from '../../../local/redshift/data/statement-record.js';
import { StatementRunner } from '../../../local/redshift/data/statement-runner.js';
import { StatementStore } from '../../../local/redshift/data/statement-store.js';
import { WarehouseConnections } from '../../../local/redshift/data/warehouse-connections.js';
import { temporaryFolder } from './local-redshift.js';

it('tells how a statement ended though its end could not be stored', async () => {
  const folder = await temporaryFolder();
  const db = new ClassicLevel<string, string>(join(folder, 'db'));
  const store = new StatementStore(db);
  const connections = new WarehouseConnections('postgres://sluice:none@127.0.0.1:1/salesdwh', 1);
  const runner = new StatementRunner(store, connections, {
    ...{ concurrency: 1, activeStatements: 1, waitingRequests: 1, resultBytes: 1, rowBytes: 1, sleep: realSleep },
  });
  const place = { database: 'salesdwh', resultFormat: 'JSON', redshiftPid: 0 } as const;
  const record: StatementRecord = {
    ...{
      ...submitted(Date.now()),
      ...place,
      id: 'a',
      sqls: ['SELECT 1'],
      batch: false,
      mode: 'AUTO_COMMIT',
      parts: [],
    },
  };
  try {
    await store.accept(record, undefined, '');
    await db.close(); // as a full disk: whatever is written fails
    runner.submit(record, undefined);
    await runner.wait('a', 0, 30, new AbortController().signal);
    expect(runner.live('a')?.status).toBe('FAILED');
    expect(() => runner.checkRoom()).not.toThrow();
  } finally {
    await connections.close();
    await rm(folder, { recursive: true, force: true });
  }
});
