import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import type { CompletedExport } from './dynamodb.js';
import type { ManifestFiles } from './export-manifest.js';
import { ManifestError, manifestSummary, parseJson, readManifestFiles } from './export-manifest.js';
import { StepError, onResource } from './failures.js';
import { keepHeartbeating } from './heartbeat.js';
import type { StepInput } from './run-scope.js';

/** Input of `verifyExport`. */
export interface VerifyExportInput extends StepInput, CompletedExport {}

/** An export whose files are all there as its manifest says. */
export interface VerifiedExport {
  /** URI of `manifest-files.json`. */
  readonly manifestUri: string;
  readonly itemCount: number;
  /** Σ size of the data files, compressed. */
  readonly bytes: number;
  readonly files: number;
}

const notFound = (error: unknown): boolean =>
  error instanceof Error && ['NoSuchKey', 'NotFound'].includes(error.cause instanceof Error ? error.cause.name : '');

/** Activities on S3 itself. */
export interface S3Activities {
  /**
   * Holds an export against its manifests: their checksums, the sum of item counts, and that each data file is in the
   * bucket with the ETag that the manifest gives. Whatever differs is a permanent failure.
   */
  verifyExport(input: VerifyExportInput): Promise<VerifiedExport>;
}

/** Makes the activities over a client. */
export function createS3Activities({ s3 }: { readonly s3: S3Client }): S3Activities {
  const open = async (bucket: string, key: string): Promise<Readable> => {
    const { Body } = await onResource(`s3://${bucket}/${key}`, () =>
      s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: Context.current().cancellationSignal })
    );
    return Body as Readable;
  };
  const read = async (bucket: string, key: string): Promise<string> => {
    const chunks = await onResource(`s3://${bucket}/${key}`, async () => (await open(bucket, key)).toArray());
    return Buffer.concat(chunks as Buffer[]).toString('utf8');
  };

  /** The base64 MD5 beside a manifest; AWS's documentation and its exports spell the suffix differently. */
  const checksumOf = async (bucket: string, manifestKey: string): Promise<string> => {
    const stem = manifestKey.replace(/\.json$/, '');
    const text = await read(bucket, `${stem}.md5`).catch((error: unknown) => {
      if (!notFound(error)) throw error;
      return read(bucket, `${stem}.checksum`);
    });
    return text.trim();
  };

  /** Takes what is in S3 away from what the manifest names; returns the bytes found. */
  const compareWithBucket = async (
    bucket: string,
    summaryKey: string,
    { etags }: ManifestFiles,
    broken: (message: string) => StepError
  ): Promise<number> => {
    // `<prefix>AWSDynamoDB/…`; AWS's examples show data file keys without the export's prefix.
    const prefix = summaryKey.slice(0, Math.max(0, summaryKey.lastIndexOf('AWSDynamoDB/')));
    const missing = new Map([...etags].map(([key, etag]) => [key.startsWith(prefix) ? key : prefix + key, etag]));
    const folders = new Set([...missing.keys()].map((key) => key.slice(0, key.lastIndexOf('/') + 1)));
    const { cancellationSignal: signal, cancelled } = Context.current();
    let bytes = 0;
    for (const folder of folders) {
      const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: folder });
      await onResource(`s3://${bucket}/${folder}`, async () => {
        for await (const { Contents = [] } of pages) {
          if (signal.aborted) await cancelled;
          for (const { Key = '', ETag = '', Size = 0 } of Contents) {
            const etag = missing.get(Key);
            if (etag === undefined) continue;
            if (etag !== ETag.replaceAll('"', '')) throw broken(`${Key} is not the file that the manifest names`);
            missing.delete(Key);
            bytes += Size;
          }
        }
      });
    }
    const [lost] = missing.keys();
    if (lost !== undefined) throw broken(`${missing.size} of ${etags.size} data files are missing, ${lost} for one`);
    return bytes;
  };

  return {
    async verifyExport(input) {
      const { bucket, manifestKey, exportArn } = input;
      const summaryUri = `s3://${bucket}/${manifestKey}`;
      const broken = (message: string): StepError =>
        new StepError(
          'Permanent',
          summaryUri,
          message,
          'The export is not used. See who writes to the raw bucket, and go on with `sluice resume`, which exports anew.',
          { exportArn }
        );
      const stopHeartbeats = keepHeartbeating(() => ({ exportArn }));
      try {
        const text = await read(bucket, manifestKey);
        if (createHash('md5').update(text).digest('base64') !== (await checksumOf(bucket, manifestKey))) {
          throw broken('the summary does not match its checksum');
        }
        const summary = manifestSummary.safeParse(parseJson(text));
        if (!summary.success) throw broken('the summary is not a manifest of a DynamoDB export');
        const { manifestFilesS3Key: filesKey, itemCount, outputFormat } = summary.data;
        if (summary.data.exportArn !== exportArn) throw broken(`the summary is of ${summary.data.exportArn}`);
        if (outputFormat !== 'DYNAMODB_JSON') throw broken(`the format is ${outputFormat}, not DYNAMODB_JSON`);
        const files = await readManifestFiles(await open(bucket, filesKey)).catch((error: unknown) => {
          throw error instanceof ManifestError ? broken(`manifest-files.json: ${error.message}`) : error;
        });
        if (files.md5 !== (await checksumOf(bucket, filesKey))) {
          throw broken('manifest-files.json does not match its checksum');
        }
        if (files.itemCount !== itemCount || itemCount !== input.itemCount) {
          throw broken(
            `the item counts differ: ${files.itemCount} in the data files, ${itemCount} in the summary, ` +
              `${input.itemCount} in DescribeExport`
          );
        }
        const bytes = await compareWithBucket(bucket, manifestKey, files, broken);
        return { manifestUri: `s3://${bucket}/${filesKey}`, itemCount, bytes, files: files.etags.size };
      } finally {
        stopHeartbeats();
      }
    },
  };
}
