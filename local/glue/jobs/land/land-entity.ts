import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LandJobSpec } from '../../../../model/plan.js';
import { limitForBytes, openDuckDb } from '../../duckdb/session.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { storeDatasetFile } from '../dataset-files.js';
import type { JobReport, RejectReason } from '../job-report.js';
import type { JobContext } from '../job-script.js';
import { rejectedDataset, writeRejected } from '../rejected-rows.js';
import type { S3Location } from '../s3-uri.js';
import { holdBack } from './hold-back.js';
import { openLakeDataset } from './lake-dataset.js';
import { writeLandingRows } from './landing-rows.js';
import { replaceLanding } from './replace-landing.js';
import type { LandingWatermark } from './replace-landing.js';

/** What the landing tables of one run have in common. */
export interface LandingTask {
  readonly runKey: string;
  /** First 16 hex characters of the run key's SHA-256. */
  readonly generation: string;
  readonly lake: S3Location;
  /** PostgreSQL URL of the Glue connection. */
  readonly url: string;
  readonly database: string;
  readonly watermark: LandingWatermark | undefined;
}

/** The rows of one landing table, read and cast, on their way to the warehouse. */
export interface PreparedEntity {
  readonly spec: LandJobSpec;
  /** Items of the lake's dataset, and bytes of its files as stored. */
  readonly items: number;
  readonly bytes: number;
  /** Rows that the table is to hold. */
  readonly rows: number;
  readonly rejected: { readonly items: number; readonly reasons: readonly RejectReason[] };
  /** Rows that a ruleset keeps out; undefined when none was asked to. */
  readonly quarantined: number | undefined;
  /** Stores the rejected rows and replaces the landing table in a transaction; returns the files written. */
  replace(): Promise<JobReport['files']>;
  close(): void;
}

/** Adds the run's rejected rows to the lake's rejected dataset, or removes those of an earlier attempt. */
async function storeRejected(
  context: JobContext,
  session: DuckDbSession,
  { lake, generation }: LandingTask,
  spec: LandJobSpec,
  rejected: number
): Promise<JobReport['files']> {
  const key = `${lake.key}type=${rejectedDataset}/${generation}-land_${spec.entity}-0.parquet`;
  if (rejected === 0) {
    await context.store.deleteObject(lake.bucket, key);
    return [];
  }
  const file = await writeRejected(session, context.folder);
  return [await storeDatasetFile(session, context.store, { ...file, bucket: lake.bucket, key })];
}

/**
 * Reads one item type of the lake and makes the rows of one landing table of it; changes nothing in the warehouse.
 * @param ruleset name of the ruleset whose bad rows are kept out.
 */
export async function prepareEntity(
  given: JobContext,
  task: LandingTask,
  spec: LandJobSpec,
  ruleset: string | undefined
): Promise<PreparedEntity> {
  const context = { ...given, folder: join(given.folder, spec.entity) };
  const { store, signal, folder } = context;
  const { lake, generation } = task;
  await mkdir(folder);
  const session = await openDuckDb(folder, signal, context.limits);
  try {
    const prefix = `${lake.key}type=${spec.itemType}/`;
    const whole = await openLakeDataset(session, store, lake.bucket, prefix, generation);
    await limitForBytes(session, whole.bytes, context.limits);
    const held =
      ruleset === undefined
        ? undefined
        : await holdBack(context, session, { itemType: spec.itemType, ruleset, lake, generation }, whole);
    const csv = join(folder, 'landing.csv');
    const { rows, rejected, reasons } = await writeLandingRows(session, spec, held?.dataset ?? whole, csv);
    return {
      spec,
      items: whole.items,
      bytes: whole.bytes,
      rows,
      rejected: { items: rejected, reasons },
      quarantined: held?.rows,
      async replace() {
        const files = await storeRejected(context, session, task, spec, rejected);
        await replaceLanding({ ...task, spec, csv, rows }, signal);
        return [...(held?.files ?? []), ...files];
      },
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}
