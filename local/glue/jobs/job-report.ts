import type { ObjectStore } from '../../s3/object-store.js';
import type { S3Location } from './s3-uri.js';

/** A kind of rejection, with how many items it met and up to ten of their keys (DynamoDB JSON). */
export interface RejectReason {
  /** Null when the item is of no known type. */
  readonly itemType: string | null;
  /** The landing table, in reports of the packed land job only. */
  readonly target?: string;
  /** Attribute path joined by `.`, or the landing column; empty when the item is of no known type. */
  readonly attribute: string;
  readonly expected: string;
  readonly found: string;
  readonly items: number;
  readonly sampleKeys: readonly unknown[];
}

/** What a job writes to `--report_uri`, as JSON. */
export interface JobReport {
  readonly version: 1;
  /** `raw_to_datalake_job`, `land_<entity>_job` or `land_job`. */
  readonly job: string;
  readonly runKey: string;
  readonly itemsRead: number;
  /** Bytes of the objects read, as stored. */
  readonly bytesRead: number;
  /** Rows written by dataset: item types and `rejected`, or the landing table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly rejected: { readonly items: number; readonly reasons: readonly RejectReason[] };
  /** Of a land job: rows that a quality gate keeps out of landing. */
  readonly quarantined?: number;
  readonly files: readonly { readonly uri: string; readonly rows: number; readonly bytes: number }[];
}

/** Writes the report, replacing that of an earlier attempt. */
export async function writeReport(store: ObjectStore, { bucket, key }: S3Location, report: JobReport): Promise<void> {
  await store.putObject(bucket, key, `${JSON.stringify(report)}\n`, { contentType: 'application/json' });
}

/** One sentence about the rejects for `ErrorMessage`: attributes, counts and where the report is, no row data. */
export function summarizeRejects(report: JobReport, reportUri: string): string {
  const { items, reasons } = report.rejected;
  const told = reasons
    .slice(0, 5)
    .map((reason) =>
      reason.itemType === null
        ? `${reason.items} of no known item type`
        : `${reason.itemType}.${reason.attribute} expected ${reason.expected}, found ${reason.found} (${reason.items})`
    );
  const rest = reasons.length > 5 ? `; and ${reasons.length - 5} more` : '';
  return `${items} of ${report.itemsRead} items do not fit the model: ${told.join('; ')}${rest}. Sample keys: ${reportUri}`;
}
