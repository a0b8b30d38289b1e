import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import { forgetChanges } from './change-log.js';
import type { Database } from './change-log.js';
import { parseInput } from './parse-input.js';
import type { TableDescription } from './table-description.js';
import type { Tables } from './tables.js';
import type { WriteClock } from './write-clock.js';

/** Where settings and exports are kept: JSON by key. */
export interface StateStore {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  del(key: string): Promise<void>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, unknown]>;
}

interface Recovery {
  /** Microseconds since the epoch: the first moment whose state can be told. */
  readonly enabledMicros: number;
  readonly recoveryPeriodInDays: number;
}

const dayMs = 86_400_000;

/** AWS gives the latest restorable time as "typically 5 minutes before the current time". */
const restorableLagMs = 300_000;

const tableInput = z.object({ TableName: z.string().min(1) });
const updateInput = tableInput.extend({
  PointInTimeRecoverySpecification: z.object({
    PointInTimeRecoveryEnabled: z.boolean(),
    RecoveryPeriodInDays: z.int().min(1).max(35).optional(),
  }),
});

/** Point-in-time recovery by table: whether writes are logged, and how far back their log reaches. */
export class ContinuousBackups {
  readonly #byTableId = new Map<string, Recovery>();

  private constructor(
    readonly db: Database,
    readonly state: StateStore,
    readonly tables: Tables
  ) {}

  /** Reads the settings back. */
  static async open(db: Database, state: StateStore, tables: Tables): Promise<ContinuousBackups> {
    const backups = new ContinuousBackups(db, state, tables);
    for await (const [key, value] of state.iterator({ gte: 'recovery/', lt: 'recovery0' })) {
      backups.#byTableId.set(key.slice('recovery/'.length), value as Recovery);
    }
    return backups;
  }

  /** Ids of the tables with point-in-time recovery on. */
  tableIds(): Iterable<string> {
    return this.#byTableId.keys();
  }

  isEnabled(tableId: string): boolean {
    return this.#byTableId.has(tableId);
  }

  /** The earliest moment whose state can be told, microseconds since the epoch; undefined when recovery is off. */
  earliestMicros(tableId: string, nowMs: number): number | undefined {
    const recovery = this.#byTableId.get(tableId);
    return recovery && Math.max(recovery.enabledMicros, (nowMs - recovery.recoveryPeriodInDays * dayMs) * 1000);
  }

  /** Forgets changes older than the recovery period, which no export may ask for any more. */
  async prune(tableId: string, nowMs: number): Promise<void> {
    const earliest = this.earliestMicros(tableId, nowMs);
    if (earliest !== undefined) await forgetChanges(this.db, tableId, earliest);
  }

  /** DescribeContinuousBackups. */
  describe(input: unknown, nowMs: number): object {
    const table = this.#table(parseInput(tableInput, input).TableName);
    const recovery = this.#byTableId.get(table.TableId);
    const earliestMs = (this.earliestMicros(table.TableId, nowMs) ?? 0) / 1000;
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription:
          recovery === undefined
            ? { PointInTimeRecoveryStatus: 'DISABLED' }
            : {
                PointInTimeRecoveryStatus: 'ENABLED',
                RecoveryPeriodInDays: recovery.recoveryPeriodInDays,
                EarliestRestorableDateTime: Math.floor(earliestMs) / 1000,
                LatestRestorableDateTime: Math.floor(Math.max(earliestMs, nowMs - restorableLagMs)) / 1000,
              },
      },
    };
  }

  /** UpdateContinuousBackups. Switching off forgets the history; switching on begins a new one. */
  async update(input: unknown, clock: WriteClock): Promise<object> {
    const { TableName, PointInTimeRecoverySpecification: specification } = parseInput(updateInput, input);
    const { TableId: tableId } = this.#table(TableName);
    const before = this.#byTableId.get(tableId);
    if (!specification.PointInTimeRecoveryEnabled) {
      await this.forget(tableId);
    } else {
      if (before === undefined) await forgetChanges(this.db, tableId); // what a crash while switching off left
      const recovery: Recovery = {
        enabledMicros: before?.enabledMicros ?? clock.next(),
        recoveryPeriodInDays: specification.RecoveryPeriodInDays ?? before?.recoveryPeriodInDays ?? 35,
      };
      this.#byTableId.set(tableId, recovery);
      await this.state.put(`recovery/${tableId}`, recovery);
    }
    return this.describe({ TableName }, clock.now());
  }

  /** Switches recovery off and forgets the changes, as when a table is deleted. */
  async forget(tableId: string): Promise<void> {
    this.#byTableId.delete(tableId);
    await this.state.del(`recovery/${tableId}`);
    await forgetChanges(this.db, tableId);
  }

  #table(name: string): TableDescription {
    const table = this.tables.get(name);
    if (table === undefined) throw new AwsError('TableNotFoundException', `Table not found: ${name}`);
    return table;
  }
}
