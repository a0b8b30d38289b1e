import { join } from 'node:path';
import type { ItemTypePlan, LakeJobSpec } from '../../../../model/plan.js';
import { openDuckDb } from '../../duckdb/session.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { JobArguments, runHash } from '../arguments.js';
import { catalogDataset } from '../catalog-dataset.js';
import { deleteOthers, storeDatasetFile } from '../dataset-files.js';
import { summarizeRejects, writeReport } from '../job-report.js';
import type { JobReport } from '../job-report.js';
import { JobFailure } from '../job-script.js';
import type { JobContext } from '../job-script.js';
import { noRejectedSql, rejectedColumns, rejectedDataset, writeRejected } from '../rejected-rows.js';
import { parseS3Folder, parseS3Uri } from '../s3-uri.js';
import { lakeJobSpec } from '../spec-schema.js';
import { readExportManifest } from './export-manifest.js';
import { catalogType } from './lake-column.js';
import { readItems } from './read-items.js';
import type { ItemTable } from './read-items.js';
import { collectRejectedItems } from './rejected-items.js';

/** A dataset written to a local file, on its way to the lake. */
interface Dataset {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly { readonly Name: string; readonly Type: string }[];
}

async function writeItemType(
  session: DuckDbSession,
  folder: string,
  spec: LakeJobSpec,
  items: ItemTable,
  itemType: ItemTypePlan
): Promise<Dataset> {
  const index = spec.itemTypes.indexOf(itemType);
  const path = join(folder, `item-type-${index}.parquet`);
  const columns = itemType.columns.map((column) => `${items.valueOf(column)} AS ${quoteIdentifier(column.name)}`);
  const order = spec.keys.map((_, key) => `k${key}`);
  const rows = await session.run(
    `COPY (SELECT ${columns.join(', ')} FROM items WHERE item_type = ${index} AND NOT bad ORDER BY ${order.join(', ')}) ` +
      `TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION snappy)`
  );
  const catalogColumns = itemType.columns.map((column) => ({ Name: column.name, Type: catalogType(column) }));
  return { name: itemType.name, path, rows, columns: catalogColumns };
}

/**
 * `raw_to_datalake.py`: makes of one full export a Parquet dataset per item type and one of rejected items, replacing
 * the table's earlier datasets. The contract is docs/glue-jobs.md.
 */
export async function rawToDatalake(context: JobContext): Promise<void> {
  const { store, catalog, signal, folder } = context;
  const args = new JobArguments(context.arguments);
  const runKey = args.text('--run_key');
  const manifest = parseS3Uri(args.text('--manifest_uri'), '--manifest_uri');
  const expectedItems = args.count('--expected_items');
  const lake = parseS3Folder(args.text('--lake_uri'), '--lake_uri');
  const database = args.text('--catalog_database');
  const reportUri = args.text('--report_uri');
  const reportAt = parseS3Uri(reportUri, '--report_uri');
  const spec = args.json('--spec', lakeJobSpec);

  const files = await readExportManifest(store, manifest, expectedItems, signal);
  const session = await openDuckDb(folder, signal, context.limits);
  try {
    const items = await readItems(session, spec, files);
    const sum = (counts: typeof items.counts): number => counts.reduce((total, count) => total + count.items, 0);
    const itemsRead = sum(items.counts);
    if (itemsRead !== expectedItems) {
      throw new JobFailure(`The data files hold ${itemsRead} items but the manifest lists ${expectedItems}`);
    }
    const rejectedCount = sum(items.counts.filter((count) => count.rejected));
    if (rejectedCount === 0) await session.run(noRejectedSql);
    const reasons = rejectedCount === 0 ? [] : await collectRejectedItems(session, spec, files, rejectedCount);
    const report: JobReport = {
      version: 1,
      job: 'raw_to_datalake_job',
      runKey,
      itemsRead,
      bytesRead: files.reduce((bytes, file) => bytes + file.size, 0),
      rows: {},
      rejected: { items: rejectedCount, reasons },
      files: [],
    };
    if (spec.onReject === 'fail' && rejectedCount > 0) {
      await writeReport(store, reportAt, report);
      throw new JobFailure(summarizeRejects(report, reportUri));
    }

    const datasets: Dataset[] = [];
    for (const itemType of spec.itemTypes) datasets.push(await writeItemType(session, folder, spec, items, itemType));
    datasets.push({ name: rejectedDataset, ...(await writeRejected(session, folder)), columns: rejectedColumns });
    const written = datasets.reduce((total, dataset) => total + dataset.rows, 0);
    if (written !== itemsRead) throw new JobFailure(`${itemsRead} items were read but ${written} rows written`);

    const stored: JobReport['files'][number][] = [];
    for (const { name, path, rows } of datasets) {
      const key = `${lake.key}type=${name}/${runHash(runKey)}-0.parquet`;
      stored.push(await storeDatasetFile(session, store, { path, bucket: lake.bucket, key, rows }));
    }
    const prefixLength = `s3://${lake.bucket}/`.length;
    await deleteOthers(store, lake.bucket, lake.key, new Set(stored.map((file) => file.uri.slice(prefixLength))));
    for (const { name, columns, rows } of datasets) {
      const location = `s3://${lake.bucket}/${lake.key}type=${name}/`;
      await catalogDataset(catalog, { database, table: `${spec.table}_${name}`, location, columns, rows, runKey });
    }
    const rows = Object.fromEntries(datasets.map((dataset) => [dataset.name, dataset.rows]));
    await writeReport(store, reportAt, { ...report, rows, files: stored });
  } finally {
    session.close();
  }
}
