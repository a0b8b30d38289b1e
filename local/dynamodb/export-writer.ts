import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ObjectStore } from '../s3/object-store.js';
import type { Database, Snapshot } from './change-log.js';
import { writeDataFile } from './data-file.js';
import type { DataFile } from './data-file.js';
import { fullExportLines, incrementalExportLines } from './export-lines.js';
import type { ExportSource, Lines } from './export-lines.js';
import { dataKey, exportKey } from './export-record.js';
import type { ExportRecord } from './export-record.js';
import { SortedChanges } from './sorted-changes.js';
import type { Partition } from './sorted-changes.js';
import type { TableDescription } from './table-description.js';

/** Hash ranges of the tables' partitions: a new on-demand table of AWS has four as well. Item keys begin in hex. */
const partitions: readonly Partition[] = [
  { from: '0', to: '4' },
  { from: '4', to: '8' },
  { from: '8', to: 'c' },
  { from: 'c', to: 'g' },
];

/** What an export is made from and to. */
export interface ExportJob {
  readonly db: Database;
  readonly store: ObjectStore;
  readonly record: ExportRecord;
  readonly table: TableDescription;
  /** Holds every write before the record's `toMicros`, and perhaps later ones. */
  readonly snapshot: Snapshot;
  /** A folder of this job's own; it is made anew and removed. */
  readonly workFolder: string;
  /** Bytes of the table, as DescribeTable counts them. */
  readonly tableBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** The outcome of an export, all of whose files are in the bucket. */
export interface ExportOutcome {
  readonly items: number;
  readonly billedBytes: number;
  /** Milliseconds since the epoch. */
  readonly endTime: number;
  /** Key of `manifest-summary.json`. */
  readonly manifestKey: string;
}

/**
 * Writes an export into its bucket, laid out as AWS does:
 * `<prefix>/AWSDynamoDB/<ExportId>/` with `_started` (empty, written first: it proves that the bucket can be written),
 * `data/<id>.json.gz`, `manifest-files.json`, `manifest-files.md5`, `manifest-summary.json`, `manifest-summary.md5`;
 * incremental exports have their data in `<prefix>/AWSDynamoDB/data/`.
 *
 * The Developer Guide ("DynamoDB table export output format") calls the checksum files `*.checksum`. The real ones are
 * named `*.md5` and hold the 24 characters of the base64 MD5 without a line end, as listings of real exports show
 * (Google's DynamoDB-to-Spanner guide; moto's and Scylla's tests verified against AWS). `dataFileS3Key` and
 * `manifestFilesS3Key` of real exports include the prefix.
 *
 * Run again for the same record, it writes the same keys.
 * @throws AwsError of the object store, such as `NoSuchBucket`
 */
export async function writeExport(job: ExportJob): Promise<ExportOutcome> {
  const { db, store, record, table, snapshot, workFolder } = job;
  const bucket = record.description.S3Bucket;
  await store.putObject(bucket, exportKey(record, '_started'), '');
  await rm(workFolder, { recursive: true, force: true });
  await mkdir(workFolder, { recursive: true });
  let changes: SortedChanges | undefined;
  try {
    const span = { tableId: table.TableId, fromMicros: record.fromMicros ?? record.toMicros };
    changes = await SortedChanges.open(db, span, snapshot, join(workFolder, 'changes'));
    const files = await writeDataFiles(job, { db, table, snapshot, changes });
    const manifest: string[] = [];
    for (const file of files) manifest.push(await moveDataFile(job, file));
    await putWithChecksum(job, 'manifest-files', manifest.map((line) => `${line}\n`).join(''));
    const outcome = {
      items: files.reduce((sum, file) => sum + file.items, 0),
      billedBytes: record.fromMicros === undefined ? job.tableBytes : (changes?.size ?? 0),
      endTime: job.now(),
      manifestKey: exportKey(record, 'manifest-summary.json'),
    };
    await putWithChecksum(job, 'manifest-summary', JSON.stringify(summary(record, outcome)));
    return outcome;
  } finally {
    await changes?.close();
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function writeDataFiles(job: ExportJob, source: ExportSource): Promise<DataFile[]> {
  const { record, workFolder } = job;
  const failed = new AbortController();
  const signal = AbortSignal.any([job.signal, failed.signal]);
  const view = record.description.IncrementalExportSpecification?.ExportViewType;
  const linesOf = (partition: Partition): Lines =>
    view === undefined
      ? fullExportLines(source, partition)
      : incrementalExportLines(source, partition, record.toMicros, view);
  const writing = partitions.map(async (partition, index) => {
    try {
      return await writeDataFile(join(workFolder, dataFileName(record, index)), linesOf(partition), signal);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  // All have to have ended before the folder and the snapshot go.
  await Promise.allSettled(writing);
  if (failed.signal.aborted) throw failed.signal.reason;
  return Promise.all(writing);
}

async function moveDataFile({ store, record }: ExportJob, file: DataFile): Promise<string> {
  const key = dataKey(record, basename(file.path));
  const { etag } = await store.putFile(record.description.S3Bucket, key, file.path);
  return JSON.stringify({ itemCount: file.items, md5Checksum: file.md5, etag, dataFileS3Key: key });
}

async function putWithChecksum({ store, record }: ExportJob, name: string, content: string): Promise<void> {
  const { S3Bucket: bucket } = record.description;
  const md5 = createHash('md5').update(content).digest('base64');
  await store.putObject(bucket, exportKey(record, `${name}.json`), content, { contentType: 'application/json' });
  await store.putObject(bucket, exportKey(record, `${name}.md5`), md5);
}

/** 26 characters of base32 like AWS's, and the same ones when an interrupted export is taken up again. */
function dataFileName(record: ExportRecord, partition: number): string {
  const hash = createHash('sha256').update(`${record.description.ExportArn} ${partition}`).digest('hex').slice(0, 32);
  const digits = BigInt(`0x${hash}`).toString(32).padStart(26, '0');
  const name = digits.replace(/./g, (digit) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(parseInt(digit, 32)));
  return `${name}.json.gz`;
}

const isoTime = (seconds: number): string => new Date(Math.round(seconds * 1000)).toISOString();

/** `manifest-summary.json`: one line, its members in AWS's order. Source: the Developer Guide's page on the format. */
function summary(record: ExportRecord, outcome: ExportOutcome): object {
  const { description } = record;
  const incremental = description.IncrementalExportSpecification;
  return {
    version: incremental ? '2023-08-01' : '2020-06-30',
    exportArn: description.ExportArn,
    startTime: isoTime(description.StartTime),
    endTime: new Date(outcome.endTime).toISOString(),
    tableArn: description.TableArn,
    tableId: description.TableId,
    ...(incremental && {
      exportFromTime: isoTime(incremental.ExportFromTime),
      exportToTime: isoTime(incremental.ExportToTime),
    }),
    exportTime: isoTime(description.ExportTime),
    s3Bucket: description.S3Bucket,
    s3Prefix: description.S3Prefix ?? null,
    s3SseAlgorithm: description.S3SseAlgorithm,
    s3SseKmsKeyId: description.S3SseKmsKeyId ?? null,
    manifestFilesS3Key: exportKey(record, 'manifest-files.json'),
    billedSizeBytes: outcome.billedBytes,
    itemCount: outcome.items,
    outputFormat: description.ExportFormat,
    ...(incremental && { outputView: incremental.ExportViewType, exportType: 'INCREMENTAL_EXPORT' }),
  };
}
