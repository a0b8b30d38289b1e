import type { ClassicLevel } from 'classic-level';
import { diskFull, isDiskFull } from '../gateway/disk-full.js';
import { noSuchBucket } from './errors.js';
import type { BucketRecord, PartRecord, StoredObject, UploadRecord } from './records.js';

/*
 * Keys, all in UTF-8, whose byte order is S3's order of object keys:
 *   bucket/<bucket>                    BucketRecord
 *   configuration/<bucket>/<name>      document of a bucket's subresource, as text
 *   object/<bucket>/<key>              StoredObject
 *   upload/<bucket>/<key>\0<uploadId>  UploadRecord
 *   part/<uploadId>/<5 digits>         PartRecord
 *   garbage/<blob>                     a blob that is not, or not yet, part of anything; removed at the next start
 *   shared/<blob>                      how many objects have the blob besides one; absent for none
 */
type Entry = BucketRecord | StoredObject | UploadRecord | PartRecord | string | number;

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Entry }
  | { readonly type: 'del'; readonly key: string };

export const bucketKey = (bucket: string): string => `bucket/${bucket}`;
export const objectKey = (bucket: string, key: string): string => `object/${bucket}/${key}`;
export const uploadKey = (bucket: string, key: string, uploadId: string): string =>
  `upload/${bucket}/${key}\0${uploadId}`;
export const partKey = (uploadId: string, number: number): string =>
  `part/${uploadId}/${String(number).padStart(5, '0')}`;
export const garbageKey = (blob: string): string => `garbage/${blob}`;
export const sharedKey = (blob: string): string => `shared/${blob}`;
export const configurationKey = (bucket: string, name: string): string => `configuration/${bucket}/${name}`;

/** The least key, by bytes, that is greater than every key that starts with `prefix`. */
export function afterPrefix(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  // No byte of UTF-8 is 0xff, so the last one can always be raised.
  bytes[bytes.length - 1] = (bytes.at(-1) as number) + 1;
  return bytes;
}

/** Walks records in the order of their keys. */
export interface Cursor<Value> {
  next(): Promise<Value | undefined>;
  /** Goes on at the first key that does not start with `prefix`, which the current one does. */
  skip(prefix: string): void;
  close(): Promise<void>;
}

/** What is kept of buckets, objects and uploads, in LevelDB. */
export class ObjectIndex {
  readonly #level;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    db: ClassicLevel<string, string>,
    private readonly folder: string
  ) {
    this.#level = db.sublevel<string, Entry>('s3', { valueEncoding: 'json' });
  }

  /**
   * Runs `work` alone among all that change the index, so that what it reads holds until it has written.
   */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * Writes all changes or none.
   * @throws AwsError `InsufficientStorage` when the disk is full.
   */
  async write(changes: readonly Change[]): Promise<void> {
    try {
      await this.#level.batch([...changes]);
    } catch (error) {
      throw isDiskFull(error) ? diskFull(this.folder) : error;
    }
  }

  /** A record by its key. LevelDB finds one within microseconds; handing that to a thread would take longer. */
  #get(key: string): Entry | undefined {
    // As bytes: classic-level 3.0.0 cuts longer text keys short in the middle of a character.
    return this.#level.getSync(Buffer.from(key), { keyEncoding: 'buffer' });
  }

  bucket(name: string): Promise<BucketRecord | undefined> {
    return Promise.resolve(this.#get(bucketKey(name)) as BucketRecord | undefined);
  }

  /** Objects that have a blob besides one. */
  sharers(blob: string): number {
    return (this.#get(sharedKey(blob)) as number | undefined) ?? 0;
  }

  /** @throws AwsError `NoSuchBucket`. */
  async requireBucket(name: string): Promise<BucketRecord> {
    const bucket = await this.bucket(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  object(bucket: string, key: string): Promise<StoredObject | undefined> {
    return Promise.resolve(this.#get(objectKey(bucket, key)) as StoredObject | undefined);
  }

  /** Objects by their keys, in the order of these. */
  async objectsNamed(bucket: string, keys: readonly string[]): Promise<(StoredObject | undefined)[]> {
    const found = await this.#level.getMany(keys.map((key) => objectKey(bucket, key)));
    return found as (StoredObject | undefined)[];
  }

  upload(bucket: string, key: string, uploadId: string): Promise<UploadRecord | undefined> {
    return Promise.resolve(this.#get(uploadKey(bucket, key, uploadId)) as UploadRecord | undefined);
  }

  part(uploadId: string, number: number): Promise<PartRecord | undefined> {
    return Promise.resolve(this.#get(partKey(uploadId, number)) as PartRecord | undefined);
  }

  configuration(bucket: string, name: string): Promise<string | undefined> {
    return Promise.resolve(this.#get(configurationKey(bucket, name)) as string | undefined);
  }

  buckets(): AsyncIterable<BucketRecord> {
    return this.#all<BucketRecord>('bucket/');
  }

  parts(uploadId: string): AsyncIterable<PartRecord> {
    return this.#all<PartRecord>(`part/${uploadId}/`);
  }

  uploads(bucket: string, prefix = ''): AsyncIterable<UploadRecord> {
    return this.#all<UploadRecord>(`upload/${bucket}/${prefix}`);
  }

  /** Objects in the order of their keys from `from` on, which is among them, those only whose keys have the prefix. */
  objects(bucket: string, prefix: string, from = ''): Cursor<StoredObject> {
    const first = Buffer.from(objectKey(bucket, prefix));
    const wanted = Buffer.from(objectKey(bucket, from));
    const iterator = this.#level.iterator<Buffer, Entry>({
      gte: Buffer.compare(first, wanted) >= 0 ? first : wanted,
      lt: afterPrefix(objectKey(bucket, prefix)),
      keyEncoding: 'buffer',
      keys: false,
    });
    return {
      next: async () => (await iterator.next())?.[1] as StoredObject | undefined,
      skip: (skipped) => iterator.seek(afterPrefix(objectKey(bucket, skipped))),
      close: () => iterator.close(),
    };
  }

  /** Names of the subresource documents of a bucket. */
  async configurationKeys(bucket: string): Promise<string[]> {
    const prefix = configurationKey(bucket, '');
    return this.#keys(prefix);
  }

  /** Blobs that were being written or removed when a former process ended. */
  async garbage(): Promise<string[]> {
    return (await this.#keys('garbage/')).map((key) => key.slice('garbage/'.length));
  }

  #keys(prefix: string): Promise<string[]> {
    return this.#level
      .keys<Buffer>({ ...range(prefix), keyEncoding: 'buffer' })
      .all()
      .then((keys) => keys.map(String));
  }

  async *#all<Value extends Entry>(prefix: string): AsyncGenerator<Value> {
    for await (const value of this.#level.values<Buffer, Entry>({ ...range(prefix), keyEncoding: 'buffer' })) {
      yield value as Value;
    }
  }
}

function range(prefix: string): { gte: Buffer; lt: Buffer } {
  return { gte: Buffer.from(prefix), lt: afterPrefix(prefix) };
}
