import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

/**
 * `manifest-summary.json` of a DynamoDB export, as far as it is used.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
 */
export const manifestSummary = z.looseObject({
  exportArn: z.string(),
  itemCount: z.number().int().nonnegative(),
  manifestFilesS3Key: z.string().min(1),
  outputFormat: z.string(),
});

/** One line of `manifest-files.json`. */
const manifestFile = z.looseObject({
  itemCount: z.number().int().nonnegative(),
  etag: z.string().min(1),
  dataFileS3Key: z.string().min(1),
});

/** The data files that a manifest names. */
export interface ManifestFiles {
  /** Σ itemCount. */
  readonly itemCount: number;
  /** Base64 MD5 of the manifest itself. */
  readonly md5: string;
  /** Data file keys as they stand in the manifest, with their ETags without quotes. */
  readonly etags: ReadonlyMap<string, string>;
}

/** Thrown for a manifest that cannot be read as one; the message names the line. */
export class ManifestError extends Error {}

/** Reads `manifest-files.json`, JSON lines, in one pass over the stream. Throws {@link ManifestError}. */
export async function readManifestFiles(body: Readable): Promise<ManifestFiles> {
  const hash = createHash('md5');
  const etags = new Map<string, string>();
  const text = new PassThrough();
  const copied = pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    text
  );
  let itemCount = 0;
  let number = 0;
  const read = async (): Promise<void> => {
    for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      const entry = manifestFile.safeParse(parseJson(line));
      if (!entry.success) throw new ManifestError(`line ${number} does not describe a data file`);
      const { dataFileS3Key, etag } = entry.data;
      if (etags.has(dataFileS3Key)) throw new ManifestError(`line ${number} names a data file a second time`);
      etags.set(dataFileS3Key, etag.replaceAll('"', ''));
      itemCount += entry.data.itemCount;
    }
  };
  try {
    await Promise.all([read(), copied]);
  } catch (error) {
    text.destroy();
    throw error;
  }
  return { itemCount, md5: hash.digest('base64'), etags };
}

/** A JSON text's value; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
