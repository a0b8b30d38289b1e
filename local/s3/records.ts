import type { ChecksumAlgorithm } from './checksums.js';
import type { ObjectRecord } from './object-store.js';

/** A checksum as S3 keeps it with an object. */
export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; `<base64>-<parts>` when composite. */
  readonly value: string;
}

/** Whether a checksum is of the object's bytes or of its parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** HTTP headers that are kept with an object and given back as they came. */
export interface ContentHeaders {
  readonly 'Cache-Control'?: string;
  readonly 'Content-Disposition'?: string;
  readonly 'Content-Encoding'?: string;
  readonly 'Content-Language'?: string;
  readonly Expires?: string;
  readonly 'x-amz-website-redirect-location'?: string;
}

/** Server-side encryption as asked for; nothing is encrypted locally. */
export interface Encryption {
  readonly algorithm: string;
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

/** What a writer says of an object besides its bytes. */
export interface ObjectAttributes {
  readonly storageClass: string;
  readonly contentType?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: ContentHeaders;
  readonly tags: readonly Tag[];
  readonly encryption: Encryption;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** An object as the index keeps it. */
export interface StoredObject extends ObjectRecord, ObjectAttributes {
  /** Name of the file with the bytes. */
  readonly blob: string;
  readonly checksum: ObjectChecksum;
  /** Of an object uploaded in parts, in order. */
  readonly parts?: readonly PartSummary[];
}

/** What is kept of the parts of a completed upload. */
export interface PartSummary {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly checksum?: PartChecksum;
}

export interface BucketRecord {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** A multipart upload under way. */
export interface UploadRecord {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since the epoch. */
  readonly initiated: number;
  readonly attributes: ObjectAttributes;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
  /** False when the caller left the choice to S3: parts need no checksums on completion then. */
  readonly checksumAskedFor: boolean;
}

export interface PartChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

export interface PartRecord {
  readonly number: number;
  readonly blob: string;
  /** Bytes. */
  readonly size: number;
  /** MD5 in hex. */
  readonly etag: string;
  /** In the upload's algorithm, if the upload was started with one. */
  readonly checksum?: PartChecksum;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
}

/** Attributes of an object that nothing was said of. */
export const defaultAttributes: ObjectAttributes = {
  storageClass: 'STANDARD',
  metadata: {},
  headers: {},
  tags: [],
  encryption: { algorithm: 'AES256' },
};
