import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { splitS3Uri } from '../model/s3-uri.js';
import { parseJson } from './export-manifest.js';
import { StepError, onResource } from './failures.js';

const count = z.number().int().nonnegative();

/** The report that a Glue job of Sluice leaves in S3 (docs/glue-jobs.md), without sample keys. */
const jobReport = z.looseObject({
  version: z.literal(1),
  job: z.string(),
  runKey: z.string(),
  itemsRead: count,
  bytesRead: count,
  rows: z.record(z.string(), count),
  rejected: z.looseObject({ items: count }),
  quarantined: count.optional(),
});

/** What of a job's report goes into history: counts, and where the rest is. */
export interface JobReportSummary {
  readonly uri: string;
  readonly itemsRead: number;
  /** Bytes of the files read, as they stand in S3. */
  readonly bytesRead: number;
  /** Rows written per dataset or table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly rejectedItems: number;
  /** Rows that a quality gate kept out of landing; absent when none was asked to. */
  readonly quarantined?: number;
}

/** Reads a job's report; a report of another run is a permanent failure, like a missing one. */
export async function readJobReport(s3: S3Client, uri: string, runKey: string): Promise<JobReportSummary> {
  const text = await onResource(`job report ${uri}`, async () => {
    const { Body } = await s3.send(new GetObjectCommand(splitS3Uri(uri) ?? { Bucket: '', Key: '' }));
    return (await Body?.transformToString('utf8')) ?? '';
  });
  const report = jobReport.safeParse(parseJson(text));
  if (!report.success || report.data.runKey !== runKey) {
    const problem = report.success ? `it is of run ${report.data.runKey}` : 'it is not a job report of version 1';
    throw new StepError('Permanent', `job report ${uri}`, problem, 'Put the Glue scripts of this version in place.');
  }
  const { itemsRead, bytesRead, rows, rejected, quarantined } = report.data;
  return {
    uri,
    itemsRead,
    bytesRead,
    rows,
    rejectedItems: rejected.items,
    ...(quarantined !== undefined && { quarantined }),
  };
}
