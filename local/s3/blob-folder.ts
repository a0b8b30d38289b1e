import { randomUUID } from 'node:crypto';
import { copyFile, constants, mkdir, open, readdir, rename, rm, statfs, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFull, isDiskFull } from '../gateway/disk-full.js';
import type { Digests, Hasher } from './checksums.js';

/** A finished file that is not yet part of any object. */
export interface WrittenFile extends Digests {
  /** Becomes the name of the blob. */
  readonly id: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes that are kept free for the index, so that a full disk does not damage it. */
const reserve = 8 * 1024 * 1024;

/** Bytes free that small files (bytes, below) written within a second do not use up: then not each asks. */
const ample = 16 * 1024 ** 3;
const small = 1024 ** 2;

/** Bytes gathered before they are written, since chunked bodies come in small pieces. */
const writeSize = 256 * 1024;

/**
 * The files that hold the bytes of objects and parts: `tmp/<id>` while they are written, `blobs/<xx>/<id>` after.
 * A blob is never changed. Survives a crash of the process, not one of the machine: nothing is flushed to the device.
 */
export class BlobFolder {
  #ampleUntil = 0;

  private constructor(readonly folder: string) {}

  /** Makes the folders and removes what a former process left half written. */
  static async open(folder: string): Promise<BlobFolder> {
    const blobs = new BlobFolder(folder);
    await mkdir(join(folder, 'blobs'), { recursive: true });
    await mkdir(join(folder, 'tmp'), { recursive: true });
    for (const name of await readdir(join(folder, 'tmp'))) await unlink(join(folder, 'tmp', name));
    return blobs;
  }

  path(blob: string): string {
    return join(this.folder, 'blobs', blob.slice(0, 2), blob);
  }

  #temporary(): { id: string; path: string } {
    const id = randomUUID();
    return { id, path: join(this.folder, 'tmp', id) };
  }

  /**
   * Throws when a file of so many bytes does not fit.
   * @throws AwsError `InsufficientStorage`.
   */
  async checkSpace(size: number): Promise<void> {
    if (size < small && performance.now() < this.#ampleUntil) return;
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize > ample) this.#ampleUntil = performance.now() + 1_000;
    if (bavail * bsize < size + reserve) throw diskFull(this.folder);
  }

  /**
   * Writes chunks to a new file, hashing them on the way.
   * @param expectedSize bytes, when known; a disk that cannot take them is found before the first is written.
   * @throws AwsError `InsufficientStorage`, or what the chunks' iteration throws; no file is left then.
   */
  async write(chunks: AsyncIterable<Buffer>, hasher: Hasher, expectedSize = 0): Promise<WrittenFile> {
    await this.checkSpace(expectedSize);
    const { id, path } = this.#temporary();
    return this.#guarded(path, async () => {
      const file = await open(path, 'wx');
      let size = 0;
      try {
        for await (const chunk of gather(chunks)) {
          hasher.update(chunk);
          size += chunk.length;
          await writeAll(file, chunk);
        }
      } finally {
        await file.close();
      }
      return { id, path, size, ...(await hasher.digests()) };
    });
  }

  /** Moves a file here from elsewhere. */
  async take(source: string): Promise<{ readonly id: string; readonly path: string }> {
    const { id, path } = this.#temporary();
    return this.#guarded(path, async () => {
      try {
        await rename(source, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
        await copyFile(source, path, constants.COPYFILE_EXCL);
        await unlink(source);
      }
      return { id, path };
    });
  }

  /** Moves a finished file to its place among the blobs. */
  async publish(file: { readonly id: string; readonly path: string }): Promise<void> {
    const target = this.path(file.id);
    try {
      await rename(file.path, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(join(target, '..'), { recursive: true });
      await rename(file.path, target);
    }
  }

  /** Removes a blob, if it is there. Readers that have it open keep it. */
  async remove(blob: string): Promise<void> {
    await rm(this.path(blob), { force: true });
  }

  /** Removes a file that is not to be published. */
  async discard(file: { readonly path: string }): Promise<void> {
    await rm(file.path, { force: true });
  }

  async #guarded<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await rm(path, { force: true });
      throw isDiskFull(error) ? diskFull(this.folder) : error;
    }
  }
}

async function* gather(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < writeSize) continue;
    yield held.length === 1 ? chunk : Buffer.concat(held, size);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held, size);
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    offset += (await file.write(chunk, offset)).bytesWritten;
  }
}
