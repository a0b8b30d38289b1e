import { randomUUID } from 'node:crypto';
import { AwsError } from '../gateway/aws-error.js';
import type { WrittenFile } from './blob-folder.js';
import { Hasher, compositeChecksum } from './checksums.js';
import { badDigest, invalidRequest, malformedXml, noSuchUpload } from './errors.js';
import type { WriteConditions } from './conditions.js';
import { partKey, uploadKey } from './object-index.js';
import type { Change } from './object-index.js';
import type { ObjectChecksum, PartChecksum, PartRecord, StoredObject, UploadRecord } from './records.js';
import type { Storage } from './storage.js';

/** Bytes; the least size of every part but the last. */
const minPart = 5 * 1024 ** 2;

/** A part as the caller lists it on completion. */
export interface ListedPart {
  readonly number: number;
  readonly etag: string;
  /** Base64, by names of algorithms. */
  readonly checksum?: string;
}

/** What the caller says of the object that the parts become. */
export interface CompletionOptions {
  readonly conditions: WriteConditions;
  /** Base64, of the whole object in the upload's algorithm. */
  readonly checksum?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Multipart uploads: parts are blobs of their own until the upload is completed or aborted. */
export class MultipartStore {
  constructor(private readonly storage: Storage) {}

  /** @throws AwsError `NoSuchBucket`. */
  async create(draft: Omit<UploadRecord, 'uploadId' | 'initiated'>): Promise<UploadRecord> {
    const upload = { ...draft, uploadId: randomUUID().replaceAll('-', ''), initiated: Date.now() };
    await this.storage.change(async () => {
      await this.storage.index.requireBucket(upload.bucket);
      return { changes: [{ type: 'put', key: keyOf(upload), value: upload }] };
    });
    return upload;
  }

  /** @throws AwsError `NoSuchUpload`. */
  async require(bucket: string, key: string, uploadId: string): Promise<UploadRecord> {
    const upload = await this.storage.index.upload(bucket, key, uploadId);
    if (upload === undefined) throw noSuchUpload(uploadId);
    return upload;
  }

  /**
   * Makes a written file a part, in place of a former one with its number.
   * @throws AwsError `NoSuchUpload`; the file is gone then.
   */
  async putPart(
    upload: UploadRecord,
    number: number,
    file: WrittenFile,
    checksum: PartChecksum | undefined
  ): Promise<PartRecord> {
    const part: PartRecord = {
      number,
      blob: file.id,
      size: file.size,
      etag: file.md5,
      lastModified: Date.now(),
      ...(checksum && { checksum }),
    };
    await this.storage.publishBlob(file, async () => {
      await this.require(upload.bucket, upload.key, upload.uploadId);
      const former = await this.storage.index.part(upload.uploadId, number);
      return {
        changes: [{ type: 'put', key: partKey(upload.uploadId, number), value: part }],
        unused: former ? [former.blob] : [],
      };
    });
    return part;
  }

  /** The parts so far, by number. */
  async parts(upload: UploadRecord): Promise<PartRecord[]> {
    const parts: PartRecord[] = [];
    for await (const part of this.storage.index.parts(upload.uploadId)) parts.push(part);
    return parts;
  }

  /** Ends an upload and removes its parts. @throws AwsError `NoSuchUpload`. */
  async abort(bucket: string, key: string, uploadId: string): Promise<void> {
    await this.storage.change(async () => this.removal(await this.require(bucket, key, uploadId)));
  }

  /** The changes that remove an upload and all of its parts. */
  async removal(upload: UploadRecord): Promise<{ readonly changes: Change[]; readonly unused: string[] }> {
    const parts = await this.parts(upload);
    return {
      changes: [
        { type: 'del', key: keyOf(upload) },
        ...parts.map((part): Change => ({ type: 'del', key: partKey(upload.uploadId, part.number) })),
      ],
      unused: parts.map((part) => part.blob),
    };
  }

  /**
   * Joins the listed parts into one object. Parts that are not listed are dropped.
   * @throws AwsError `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `BadDigest`, `NoSuchUpload` and others.
   */
  async complete(
    upload: UploadRecord,
    listed: readonly ListedPart[],
    options: CompletionOptions
  ): Promise<StoredObject> {
    const parts = selectParts(upload, await this.parts(upload), listed);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    if (options.size !== undefined && options.size !== size) {
      throw invalidRequest('The provided x-amz-mp-object-size header does not match the size of the object.');
    }
    const { algorithm, type } = upload.checksum;
    const file = await this.#join(parts, new Hasher(type === 'FULL_OBJECT' ? [algorithm] : [], { md5: false }), size);
    const value =
      type === 'FULL_OBJECT'
        ? (file.values.get(algorithm) as string)
        : await compositeChecksum(
            algorithm,
            parts.map((part) => part.checksum?.value ?? '')
          );
    if (options.checksum !== undefined && options.checksum !== value) {
      await this.storage.blobs.discard(file);
      throw badDigest(algorithm);
    }
    const checksum: ObjectChecksum = { algorithm, type, value };
    const draft = {
      ...upload.attributes,
      size,
      etag: await partsETag(parts),
      checksum,
      parts: parts.map(({ number, size: bytes, checksum: sum }) => ({
        number,
        size: bytes,
        ...(sum && { checksum: sum }),
      })),
    };
    return this.storage.putObject(upload.bucket, upload.key, file, draft, {
      conditions: options.conditions,
      more: async () => this.removal(await this.require(upload.bucket, upload.key, upload.uploadId)),
    });
  }

  async #join(parts: readonly PartRecord[], hasher: Hasher, size: number): Promise<WrittenFile> {
    const { storage } = this;
    async function* bytes(): AsyncGenerator<Buffer> {
      for (const part of parts) yield* storage.read(part.blob) as AsyncIterable<Buffer>;
    }
    try {
      return await storage.blobs.write(bytes(), hasher, size);
    } catch (error) {
      // A part was replaced, or the upload ended, while its parts were read.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw invalidPart();
      throw error;
    }
  }
}

const keyOf = ({ bucket, key, uploadId }: UploadRecord): string => uploadKey(bucket, key, uploadId);

const invalidPart = (): AwsError =>
  new AwsError(
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
  );

/** Finds the listed parts and checks them in the order that S3 does. */
function selectParts(
  upload: UploadRecord,
  uploaded: readonly PartRecord[],
  listed: readonly ListedPart[]
): readonly PartRecord[] {
  if (listed.length === 0) throw malformedXml();
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  let last = 0;
  const parts = listed.map(({ number, etag, checksum }) => {
    if (number <= last) {
      throw new AwsError(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.'
      );
    }
    last = number;
    const part = byNumber.get(number);
    if (part === undefined || part.etag !== etag.replaceAll('"', '')) throw invalidPart();
    checkPartChecksum(upload, part, checksum);
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.size >= minPart) continue;
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
      ProposedSize: part.size,
      MinSizeAllowed: minPart,
      PartNumber: part.number,
      ETag: part.etag,
    });
  }
  return parts;
}

function checkPartChecksum(upload: UploadRecord, part: PartRecord, listed: string | undefined): void {
  const { algorithm, type } = upload.checksum;
  if (listed !== undefined && listed !== part.checksum?.value) throw invalidPart();
  if (listed === undefined && type === 'COMPOSITE') {
    throw invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`
    );
  }
}

/** The ETag of an object uploaded in parts: the MD5 of the parts' MD5s, and their number. */
async function partsETag(parts: readonly PartRecord[]): Promise<string> {
  const hasher = new Hasher([]);
  for (const part of parts) hasher.update(Buffer.from(part.etag, 'hex'));
  return `${(await hasher.digests()).md5}-${parts.length}`;
}
