import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import type { ExportRecord } from './export-record.js';
import { parseInput } from './parse-input.js';
import { tableArn } from './table-arn.js';
import type { Home } from './table-arn.js';
import type { TableDescription } from './table-description.js';

const seconds = z.number().nonnegative();

const exportInput = z.object({
  TableArn: z.string().min(1).max(1024),
  S3Bucket: z
    .string()
    .max(255)
    .regex(
      /^[a-z0-9A-Z]+[.\-\w]*[a-z0-9A-Z]+$/,
      'Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$'
    ),
  S3Prefix: z.string().max(1024).optional(),
  S3BucketOwner: z
    .string()
    .regex(/^[0-9]{12}$/, 'Member must satisfy regular expression pattern: [0-9]{12}')
    .optional(),
  S3SseAlgorithm: z.enum(['AES256', 'KMS']).optional(),
  S3SseKmsKeyId: z.string().min(1).max(2048).optional(),
  ClientToken: z.string().min(1).optional(),
  ExportTime: seconds.optional(),
  ExportFormat: z.enum(['DYNAMODB_JSON', 'ION']).optional(),
  ExportType: z.enum(['FULL_EXPORT', 'INCREMENTAL_EXPORT']).optional(),
  IncrementalExportSpecification: z
    .object({
      ExportFromTime: seconds.optional(),
      ExportToTime: seconds.optional(),
      ExportViewType: z.enum(['NEW_IMAGE', 'NEW_AND_OLD_IMAGES']).optional(),
    })
    .optional(),
  FilterSpecification: z.object().optional(),
});

/** The input of ExportTableToPointInTime; times are seconds since the epoch, fractions allowed. */
export type ExportInput = z.infer<typeof exportInput>;

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/**
 * Checks the input for all that can be told without the table.
 * @throws AwsError `ValidationException`
 */
export function parseExportInput(input: unknown): ExportInput {
  const request = parseInput(exportInput, input);
  const isIncremental = request.ExportType === 'INCREMENTAL_EXPORT';
  if (request.ExportFormat === 'ION') {
    throw invalid('ExportFormat ION is not supported by the local DynamoDB: use DYNAMODB_JSON');
  }
  if (request.FilterSpecification !== undefined) {
    throw invalid('FilterSpecification is not supported by the local DynamoDB');
  }
  if (isIncremental && request.IncrementalExportSpecification?.ExportFromTime === undefined) {
    throw invalid('IncrementalExportSpecification with ExportFromTime must be specified for INCREMENTAL_EXPORT');
  }
  if (!isIncremental && request.IncrementalExportSpecification !== undefined) {
    throw invalid('IncrementalExportSpecification may only be specified for INCREMENTAL_EXPORT');
  }
  if (isIncremental && request.ExportTime !== undefined) {
    throw invalid('ExportTime may not be specified for INCREMENTAL_EXPORT');
  }
  return request;
}

/** SHA-256 in hex over the request without its token. A member given with its default value counts as another request. */
export function requestHash({ ClientToken: _token, ...request }: ExportInput): string {
  const sorted = Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

const minuteMs = 60_000;

/** The time a request is accepted at. */
export interface Acceptance {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** The stamp of writes at this moment: earlier writes have lower ones, later writes higher ones. */
  readonly nowMicros: number;
  /** The earliest moment that can be exported, microseconds since the epoch. */
  readonly earliestMicros: number;
}

function checkTime(timeMs: number, at: Acceptance, name: string): void {
  if (timeMs > at.nowMs) throw new AwsError('InvalidExportTimeException', `${name} is in the future`);
  const earliestMs = Math.floor(at.earliestMicros / 1000);
  if (timeMs < earliestMs) {
    throw new AwsError(
      'InvalidExportTimeException',
      `${name} is before ${new Date(earliestMs).toISOString()}, the earliest restorable time of the table`
    );
  }
}

function incrementalWindow(request: ExportInput, at: Acceptance): { fromMs: number; toMs: number } {
  const { ExportFromTime: from = 0, ExportToTime: to } = request.IncrementalExportSpecification ?? {};
  const fromMs = Math.round(from * 1000);
  const toMs = to === undefined ? Math.floor(at.nowMs) : Math.round(to * 1000);
  checkTime(toMs, at, 'ExportToTime');
  checkTime(fromMs, at, 'ExportFromTime');
  const length = toMs - fromMs;
  if (length < 15 * minuteMs || length > 24 * 60 * minuteMs) {
    const message = 'Difference between export period from time and to time must be from 15 minutes to 24 hours';
    throw new AwsError('InvalidExportTimeException', message);
  }
  return { fromMs, toMs };
}

/**
 * The record of a new export that has been accepted.
 * @throws AwsError `InvalidExportTimeException` for a time in the future or out of the recovery window, or an
 * incremental window shorter than 15 minutes or longer than 24 hours
 */
export function newExportRecord(
  request: ExportInput,
  table: TableDescription,
  home: Home,
  at: Acceptance
): ExportRecord {
  const { IncrementalExportSpecification: incremental } = request;
  const exportId = `${String(Math.floor(at.nowMs)).padStart(14, '0')}-${randomBytes(4).toString('hex')}`;
  const arn = tableArn(home, table.TableName);
  const common = {
    ExportArn: `${arn}/export/${exportId}`,
    ExportStatus: 'IN_PROGRESS',
    StartTime: at.nowMs / 1000,
    TableArn: arn,
    TableId: table.TableId,
    ClientToken: request.ClientToken ?? randomUUID(),
    S3Bucket: request.S3Bucket,
    S3BucketOwner: request.S3BucketOwner,
    S3Prefix: request.S3Prefix === '' ? undefined : request.S3Prefix,
    S3SseAlgorithm: request.S3SseAlgorithm ?? 'AES256',
    S3SseKmsKeyId: request.S3SseKmsKeyId,
    ExportFormat: 'DYNAMODB_JSON',
    ExportType: request.ExportType,
  } as const;
  const kept = { exportId, tableName: table.TableName, requestHash: requestHash(request) };
  if (incremental === undefined) {
    const timeMs = request.ExportTime === undefined ? undefined : Math.round(request.ExportTime * 1000);
    if (timeMs !== undefined) checkTime(timeMs, at, 'ExportTime');
    // A write stamped within the asked millisecond belongs to it, unless it comes after this request.
    const toMicros = Math.min(at.nowMicros, timeMs === undefined ? at.nowMicros : (timeMs + 1) * 1000);
    return { ...kept, toMicros, description: { ...common, ExportTime: (timeMs ?? at.nowMs) / 1000 } };
  }
  const { fromMs, toMs } = incrementalWindow(request, at);
  return {
    ...kept,
    fromMicros: fromMs * 1000,
    toMicros: toMs * 1000,
    description: {
      ...common,
      ExportTime: toMs / 1000,
      IncrementalExportSpecification: {
        ExportFromTime: fromMs / 1000,
        ExportToTime: toMs / 1000,
        ExportViewType: incremental.ExportViewType ?? 'NEW_AND_OLD_IMAGES',
      },
    },
  };
}
