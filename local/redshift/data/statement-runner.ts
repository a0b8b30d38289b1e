import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../../gateway/aws-error.js';
import { pause } from '../../gateway/job-fault.js';
import type { JobFault, Sleep } from '../../gateway/job-fault.js';
import { RedshiftSqlError } from '../dialect/redshift-sql-error.js';
import { translate } from '../dialect/translate.js';
import { errorText, isCancellation } from './error-text.js';
import { bindParameters } from './parameters.js';
import { runSql } from './run-sql.js';
import type { ResultLimits } from './run-sql.js';
import type { Session } from './sessions.js';
import { STOPPED, isTerminal } from './statement-record.js';
import type { Outcome, StatementRecord } from './statement-record.js';
import type { StatementStore } from './statement-store.js';
import { WarehouseUnreachableError } from './warehouse-connections.js';
import type { WarehouseConnection, WarehouseConnections } from './warehouse-connections.js';

/** How much runs and waits at once. */
export interface RunnerLimits extends ResultLimits {
  /** Statements that run at the same time; further ones wait as SUBMITTED. */
  readonly concurrency: number;
  /** Statements that are not finished; beyond it a new one is refused. */
  readonly activeStatements: number;
  /** Requests that wait for the same statement. */
  readonly waitingRequests: number;
  /** How the time passes for which requests wait. */
  readonly sleep: Sleep;
}

interface Live {
  readonly record: StatementRecord;
  readonly session: Session | undefined;
  readonly ended: Promise<void>;
  readonly end: () => void;
  /** Called when a part of a batch has ended. */
  readonly partEnded: Set<() => void>;
  readonly fault: JobFault | undefined;
  /** Aborted when a person cancels; ends the pauses of a fault. */
  readonly stop: AbortController;
  connection?: WarehouseConnection;
  cancelled: boolean;
  waiting: number;
}

class Cancelled extends Error {}

/** Runs accepted statements and keeps their records up to date. */
export class StatementRunner {
  readonly #live = new Map<string, Live>();
  readonly #unsaved = new Map<string, StatementRecord>();
  readonly #queue: Live[] = [];
  #running = 0;
  #stopping = false;
  #lastQueryId = Math.floor(Date.now() / 1000) * 100;

  constructor(
    private readonly store: StatementStore,
    private readonly connections: WarehouseConnections,
    private readonly limits: RunnerLimits
  ) {}

  /** @throws AwsError ActiveStatementsExceededException when too many statements are not finished */
  checkRoom(): void {
    if (this.#stopping) throw new AwsError('InternalServerException', 'The local Redshift is stopping.', 500);
    if (this.#live.size >= this.limits.activeStatements) {
      throw new AwsError(
        'ActiveStatementsExceededException',
        `Active statements exceeded the allowed quota (${this.limits.activeStatements}).`
      );
    }
  }

  /** Runs an accepted statement when its turn comes. */
  submit(record: StatementRecord, session: Session | undefined, fault?: JobFault): void {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const stop = new AbortController();
    const rest = { fault, stop, partEnded: new Set<() => void>(), cancelled: false, waiting: 0 };
    const live: Live = { record, session, ended, end, ...rest };
    this.#live.set(record.id, live);
    this.#queue.push(live);
    this.#next();
  }

  /**
   * Waits until a statement, or a part of a batch, has ended, for at most `seconds`.
   * @param part number of the part from 1; 0 for the whole
   * @throws AwsError ActiveWaitingRequestsExceededException
   */
  async wait(id: string, part: number, seconds: number, signal: AbortSignal): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined || seconds === 0) return;
    if (live.waiting >= this.limits.waitingRequests) {
      throw new AwsError(
        'ActiveWaitingRequestsExceededException',
        `Active requests with WaitTimeSeconds for statement ${id} exceeded the limit (${this.limits.waitingRequests}).`
      );
    }
    live.waiting += 1;
    const timer = new AbortController();
    let onPart: (() => void) | undefined;
    try {
      const partEnded = new Promise<void>((resolve) => {
        onPart = () => isTerminal(live.record.parts[part - 1]?.status ?? 'SUBMITTED') && resolve();
        onPart();
        live.partEnded.add(onPart);
      });
      const timeout = this.limits.sleep(seconds * 1000, AbortSignal.any([signal, timer.signal]));
      await Promise.race([live.ended, partEnded, timeout.catch(() => undefined)]);
    } finally {
      timer.abort();
      live.waiting -= 1;
      if (onPart !== undefined) live.partEnded.delete(onPart);
    }
  }

  /** The record of a statement that has not ended, or whose end could not be stored: it is newer than the stored one. */
  live(id: string): StatementRecord | undefined {
    return this.#live.get(id)?.record ?? this.#unsaved.get(id);
  }

  /**
   * Stops a statement: one that waits at once, one that runs through its backend.
   * @returns false when it has ended
   * @throws AwsError DatabaseConnectionException when the warehouse cannot be reached
   */
  async cancel(id: string): Promise<boolean> {
    const live = this.#live.get(id);
    if (live === undefined) return false;
    live.cancelled = true;
    live.stop.abort();
    const queued = this.#queue.indexOf(live);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      await this.#finish(live, new Cancelled());
      return true;
    }
    // a signal that arrives between two statements of a batch, or before the first, is lost: send it until it counts
    const { connection, record } = live;
    const insist = async (): Promise<void> => {
      while (this.#live.has(id)) {
        if (connection !== undefined) await this.connections.cancelBackend(record.database, connection.pid);
        await Promise.race([live.ended, sleep(200, undefined, { ref: false })]);
      }
    };
    if (connection !== undefined) {
      await this.connections.cancelBackend(record.database, connection.pid).catch((error: unknown) => {
        throw new AwsError('DatabaseConnectionException', error instanceof Error ? error.message : String(error), 500);
      });
    }
    void insist().catch(() => undefined);
    return true;
  }

  /** Cancels everything and waits for it to end. */
  async close(): Promise<void> {
    this.#stopping = true;
    const all = [...this.#live.values()];
    await Promise.all(all.map(({ record }) => this.cancel(record.id).catch(() => undefined)));
    await Promise.all(all.map(({ ended }) => Promise.race([ended, sleep(5_000, undefined, { ref: false })])));
  }

  #next(): void {
    while (this.#running < this.limits.concurrency) {
      const live = this.#queue.shift();
      if (live === undefined) return;
      this.#running += 1;
      void this.#run(live).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #run(live: Live): Promise<void> {
    let failure: unknown;
    let broken = false;
    try {
      await this.#mark(live, 'PICKED');
      live.connection = live.session?.connection ?? (await this.connections.acquire(live.record.database));
      live.record.redshiftPid = live.connection.pid;
      await this.#mark(live, 'STARTED');
      await this.#misbehave(live);
      await (live.record.batch ? this.#runBatch(live, live.connection) : this.#runSingle(live, live.connection));
    } catch (error) {
      failure = error;
      broken = live.cancelled || error instanceof WarehouseUnreachableError;
    }
    if (live.connection !== undefined && live.session === undefined) {
      await this.connections.release(live.connection, broken || live.cancelled).catch(() => undefined);
    }
    await this.#finish(live, failure);
  }

  async #misbehave(live: Live): Promise<void> {
    const { fault, stop, record } = live;
    await pause(fault?.slowMs, stop.signal, fault?.sleep).catch(() => {
      throw new Cancelled();
    });
    if (fault?.end === undefined) return;
    for (const part of record.parts) part.status = 'ABORTED';
    if (fault.end.state !== 'ABORTED') throw new Error(fault.end.message);
    live.cancelled = true;
    throw new Cancelled();
  }

  async #runSingle(live: Live, connection: WarehouseConnection): Promise<void> {
    const commits = await this.#runPart(live, connection, 0, live.record);
    // only a session can have a transaction open
    if (commits && live.session !== undefined) await connection.client.query('COMMIT');
  }

  /** @see https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html */
  async #runBatch(live: Live, connection: WarehouseConnection): Promise<void> {
    const transaction = live.record.mode === 'TRANSACTION';
    let failure: unknown;
    if (transaction) await connection.client.query('BEGIN');
    for (const [index, part] of live.record.parts.entries()) {
      try {
        const commits = await this.#runPart(live, connection, index + 1, part);
        if (transaction && commits) await connection.client.query('COMMIT; BEGIN');
      } catch (error) {
        this.#endPart(live, part, error);
        failure ??= error;
        if (transaction || live.cancelled) break;
      } finally {
        live.partEnded.forEach((check) => check());
      }
    }
    if (transaction) {
      await connection.client.query(failure === undefined ? 'COMMIT' : 'ROLLBACK').catch((error: unknown) => {
        failure ??= error;
      });
    }
    for (const part of live.record.parts) {
      if (!isTerminal(part.status)) part.status = 'ABORTED';
    }
    if (failure !== undefined) throw failure;
  }

  /** @returns true when the statement commits the transaction it runs in, as TRUNCATE does in Redshift */
  async #runPart(live: Live, connection: WarehouseConnection, index: number, outcome: Outcome): Promise<boolean> {
    if (live.cancelled) throw new Cancelled();
    const { record } = live;
    const started = process.hrtime.bigint();
    outcome.status = 'STARTED';
    outcome.redshiftQueryId = this.#lastQueryId += 1;
    try {
      const sql = record.sqls[Math.max(index - 1, 0)] ?? '';
      const bound = bindParameters(sql, record.parameters);
      const statement = translate(bound.sql);
      if (statement.alone && index > 0 && record.mode === 'TRANSACTION') {
        throw new RedshiftSqlError('ALTER TABLE ALTER COLUMN cannot run inside a transaction block');
      }
      if (statement.sql === '') {
        Object.assign(outcome, { resultRows: 0, resultSize: 0, status: 'FINISHED' });
        return false;
      }
      const result = await runSql(connection, { sql: statement.sql, values: bound.values }, this.limits, (page, rows) =>
        this.store.savePage(record.id, index, page, rows)
      );
      outcome.columns = result.columns;
      outcome.hasResultSet = result.columns !== undefined;
      outcome.resultRows = result.rows;
      outcome.resultSize = result.bytes;
      outcome.pages = result.pages;
      outcome.status = 'FINISHED';
      return statement.commits;
    } finally {
      outcome.durationNs = Number(process.hrtime.bigint() - started);
      outcome.updatedAt = Date.now();
    }
  }

  #endPart(live: Live, outcome: Outcome, failure: unknown): void {
    // a statement timeout looks the same to the server
    const cancelled = failure instanceof Cancelled || (live.cancelled && isCancellation(failure));
    outcome.status = cancelled && !this.#stopping ? 'ABORTED' : 'FAILED';
    if (!cancelled) outcome.error = errorText(failure);
    else if (this.#stopping) outcome.error = STOPPED;
    else outcome.error = `ERROR: Query (${outcome.redshiftQueryId}) cancelled on user's request`;
    outcome.updatedAt = Date.now();
  }

  async #finish(live: Live, failure: unknown): Promise<void> {
    const { record } = live;
    if (failure !== undefined) {
      this.#endPart(live, record, failure);
    } else {
      record.status = 'FINISHED';
      record.updatedAt = Date.now();
    }
    if (record.batch) summarise(record);
    try {
      if (record.status !== 'FINISHED' && record.mode === 'TRANSACTION') await this.store.deletePages(record.id);
      await this.store.save(record);
    } catch {
      // on a full disk: the stored record would never end, and who waits for it would ask without pause
      this.#unsaved.set(record.id, record);
    }
    this.#live.delete(record.id);
    live.session?.idle();
    live.end();
  }

  async #mark({ record }: Live, status: 'PICKED' | 'STARTED'): Promise<void> {
    record.status = status;
    record.updatedAt = Date.now();
    await this.store.save(record);
  }
}

/** A batch as a whole has no query id and no result of its own: they are its parts'. */
function summarise(record: StatementRecord): void {
  record.hasResultSet = record.parts.some(({ hasResultSet }) => hasResultSet);
  record.durationNs = record.parts.reduce((sum, { durationNs }) => sum + durationNs, 0);
}
