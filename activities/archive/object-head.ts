import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { onResource } from '../failures.js';
import { direct, learn } from './direct-requests.js';

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
  /** What else was answered: metadata, content headers, encryption. */
  readonly output: Omit<HeadObjectCommandOutput, '$metadata'>;
}

const algorithms = ['CRC64NVME', 'CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const;

function checksumOf(output: ObjectHead['output']): ObjectChecksum | undefined {
  for (const algorithm of algorithms) {
    const value = output[`Checksum${algorithm}`];
    if (value === undefined) continue;
    // Objects written before S3 had types: only composite checksums end in the number of parts.
    const composite = output.ChecksumType === 'COMPOSITE' || /-\d+$/.test(value);
    return { algorithm, type: composite ? 'COMPOSITE' : 'FULL_OBJECT', value };
  }
  return undefined;
}

const headOf = (output: ObjectHead['output']): ObjectHead => ({
  size: output.ContentLength ?? 0,
  etag: (output.ETag ?? '').replaceAll('"', ''),
  checksum: checksumOf(output),
  storageClass: output.StorageClass ?? 'STANDARD',
  output,
});

/** An answer of HeadObject by its headers. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
function outputOf(headers: Readonly<Record<string, string>>): ObjectHead['output'] {
  const number = (name: string): number | undefined => (name in headers ? Number(headers[name]) : undefined);
  const { 'last-modified': modified, 'x-amz-server-side-encryption-bucket-key-enabled': bucketKey } = headers;
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return {
    ContentLength: number('content-length'),
    ETag: headers['etag'],
    LastModified: modified === undefined ? undefined : new Date(modified),
    StorageClass: headers['x-amz-storage-class'] as HeadObjectCommandOutput['StorageClass'],
    ContentType: headers['content-type'],
    ContentEncoding: headers['content-encoding'],
    ContentDisposition: headers['content-disposition'],
    ContentLanguage: headers['content-language'],
    CacheControl: headers['cache-control'],
    ExpiresString: headers['expires'],
    WebsiteRedirectLocation: headers['x-amz-website-redirect-location'],
    TagCount: number('x-amz-tagging-count'),
    ServerSideEncryption: headers['x-amz-server-side-encryption'] as HeadObjectCommandOutput['ServerSideEncryption'],
    SSEKMSKeyId: headers['x-amz-server-side-encryption-aws-kms-key-id'],
    BucketKeyEnabled: bucketKey === undefined ? undefined : bucketKey === 'true',
    Metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), value])),
    ChecksumType: headers['x-amz-checksum-type'] as HeadObjectCommandOutput['ChecksumType'],
    ...Object.fromEntries(
      algorithms.map((name) => [`Checksum${name}`, headers[`x-amz-checksum-${name.toLowerCase()}`]])
    ),
  };
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
  const answer = await direct(s3, 'HEAD', place, { 'x-amz-checksum-mode': 'ENABLED' }, { abortSignal });
  if (answer !== undefined) return headOf(outputOf(answer.headers));
  try {
    const command = new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' });
    learn(s3, command, place);
    return headOf(await s3.send(command, { abortSignal }));
  } catch (error) {
    if (error instanceof Error && ['NotFound', 'NoSuchKey'].includes(error.name)) return undefined;
    return await onResource(uriOf(place), () => Promise.reject(error as Error));
  }
}
