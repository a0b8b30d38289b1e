import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { onResource } from '../failures.js';

/** Where an object is. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** A checksum that S3 keeps with an object; the value is base64, of a composite one `<base64>-<parts>`. */
export interface ObjectChecksum {
  readonly algorithm: 'CRC64NVME' | 'CRC32' | 'CRC32C' | 'SHA1' | 'SHA256';
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  readonly value: string;
}

/** What S3 says of an object. */
export interface ObjectHead {
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: ObjectChecksum;
  readonly storageClass: string;
  /** The whole answer, with metadata, content headers and encryption. */
  readonly output: HeadObjectCommandOutput;
}

const algorithms = ['CRC64NVME', 'CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const;

function checksumOf(output: HeadObjectCommandOutput): ObjectChecksum | undefined {
  for (const algorithm of algorithms) {
    const value = output[`Checksum${algorithm}`];
    if (value === undefined) continue;
    // Objects written before S3 had types: only composite checksums end in the number of parts.
    const composite = output.ChecksumType === 'COMPOSITE' || /-\d+$/.test(value);
    return { algorithm, type: composite ? 'COMPOSITE' : 'FULL_OBJECT', value };
  }
  return undefined;
}

/** `s3://<bucket>/<key>`. */
export const uriOf = ({ bucket, key }: ObjectPlace): string => `s3://${bucket}/${key}`;

/** HeadObject with checksums; undefined when there is no such object. Rejects with `AwsCallError`. */
export async function headObject(
  s3: S3Client,
  place: ObjectPlace,
  abortSignal?: AbortSignal
): Promise<ObjectHead | undefined> {
  const { bucket: Bucket, key: Key } = place;
  try {
    const output = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }), { abortSignal });
    return {
      size: output.ContentLength ?? 0,
      etag: (output.ETag ?? '').replaceAll('"', ''),
      checksum: checksumOf(output),
      storageClass: output.StorageClass ?? 'STANDARD',
      output,
    };
  } catch (error) {
    if (error instanceof Error && ['NotFound', 'NoSuchKey'].includes(error.name)) return undefined;
    return await onResource(uriOf(place), () => Promise.reject(error as Error));
  }
}
