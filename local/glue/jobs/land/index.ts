import { join } from 'node:path';
import type { LandJobSpec } from '../../../../model/plan.js';
import { openDuckDb } from '../../duckdb/session.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { JobArguments, runHash } from '../arguments.js';
import { storeDatasetFile } from '../dataset-files.js';
import { summarizeRejects, writeReport } from '../job-report.js';
import type { JobReport } from '../job-report.js';
import { JobFailure } from '../job-script.js';
import type { JobContext } from '../job-script.js';
import { rejectedDataset, writeRejected } from '../rejected-rows.js';
import { parseS3Folder, parseS3Uri } from '../s3-uri.js';
import type { S3Location } from '../s3-uri.js';
import { landJobSpec } from '../spec-schema.js';
import { openLakeDataset } from './lake-dataset.js';
import { holdBack } from './hold-back.js';
import { makeLandingRows, writeLandingCsv } from './landing-rows.js';
import { replaceLanding } from './replace-landing.js';
import type { LandingWatermark } from './replace-landing.js';

/** Adds the run's rejected rows to the lake's rejected dataset, or removes those of an earlier attempt. */
async function storeRejected(
  context: JobContext,
  session: DuckDbSession,
  lake: S3Location,
  generation: string,
  spec: LandJobSpec,
  rejected: number
): Promise<JobReport['files']> {
  const key = `${lake.key}type=${rejectedDataset}/${generation}-land_${spec.entity}.parquet`;
  if (rejected === 0) {
    await context.store.deleteObject(lake.bucket, key);
    return [];
  }
  const file = await writeRejected(session, context.folder);
  return [await storeDatasetFile(session, context.store, { ...file, bucket: lake.bucket, key })];
}

/** The arguments `--watermark`, `--table_id` and `--pipeline`: all of them or none. */
function readWatermark(args: JobArguments): LandingWatermark | undefined {
  const given = ['--watermark', '--table_id', '--pipeline'].filter((name) => args.optional(name) !== undefined);
  if (given.length === 0) return undefined;
  const loadedTo = args.time('--watermark');
  const tableId = args.text('--table_id');
  const pipeline = args.text('--pipeline');
  return { loadedTo, tableId, pipeline };
}

/**
 * `land.py`: replaces one landing table with the rows of one item type of the lake, in one transaction.
 * The contract is docs/glue-jobs.md.
 */
export async function land(context: JobContext): Promise<void> {
  const { store, signal, folder } = context;
  const args = new JobArguments(context.arguments);
  const runKey = args.text('--run_key');
  const lake = parseS3Folder(args.text('--lake_uri'), '--lake_uri');
  const connection = args.text('--connection');
  const database = args.text('--database');
  const reportUri = args.text('--report_uri');
  const reportAt = parseS3Uri(reportUri, '--report_uri');
  const spec = args.json('--spec', landJobSpec);
  const watermark = readWatermark(args);
  const ruleset = args.optional('--quarantine_ruleset');
  const url = context.connections[connection];
  if (url === undefined) throw new JobFailure(`There is no Glue connection named ${connection}`);

  const session = await openDuckDb(folder, signal, context.limits);
  try {
    const generation = runHash(runKey);
    const prefix = `${lake.key}type=${spec.itemType}/`;
    const whole = await openLakeDataset(session, store, lake.bucket, prefix, generation);
    const held =
      ruleset === undefined
        ? undefined
        : await holdBack(context, session, { itemType: spec.itemType, ruleset, lake, generation }, whole);
    const dataset = held?.dataset ?? whole;
    const { rows, rejected, reasons } = await makeLandingRows(session, spec, dataset);
    const report: JobReport = {
      version: 1,
      job: `land_${spec.entity}_job`,
      runKey,
      itemsRead: whole.items,
      bytesRead: dataset.bytes,
      rows: {},
      rejected: { items: rejected, reasons },
      ...(held && { quarantined: held.rows }),
      files: [],
    };
    if (spec.onReject === 'fail' && rejected > 0) {
      await writeReport(store, reportAt, report);
      throw new JobFailure(summarizeRejects(report, reportUri));
    }
    const csv = join(folder, 'landing.csv');
    const written = await writeLandingCsv(session, spec, csv);
    if (written !== rows) throw new JobFailure(`${spec.target} was to get ${rows} rows but ${written} were written`);
    const files = await storeRejected(context, session, lake, generation, spec, rejected);
    await replaceLanding({ url, database, spec, runKey, csv, rows, ...(watermark && { watermark }) }, signal);
    await writeReport(store, reportAt, {
      ...report,
      rows: { [spec.target]: rows },
      files: [...(held?.files ?? []), ...files],
    });
  } finally {
    session.close();
  }
}
