import type { ClassicLevel } from 'classic-level';
import { realSleep } from '../../gateway/job-fault.js';
import type { Sleep } from '../../gateway/job-fault.js';
import type { JsonService } from '../../gateway/service.js';
import { catalogOperations } from './catalog-operations.js';
import { Sessions } from './sessions.js';
import { statementOperations } from './statement-operations.js';
import { StatementRunner } from './statement-runner.js';
import { StatementStore } from './statement-store.js';
import { WarehouseConnections } from './warehouse-connections.js';

/** How {@link createRedshiftData} is set up; the limits default to AWS's own where they are published. */
export interface RedshiftDataOptions {
  /** Shared by all services of the local AWS. */
  readonly db: ClassicLevel<string, string>;
  /** `postgres://user:password@host:port/database` of the server that stands for Redshift. */
  readonly warehouseUrl: string;
  readonly account: string;
  readonly region: string;
  /** The one workgroup there is. Default `sluice`. */
  readonly workgroup?: string;
  /** The one provisioned cluster there is. Default `sluice`. */
  readonly cluster?: string;
  /** Statements that run at the same time; others wait as SUBMITTED. Default 16. */
  readonly concurrency?: number;
  /** Statements that are not finished. Default 500. */
  readonly activeStatements?: number;
  /** Requests that wait for one statement. Default 10. */
  readonly waitingRequests?: number;
  /** Open sessions. Default 50. */
  readonly sessions?: number;
  /** Bytes of one statement's result. Default 500 MB. */
  readonly resultBytes?: number;
  /** How the time passes for which requests wait. Default: as time does. */
  readonly sleep?: Sleep;
}

const MAX_ROW_BYTES = 65_536;
const HOUR_MS = 3_600_000;

/**
 * The Redshift Data API over a PostgreSQL server, which need not be up yet. Finished statements, their results and
 * client tokens live in `db` and survive a restart.
 * @see https://docs.aws.amazon.com/redshift-data/latest/APIReference/Welcome.html
 */
export async function createRedshiftData(options: RedshiftDataOptions): Promise<JsonService> {
  const { workgroup = 'sluice', cluster = 'sluice', concurrency = 16, sessions: sessionLimit = 50 } = options;
  const endpoint = { workgroup, cluster, region: options.region };
  const store = new StatementStore(options.db);
  await store.failInterrupted();
  await store.expire();
  // besides statements and sessions, a few connections for the catalog operations
  const connections = new WarehouseConnections(options.warehouseUrl, concurrency + sessionLimit + 4);
  const runner = new StatementRunner(store, connections, {
    concurrency,
    activeStatements: options.activeStatements ?? 500,
    waitingRequests: options.waitingRequests ?? 10,
    resultBytes: options.resultBytes ?? 500_000_000,
    rowBytes: MAX_ROW_BYTES,
    sleep: options.sleep ?? realSleep,
  });
  const sessions = new Sessions(connections, sessionLimit);
  const expiry = setInterval(() => void store.expire().catch(() => undefined), HOUR_MS).unref();
  return {
    target: 'RedshiftData',
    operations: {
      ...statementOperations({ store, runner, sessions, endpoint }),
      ...catalogOperations(connections, endpoint),
    },
    close: async () => {
      clearInterval(expiry);
      await runner.close();
      await sessions.close();
      await connections.close();
    },
  };
}
