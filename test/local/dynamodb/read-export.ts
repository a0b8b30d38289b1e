import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '../../../local/s3/object-store.js';

/** An export as a reader finds it in the bucket, every checksum and count of it verified. */
export interface ReadExport {
  readonly summary: Record<string, unknown>;
  readonly files: { itemCount: number; md5Checksum: string; etag: string; dataFileS3Key: string }[];
  readonly lines: string[];
}

async function read(store: ObjectStore, bucket: string, key: string): Promise<Buffer> {
  return readFile(await store.filePath(bucket, key));
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

async function readChecked(store: ObjectStore, bucket: string, key: string): Promise<string> {
  const bytes = await read(store, bucket, key);
  const checksum = (await read(store, bucket, key.replace(/\.json$/, '.md5'))).toString();
  if (md5(bytes).toString('base64') !== checksum) throw new Error(`${key} has another MD5 than ${checksum}`);
  return bytes.toString();
}

/** Reads an export by its summary's key, following only what the manifests say. */
export async function readExport(store: ObjectStore, bucket: string, summaryKey: string): Promise<ReadExport> {
  const summary = JSON.parse(await readChecked(store, bucket, summaryKey)) as Record<string, unknown>;
  const manifest = await readChecked(store, bucket, String(summary.manifestFilesS3Key));
  const files = manifest
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReadExport['files'][number]);
  const lines: string[] = [];
  for (const file of files) {
    const bytes = await read(store, bucket, file.dataFileS3Key);
    if (md5(bytes).toString('base64') !== file.md5Checksum) throw new Error(`${file.dataFileS3Key}: wrong MD5`);
    if (md5(bytes).toString('hex') !== file.etag) throw new Error(`${file.dataFileS3Key}: wrong ETag`);
    const text = gunzipSync(bytes).toString();
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${file.dataFileS3Key}: the last line has no end`);
    const own = text.split('\n').filter((line) => line !== '');
    if (own.length !== file.itemCount) throw new Error(`${file.dataFileS3Key}: ${own.length} lines`);
    lines.push(...own);
  }
  if (lines.length !== summary.itemCount) throw new Error(`${lines.length} lines instead of ${summary.itemCount}`);
  return { summary, files, lines };
}
