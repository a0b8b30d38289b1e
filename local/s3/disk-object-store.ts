import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { blocksFor } from '../process/read-buffers.js';
import { Hasher } from './checksums.js';
import type { Digests } from './checksums.js';
import { checkBucketName, checkKey } from './names.js';
import { bucketKey, objectKey } from './object-index.js';
import type { ObjectRecord, ObjectStore } from './object-store.js';
import { defaultAttributes } from './records.js';
import type { Storage } from './storage.js';

/** Objects written from within carry the checksum that AWS SDKs send by default. */
const algorithm = 'CRC32';

async function* asBuffers(body: Readable | Buffer | string): AsyncGenerator<Buffer> {
  if (!(body instanceof Readable)) {
    yield Buffer.from(body);
    return;
  }
  for await (const chunk of body) yield Buffer.from(chunk as Uint8Array | string);
}

/** The local S3 as the other local services use it, on the same objects as its HTTP side. */
export class DiskObjectStore implements ObjectStore {
  constructor(private readonly storage: Storage) {}

  async createBucket(bucket: string): Promise<void> {
    checkBucketName(bucket);
    await this.storage.change(async () => {
      if (await this.storage.index.bucket(bucket)) return { changes: [] };
      return {
        changes: [{ type: 'put', key: bucketKey(bucket), value: { name: bucket, created: Date.now() } }],
      };
    });
  }

  async headObject(bucket: string, key: string): Promise<ObjectRecord | undefined> {
    const object = await this.storage.index.object(bucket, key);
    if (object === undefined) await this.storage.index.requireBucket(bucket);
    return object;
  }

  async putObject(
    bucket: string,
    key: string,
    body: Readable | Buffer | string,
    options: { readonly contentType?: string; readonly metadata?: Readonly<Record<string, string>> } = {}
  ): Promise<ObjectRecord> {
    checkKey(key);
    await this.storage.index.requireBucket(bucket);
    const file = await this.storage.blobs.write(asBuffers(body), new Hasher([algorithm]));
    return this.#put(bucket, key, file, file.size, file, options);
  }

  async putFile(
    bucket: string,
    key: string,
    path: string,
    options: { readonly contentType?: string } = {}
  ): Promise<ObjectRecord> {
    checkKey(key);
    await this.storage.index.requireBucket(bucket);
    const hasher = new Hasher([algorithm]);
    const { size } = await stat(path);
    for await (const chunk of createReadStream(path, blocksFor(size))) hasher.update(chunk as Buffer);
    const file = await this.storage.blobs.take(path);
    return this.#put(bucket, key, file, size, await hasher.digests(), options);
  }

  #put(
    bucket: string,
    key: string,
    file: { readonly id: string; readonly path: string },
    size: number,
    digests: Digests,
    options: { readonly contentType?: string; readonly metadata?: Readonly<Record<string, string>> }
  ): Promise<ObjectRecord> {
    return this.storage.putObject(bucket, key, file, {
      ...defaultAttributes,
      ...options,
      metadata: options.metadata ?? {},
      size,
      etag: digests.md5,
      checksum: { algorithm, type: 'FULL_OBJECT', value: digests.values.get(algorithm) as string },
    });
  }

  async filePath(bucket: string, key: string): Promise<string> {
    return this.storage.blobs.path((await this.storage.requireObject(bucket, key)).blob);
  }

  async *listObjects(bucket: string, prefix: string): AsyncGenerator<ObjectRecord> {
    await this.storage.index.requireBucket(bucket);
    const cursor = this.storage.index.objects(bucket, prefix);
    try {
      for (let object = await cursor.next(); object; object = await cursor.next()) yield object;
    } finally {
      await cursor.close();
    }
  }

  async deleteObject(bucket: string, key: string): Promise<void> {
    await this.storage.change(async () => {
      await this.storage.index.requireBucket(bucket);
      const current = await this.storage.index.object(bucket, key);
      if (current === undefined) return { changes: [] };
      return { changes: [{ type: 'del', key: objectKey(bucket, key) }], unused: [current.blob] };
    });
  }
}
