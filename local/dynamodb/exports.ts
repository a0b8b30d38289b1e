import { join } from 'node:path';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import { HiddenJobs, pause } from '../gateway/job-fault.js';
import type { JobFault } from '../gateway/job-fault.js';
import type { ObjectStore } from '../s3/object-store.js';
import type { Snapshot } from './change-log.js';
import type { ContinuousBackups, StateStore } from './continuous-backups.js';
import type { StoreParts } from './dynalite-store.js';
import type { ExportDescription, ExportRecord } from './export-record.js';
import { newExportRecord, parseExportInput, requestHash } from './export-request.js';
import { writeExport } from './export-writer.js';
import { parseInput } from './parse-input.js';
import { Semaphore } from './semaphore.js';
import { checkExportArn, tableOfArn } from './table-arn.js';
import type { TableDescription } from './table-description.js';
import type { WriteClock } from './write-clock.js';

const describeInput = z.object({ ExportArn: z.string().min(37).max(1024) });
const listInput = z.object({
  TableArn: z.string().min(1).max(1024).optional(),
  MaxResults: z.int().min(1).max(25).optional(),
  NextToken: z.string().optional(),
});

const hourMs = 3_600_000;
const tokenLifeMs = 8 * hourMs;
const recordLifeMs = 90 * 24 * hourMs;
const maxInProgress = 300;
const maxAtOnce = 4;

/** What the exports work with. */
export interface ExportParts {
  readonly items: StoreParts;
  readonly backups: ContinuousBackups;
  readonly state: StateStore;
  readonly store: ObjectStore;
  readonly clock: WriteClock;
  /** Where exports in progress keep their files. */
  readonly workFolder: string;
}

/** ExportTableToPointInTime, DescribeExport and ListExports. */
export class Exports {
  readonly #records = new Map<string, ExportRecord>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #places = new Semaphore(maxAtOnce);
  readonly #hidden = new HiddenJobs();

  private constructor(readonly parts: ExportParts) {}

  /** Reads the exports back and takes those up again that were in progress. */
  static async open(parts: ExportParts): Promise<Exports> {
    const exports = new Exports(parts);
    const oldest = (parts.clock.now() - recordLifeMs) / 1000;
    for await (const [key, value] of parts.state.iterator({ gte: 'export/', lt: 'export0' })) {
      const record = value as ExportRecord;
      if (record.description.StartTime < oldest) await parts.state.del(key);
      else exports.#records.set(record.description.ExportArn, record);
    }
    for (const record of exports.#records.values()) {
      if (record.description.ExportStatus === 'IN_PROGRESS') exports.#resume(record);
    }
    return exports;
  }

  /** ExportTableToPointInTime. */
  async start(input: unknown, fault?: JobFault): Promise<object> {
    const { items, backups, clock } = this.parts;
    const request = parseExportInput(input);
    const repeated = this.#sameToken(request.ClientToken, requestHash(request));
    if (repeated !== undefined) return { ExportDescription: repeated.description };
    const table = items.tables.get(tableOfArn(items, request.TableArn));
    if (table === undefined) throw new AwsError('TableNotFoundException', `Table not found: ${request.TableArn}`);
    const nowMicros = clock.next();
    const nowMs = clock.now();
    const earliestMicros = backups.earliestMicros(table.TableId, nowMs);
    if (earliestMicros === undefined) {
      const message = `Point in time recovery is not enabled for table '${table.TableName}'`;
      throw new AwsError('PointInTimeRecoveryUnavailableException', message);
    }
    const inProgress = [...this.#records.values()].filter((r) => r.description.ExportStatus === 'IN_PROGRESS');
    if (inProgress.length >= maxInProgress) {
      throw new AwsError(
        'LimitExceededException',
        `Too many exports in progress: at most ${maxInProgress} are allowed`
      );
    }
    const record = newExportRecord(request, table, items, { nowMs, nowMicros, earliestMicros });
    // Known before the first wait, so that a request with the same token at the same time finds it.
    this.#records.set(record.description.ExportArn, record);
    const snapshot = items.writer.settled().then(() => items.db.snapshot());
    try {
      await this.#keep(record);
    } catch (error) {
      this.#records.delete(record.description.ExportArn);
      await (await snapshot).close();
      throw error;
    }
    this.#hidden.add(record.description.ExportArn, fault);
    this.#run(record, table, await snapshot, fault);
    return { ExportDescription: record.description };
  }

  /** DescribeExport. */
  describe(input: unknown): object {
    const { ExportArn: arn } = parseInput(describeInput, input);
    checkExportArn(this.parts.items, arn);
    const record = this.#records.get(arn);
    if (record === undefined) throw new AwsError('ExportNotFoundException', `Export not found: ${arn}`);
    return { ExportDescription: record.description };
  }

  /** ListExports, in order of the ARNs. */
  list(input: unknown): object {
    const { TableArn: table, MaxResults: size = 25, NextToken: token = '' } = parseInput(listInput, input);
    if (table !== undefined) tableOfArn(this.parts.items, table);
    const after = Buffer.from(token, 'base64url').toString();
    const arns = [...this.#records.values()]
      .map(({ description }) => description)
      .filter(
        ({ ExportArn, TableArn }) =>
          ExportArn > after && !this.#hidden.has(ExportArn) && (table === undefined || TableArn === table)
      )
      .sort((a, b) => (a.ExportArn < b.ExportArn ? -1 : 1));
    const page = arns.slice(0, size);
    const last = page.at(-1);
    return {
      ExportSummaries: page.map(({ ExportArn, ExportStatus, ExportType }) => ({
        ExportArn,
        ExportStatus,
        ExportType: ExportType ?? 'FULL_EXPORT',
      })),
      ...(last && arns.length > page.length ? { NextToken: Buffer.from(last.ExportArn).toString('base64url') } : {}),
    };
  }

  /** Interrupts what is in progress; it stays IN_PROGRESS and is taken up again by the next `open`. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  #sameToken(token: string | undefined, hash: string): ExportRecord | undefined {
    const since = (this.parts.clock.now() - tokenLifeMs) / 1000;
    const record = [...this.#records.values()].find(
      ({ description }) => description.ClientToken === token && description.StartTime >= since
    );
    if (record !== undefined && record.requestHash !== hash) {
      const message = 'Duplicate request detected with a different request body for the same ClientToken';
      throw new AwsError('ExportConflictException', message);
    }
    return record;
  }

  #resume(record: ExportRecord): void {
    const { items, backups, clock } = this.parts;
    const table = items.tables.get(record.tableName);
    const earliest = table && backups.earliestMicros(table.TableId, clock.now());
    const needed = record.fromMicros ?? record.toMicros;
    if (table === undefined || table.TableId !== record.description.TableId) {
      this.#track(this.#fail(record, 'UNKNOWN', 'The table was deleted while its export was interrupted'));
    } else if (earliest === undefined || Math.floor(earliest / 1000) > Math.ceil(needed / 1000)) {
      const message = 'The history that the export needs was given up while it was interrupted';
      this.#track(this.#fail(record, 'UNKNOWN', message));
    } else {
      this.#run(record, table, items.db.snapshot());
    }
  }

  #run(record: ExportRecord, table: TableDescription, snapshot: Snapshot, fault?: JobFault): void {
    const { items, backups, store, clock, workFolder } = this.parts;
    const job = {
      db: items.db,
      store,
      record,
      table: structuredClone(table),
      snapshot,
      workFolder: join(workFolder, record.exportId),
      tableBytes: items.tables.size(table.TableId).bytes,
      now: clock.now,
      signal: this.#closing.signal,
    };
    const run = async (): Promise<void> => {
      try {
        await pause(fault?.slowMs, this.#closing.signal, fault?.sleep);
        if (fault?.end !== undefined) {
          await this.#fail(record, 'UNKNOWN', fault.end.message);
          return;
        }
        const outcome = await this.#places.run(this.#closing.signal, () => writeExport(job));
        await this.#end(record, {
          ExportStatus: 'COMPLETED',
          EndTime: outcome.endTime / 1000,
          ExportManifest: outcome.manifestKey,
          ItemCount: outcome.items,
          BilledSizeBytes: outcome.billedBytes,
        });
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        await this.#fail(record, ...failure(error));
      } finally {
        await snapshot.close();
        await backups.prune(table.TableId, clock.now());
      }
    };
    this.#track(run());
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch(() => undefined).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #fail(record: ExportRecord, code: string, message: string): Promise<void> {
    const EndTime = this.parts.clock.now() / 1000;
    await this.#end(record, { ExportStatus: 'FAILED', EndTime, FailureCode: code, FailureMessage: message });
  }

  async #end(record: ExportRecord, outcome: Partial<ExportDescription>): Promise<void> {
    const ended = { ...record, description: { ...record.description, ...outcome } };
    await this.#keep(ended);
    this.#records.set(record.description.ExportArn, ended);
  }

  #keep(record: ExportRecord): Promise<void> {
    return this.parts.state.put(`export/${record.description.ExportArn}`, record);
  }
}

function failure(error: unknown): [code: string, message: string] {
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof AwsError)) return ['UNKNOWN', message];
  return [
    `S3${error.code}`,
    `${message} (Service: Amazon S3; Status Code: ${error.status}; Error Code: ${error.code})`,
  ];
}
