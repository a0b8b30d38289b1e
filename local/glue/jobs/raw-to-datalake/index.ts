import { z } from 'zod';
import type { LakeJobSpec } from '../../../../model/plan.js';
import { limitForBytes, openDuckDb } from '../../duckdb/session.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { JobArguments } from '../arguments.js';
import { summarizeRejects, writeReport } from '../job-report.js';
import type { JobReport, RejectReason } from '../job-report.js';
import { JobFailure } from '../job-script.js';
import type { JobContext } from '../job-script.js';
import { noRejectedSql, rejectedDataset } from '../rejected-rows.js';
import { parseS3Folder, parseS3Uri } from '../s3-uri.js';
import type { S3Location } from '../s3-uri.js';
import { lakeJobSpec } from '../spec-schema.js';
import { readExportManifest } from './export-manifest.js';
import type { DataFile } from './export-manifest.js';
import { fullExport, incrementalExports } from './export-records.js';
import type { ExportRecords } from './export-records.js';
import { mergeChanges, tombstones, untouched } from './merge-changes.js';
import { deletedDataset, openPreviousLake } from './previous-lake.js';
import type { PreviousLake } from './previous-lake.js';
import { readItems } from './read-items.js';
import { badItems, collectRejectedItems } from './rejected-items.js';
import { replaceLake, writeDatasets } from './write-lake.js';

const manifestList = z.array(z.object({ uri: z.string(), items: z.int().nonnegative() })).min(1);
const hour = 3_600_000;
const nothingDeleted = `SELECT '' AS key, CAST(NULL AS TIMESTAMP) AS written_at WHERE false`;

/** What one run makes the lake of. */
interface Task {
  readonly manifests: readonly { readonly at: S3Location; readonly items: number }[];
  /** Present in incremental runs. */
  readonly merge?: { readonly previous: S3Location; readonly changesFrom: string };
  readonly state?: { readonly asOf: string; readonly exportTime?: string; readonly tableId: string };
}

function readTask(args: JobArguments): Task {
  const given = args.optional('--as_of') !== undefined;
  const exportTime = args.optional('--export_time') === undefined ? undefined : args.time('--export_time');
  const state = given
    ? { asOf: args.time('--as_of'), ...(exportTime && { exportTime }), tableId: args.text('--table_id') }
    : undefined;
  if (args.optional('--previous') === undefined) {
    const at = parseS3Uri(args.text('--manifest_uri'), '--manifest_uri');
    return { manifests: [{ at, items: args.count('--expected_items') }], state };
  }
  const manifests = args
    .json('--manifests', manifestList)
    .map(({ uri, items }) => ({ at: parseS3Uri(uri, '--manifests'), items }));
  const previous = parseS3Folder(args.text('--previous'), '--previous');
  const changesFrom = args.time('--changes_from');
  return {
    manifests,
    merge: { previous, changesFrom },
    state: { asOf: args.time('--as_of'), tableId: args.text('--table_id') },
  };
}

async function rejectItems(
  session: DuckDbSession,
  spec: LakeJobSpec,
  records: ExportRecords,
  previous: PreviousLake | undefined
): Promise<{ readonly items: number; readonly reasons: readonly RejectReason[] }> {
  const earlier = previous?.datasets.find(({ name }) => name === rejectedDataset);
  const kept = earlier && untouched(earlier, ['item', 'written_at']);
  const [count] = await session.rows(
    `SELECT (SELECT count(*) FROM items WHERE bad) AS bad, ${kept ? `(SELECT count(*) FROM (${kept}))` : '0'} AS kept`
  );
  const bad = Number(count?.['bad']);
  const items = bad + Number(count?.['kept']);
  if (items === 0) {
    await session.run(noRejectedSql);
    return { items, reasons: [] };
  }
  const queries = [
    ...(bad > 0 ? [badItems(spec, records)] : []),
    ...(kept ? [`SELECT CAST(item AS JSON) AS item, written_at FROM (${kept})`] : []),
  ];
  return { items, reasons: await collectRejectedItems(session, spec, queries.join(' UNION ALL '), items) };
}

/**
 * `raw_to_datalake.py`: makes of one full export a Parquet dataset per item type and one of rejected items, or merges
 * incremental exports into an earlier generation of them; replaces the table's datasets. The contract is
 * docs/glue-jobs.md.
 */
export async function rawToDatalake(context: JobContext): Promise<void> {
  const { store, signal, folder } = context;
  const args = new JobArguments(context.arguments);
  const runKey = args.text('--run_key');
  const lake = parseS3Folder(args.text('--lake_uri'), '--lake_uri');
  const database = args.text('--catalog_database');
  const reportUri = args.text('--report_uri');
  const reportAt = parseS3Uri(reportUri, '--report_uri');
  const spec = args.json('--spec', lakeJobSpec);
  const { manifests, merge, state } = readTask(args);

  const files: DataFile[] = [];
  for (const { at, items } of manifests) files.push(...(await readExportManifest(store, at, items, signal)));
  const expectedItems = manifests.reduce((sum, { items }) => sum + items, 0);
  const bytesRead = files.reduce((bytes, file) => bytes + file.size, 0);
  const session = await openDuckDb(folder, signal, context.limits);
  try {
    await limitForBytes(session, bytesRead, context.limits);
    const previous = merge && (await openPreviousLake(session, store, merge.previous, spec));
    if (previous !== undefined && previous.state.tableId !== state?.tableId) {
      throw new JobFailure('The previous lake holds another table of the same name');
    }
    const records = merge ? incrementalExports(files) : fullExport(files, state?.asOf);
    const items = await readItems(session, spec, records);
    if (items.records !== expectedItems) {
      throw new JobFailure(`The data files hold ${items.records} items but the manifest lists ${expectedItems}`);
    }
    const due = previous === undefined ? items.records : await mergeChanges(session, previous);
    const rejected = await rejectItems(session, spec, records, previous);
    const report: JobReport = {
      version: 1,
      job: 'raw_to_datalake_job',
      runKey,
      itemsRead: items.records,
      bytesRead,
      rows: {},
      rejected,
      files: [],
    };
    if (spec.onReject === 'fail' && rejected.items > 0) {
      await writeReport(store, reportAt, report);
      throw new JobFailure(summarizeRejects(report, reportUri));
    }
    const since = merge && new Date(Date.parse(merge.changesFrom) - hour).toISOString();
    const deleted = previous && since !== undefined ? tombstones(previous, since) : nothingDeleted;
    const datasets = await writeDatasets(session, folder, spec, items, previous, deleted);
    const rows = Object.fromEntries(datasets.map((dataset) => [dataset.name, dataset.rows]));
    const { [deletedDataset]: _tombstones, ...living } = rows;
    const written = Object.values(living).reduce((total, count) => total + count, 0);
    if (written !== due) throw new JobFailure(`The lake is due to hold ${due} items but ${written} rows were written`);
    const stored = await replaceLake(context, session, datasets, { lake, database, spec, runKey, state });
    await writeReport(store, reportAt, { ...report, rows: living, files: stored });
  } finally {
    session.close();
  }
}
