import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { blocksFor } from '../../../process/read-buffers.js';
import type { ObjectStore } from '../../../s3/object-store.js';
import { JobFailure } from '../job-script.js';
import type { S3Location } from '../s3-uri.js';

/** A verified data file of an export. */
export interface DataFile {
  readonly key: string;
  /** Local path of the gzip-compressed JSON lines. */
  readonly path: string;
  readonly itemCount: number;
  /** Bytes as stored. */
  readonly size: number;
}

/** A line of manifest-files.json: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html */
const manifestLine = z.object({
  itemCount: z.number().int().nonnegative(),
  md5Checksum: z.string().min(1),
  dataFileS3Key: z.string().min(1),
});

async function md5Base64(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path, blocksFor((await stat(path)).size)), hash, { signal });
  return hash.digest('base64');
}

/**
 * Reads manifest-files.json and verifies it: the item counts add up to `expectedItems`, every data file is there and
 * has the MD5 that the manifest says.
 * @throws JobFailure naming the file that does not hold.
 */
export async function readExportManifest(
  store: ObjectStore,
  manifest: S3Location,
  expectedItems: number,
  signal: AbortSignal
): Promise<DataFile[]> {
  if ((await store.headObject(manifest.bucket, manifest.key)) === undefined) {
    throw new JobFailure(`There is no manifest at s3://${manifest.bucket}/${manifest.key}`);
  }
  const text = await readFile(await store.filePath(manifest.bucket, manifest.key), 'utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.map((line, index) => {
    try {
      return manifestLine.parse(JSON.parse(line));
    } catch {
      throw new JobFailure(`Line ${index + 1} of s3://${manifest.bucket}/${manifest.key} is not a manifest entry`);
    }
  });
  const listed = entries.reduce((sum, entry) => sum + entry.itemCount, 0);
  if (listed !== expectedItems) {
    throw new JobFailure(`The manifest lists ${listed} items but the export has ${expectedItems}`);
  }
  // AWS's own examples leave the S3 prefix out of the keys, its files have it: both are taken.
  const prefix = manifest.key.slice(0, Math.max(0, manifest.key.lastIndexOf('AWSDynamoDB/')));
  const files: DataFile[] = [];
  for (const entry of entries) {
    const candidates = [entry.dataFileS3Key, `${prefix}${entry.dataFileS3Key}`];
    let file: DataFile | undefined;
    for (const key of candidates) {
      const head = file === undefined ? await store.headObject(manifest.bucket, key) : undefined;
      if (head === undefined) continue;
      file = { key, path: await store.filePath(manifest.bucket, key), itemCount: entry.itemCount, size: head.size };
    }
    if (file === undefined) throw new JobFailure(`Data file ${entry.dataFileS3Key} of the export is missing`);
    if ((await md5Base64(file.path, signal)) !== entry.md5Checksum) {
      throw new JobFailure(`Data file s3://${manifest.bucket}/${file.key} does not have the MD5 of the manifest`);
    }
    files.push(file);
  }
  return files;
}
