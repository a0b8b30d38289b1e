import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { BenchEnvironment } from '../environment.js';
import type { ExportFile } from './export-files.js';

/** A DynamoDB endpoint whose exports are made already. */
export interface ExportFront {
  readonly url: string;
  /** What the next export is to hold. */
  use(files: readonly ExportFile[]): void;
  close(): Promise<void>;
}

interface Export {
  readonly ExportArn: string;
  ExportStatus: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  [member: string]: unknown;
}

/**
 * Passes all calls on to the local AWS but those of exports. An export puts files that are at hand into the bucket, with
 * the manifests that DynamoDB writes, so that the way behind it can be measured without filling a table of millions each
 * time; filling and exporting are measured by `bench load`.
 */
export async function startExportFront(aws: BenchEnvironment['aws']): Promise<ExportFront> {
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const exports = new Map<string, Export>();
  let files: readonly ExportFile[] = [];

  const fill = async (one: Export, bucket: string, folder: string): Promise<void> => {
    const put = async (Key: string, Body: string): Promise<void> => {
      const md5 = createHash('md5').update(Body).digest('base64');
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}${Key}.json`, Body }));
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}${Key}.md5`, Body: md5 }));
    };
    const lines: string[] = [];
    for (const { path, items, md5 } of files) {
      const Key = `${folder}data/${basename(path)}`;
      const ContentLength = (await stat(path)).size;
      const { ETag } = await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key, Body: createReadStream(path), ContentLength })
      );
      lines.push(`${JSON.stringify({ itemCount: items, md5Checksum: md5, etag: ETag, dataFileS3Key: Key })}\n`);
    }
    await put('manifest-files', lines.join(''));
    const itemCount = files.reduce((sum, { items }) => sum + items, 0);
    const { ExportArn: exportArn } = one;
    const manifestFilesS3Key = `${folder}manifest-files.json`;
    await put(
      'manifest-summary',
      JSON.stringify({ exportArn, itemCount, manifestFilesS3Key, outputFormat: 'DYNAMODB_JSON' })
    );
    const ExportManifest = `${folder}manifest-summary.json`;
    Object.assign(one, { ExportStatus: 'COMPLETED', ItemCount: itemCount, BilledSizeBytes: 0, ExportManifest });
  };

  const start = (input: Record<string, string>): Export => {
    const now = Date.now();
    const id = `${String(now).padStart(14, '0')}-${String(exports.size).padStart(8, '0')}`;
    const seconds = now / 1000;
    const { TableArn, S3Bucket = '', S3Prefix } = input;
    const ExportArn = `${TableArn}/export/${id}`;
    const times = { StartTime: seconds, ExportTime: seconds };
    const one: Export = { ...input, ...times, ExportArn, ExportStatus: 'IN_PROGRESS', ExportFormat: 'DYNAMODB_JSON' };
    exports.set(ExportArn, one);
    fill(one, S3Bucket, `${S3Prefix ? `${S3Prefix}/` : ''}AWSDynamoDB/${id}/`).catch((error: unknown) => {
      Object.assign(one, { ExportStatus: 'FAILED', FailureCode: 'UNKNOWN', FailureMessage: String(error) });
    });
    return one;
  };

  const answer = (operation: string | undefined, body: Buffer): object | undefined => {
    const input = (): Record<string, string> => JSON.parse(body.toString()) as Record<string, string>;
    if (operation === 'ExportTableToPointInTime') return { ExportDescription: start(input()) };
    if (operation === 'ListExports') {
      return {
        ExportSummaries: [...exports.values()].map(({ ExportArn, ExportStatus }) => ({ ExportArn, ExportStatus })),
      };
    }
    if (operation !== 'DescribeExport') return undefined;
    return { ExportDescription: exports.get(input()['ExportArn'] ?? '') };
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
    const own = answer(String(incoming.headers['x-amz-target']).split('.')[1], body);
    if (own !== undefined) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(own));
      return;
    }
    const { method, url, headers } = incoming;
    const passed = request(new URL(url ?? '/', aws.endpoint), { method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  };

  const server = createServer((incoming, response) => void handle(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (given) => (files = given),
    close: async () => {
      s3.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
