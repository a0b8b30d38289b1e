import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';

/** Checksums of S3, by the names of its API, with the length of their values in bytes. */
export const checksumLengths = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 } as const;

export type ChecksumAlgorithm = keyof typeof checksumLengths;

export const checksumAlgorithms = Object.keys(checksumLengths) as ChecksumAlgorithm[];

/** Name of the header and, in XML, the element that carry a checksum. */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(checksumLengths, name);
}

/** True for base64 text of as many bytes as the algorithm's values have. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  return isBase64Of(checksumLengths[algorithm], value);
}

/** True for canonical base64 text of exactly `bytes` bytes. */
export function isBase64Of(bytes: number, value: string): boolean {
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === value;
}

interface Digest {
  update(chunk: Buffer): void;
  digest(): Promise<Uint8Array>;
}

function createDigest(algorithm: ChecksumAlgorithm | 'MD5'): Digest {
  switch (algorithm) {
    case 'CRC32C':
      return new Crc32c();
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'CRC32': {
      let value = 0;
      return {
        update: (chunk) => (value = crc32(chunk, value)),
        digest: () => {
          const bytes = Buffer.alloc(4);
          bytes.writeUInt32BE(value);
          return Promise.resolve(bytes);
        },
      };
    }
    default: {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (chunk) => hash.update(chunk), digest: () => Promise.resolve(hash.digest()) };
    }
  }
}

/** The values of several checksums over the same bytes. */
export interface Digests {
  /** Hex; empty when it was not asked for. */
  readonly md5: string;
  /** Base64, for each algorithm asked for. */
  readonly values: ReadonlyMap<ChecksumAlgorithm, string>;
}

/** Computes the MD5, unless told not to, and any number of checksums in one pass. */
export class Hasher {
  readonly #md5: Digest | undefined;
  readonly #digests: ReadonlyMap<ChecksumAlgorithm, Digest>;

  constructor(algorithms: Iterable<ChecksumAlgorithm>, { md5 = true }: { readonly md5?: boolean } = {}) {
    this.#md5 = md5 ? createDigest('MD5') : undefined;
    this.#digests = new Map([...algorithms].map((algorithm) => [algorithm, createDigest(algorithm)]));
  }

  update(chunk: Buffer): void {
    this.#md5?.update(chunk);
    for (const digest of this.#digests.values()) digest.update(chunk);
  }

  /** Ends the computation; to be called once. */
  async digests(): Promise<Digests> {
    const values = new Map<ChecksumAlgorithm, string>();
    for (const [algorithm, digest] of this.#digests) {
      values.set(algorithm, Buffer.from(await digest.digest()).toString('base64'));
    }
    const md5 = this.#md5 ? Buffer.from(await this.#md5.digest()).toString('hex') : '';
    return { md5, values };
  }
}

/**
 * The checksum of an object's parts' checksums.
 * @param parts base64, in the order of the parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#ChecksumTypes
 */
export async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): Promise<string> {
  const digest = createDigest(algorithm);
  for (const part of parts) digest.update(Buffer.from(part, 'base64'));
  return `${Buffer.from(await digest.digest()).toString('base64')}-${parts.length}`;
}
