import type { ExportView } from './export-lines.js';

/** An export as DescribeExport answers it; times are seconds since the epoch. */
export interface ExportDescription {
  readonly ExportArn: string;
  readonly ExportStatus: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  readonly StartTime: number;
  readonly EndTime?: number;
  /** Key of `manifest-summary.json`. */
  readonly ExportManifest?: string;
  readonly TableArn: string;
  readonly TableId: string;
  readonly ExportTime: number;
  readonly ClientToken: string;
  readonly S3Bucket: string;
  readonly S3BucketOwner?: string;
  readonly S3Prefix?: string;
  readonly S3SseAlgorithm: string;
  readonly S3SseKmsKeyId?: string;
  readonly FailureCode?: string;
  readonly FailureMessage?: string;
  readonly ExportFormat: string;
  readonly BilledSizeBytes?: number;
  readonly ItemCount?: number;
  /** Absent where the request did not name it, as in AWS's answers. */
  readonly ExportType?: 'FULL_EXPORT' | 'INCREMENTAL_EXPORT';
  readonly IncrementalExportSpecification?: {
    readonly ExportFromTime: number;
    readonly ExportToTime: number;
    readonly ExportViewType: ExportView;
  };
}

/** An export as it is kept. */
export interface ExportRecord {
  readonly exportId: string;
  readonly tableName: string;
  /** SHA-256 of the request without its token: tells a repeated request from another one with the same token. */
  readonly requestHash: string;
  /** The first write that the export does not show, microseconds since the epoch. */
  readonly toMicros: number;
  /** Incremental exports: the first write that it shows. */
  readonly fromMicros?: number;
  readonly description: ExportDescription;
}

/** The key of one of an export's own files in its bucket. */
export function exportKey(record: ExportRecord, file: string): string {
  return `${bucketFolder(record)}${record.exportId}/${file}`;
}

/** Full exports have a data folder each; incremental ones share one, and only the manifest tells whose a file is. */
export function dataKey(record: ExportRecord, file: string): string {
  return record.fromMicros === undefined ? exportKey(record, `data/${file}`) : `${bucketFolder(record)}data/${file}`;
}

function bucketFolder({ description: { S3Prefix: prefix } }: ExportRecord): string {
  return prefix === undefined ? 'AWSDynamoDB/' : `${prefix}/AWSDynamoDB/`;
}
