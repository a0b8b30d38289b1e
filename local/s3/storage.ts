import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ClassicLevel } from 'classic-level';
import { BlobFolder } from './blob-folder.js';
import type { WrittenFile } from './blob-folder.js';
import type { ByteRange } from './byte-range.js';
import { checkWrite } from './conditions.js';
import type { WriteConditions } from './conditions.js';
import { noSuchKey } from './errors.js';
import { ObjectIndex, garbageKey, objectKey, sharedKey } from './object-index.js';
import type { Change } from './object-index.js';
import type { StoredObject } from './records.js';

/** An object together with its open file, which stays readable when the object is overwritten or deleted. */
export interface OpenObject {
  readonly object: StoredObject;
  readonly file: FileHandle;
}

/** Everything about an object but its place and its bytes. */
export type ObjectDraft = Omit<StoredObject, 'bucket' | 'key' | 'blob' | 'lastModified'>;

/** A step of the index. */
interface Step {
  readonly changes: readonly Change[];
  /** Blobs that an object or part no longer has; a blob that several had goes with the last. */
  readonly unused?: readonly string[];
  /** A blob that one more object has. */
  readonly shared?: string;
}

/**
 * Objects on disk: blobs and the index, kept consistent. A blob is marked as garbage before it is moved to its place,
 * and the mark goes in the same write that puts the object into the index; so a crash in between leaves nothing that
 * can be seen, and nothing that the next start does not remove.
 */
export class Storage {
  private constructor(
    readonly blobs: BlobFolder,
    readonly index: ObjectIndex
  ) {}

  static async open(folder: string, db: ClassicLevel<string, string>): Promise<Storage> {
    const storage = new Storage(await BlobFolder.open(folder), new ObjectIndex(db, folder));
    await storage.removeBlobs(await storage.index.garbage());
    return storage;
  }

  /** @throws AwsError `NoSuchBucket`, `NoSuchKey`. */
  async requireObject(bucket: string, key: string): Promise<StoredObject> {
    const object = await this.index.object(bucket, key);
    if (object !== undefined) return object;
    await this.index.requireBucket(bucket);
    throw noSuchKey(key);
  }

  /**
   * Opens an object for reading.
   * @throws AwsError `NoSuchBucket`, `NoSuchKey`.
   */
  async openObject(bucket: string, key: string): Promise<OpenObject> {
    for (;;) {
      const object = await this.requireObject(bucket, key);
      try {
        return { object, file: await open(this.blobs.path(object.blob), 'r') };
      } catch (error) {
        const current = await this.index.object(bucket, key);
        // Overwritten between the look-up and the opening: the new one can be read.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || current?.blob === object.blob) throw error;
      }
    }
  }

  /** The bytes of a blob, all or a run of them. */
  read(blob: string, range?: ByteRange): Readable {
    if (range && range.start === range.end) return Readable.from([]);
    return createReadStream(this.blobs.path(blob), {
      highWaterMark: 262_144,
      ...(range && { start: range.start, end: range.end - 1 }),
    });
  }

  /**
   * Makes a written file an object, in place of a former one.
   * @param more changes that belong into the same step; called when nothing else can change the index.
   * @throws AwsError `NoSuchBucket`, `PreconditionFailed` and others; the file is gone then.
   */
  async putObject(
    bucket: string,
    key: string,
    file: Pick<WrittenFile, 'id' | 'path'>,
    draft: ObjectDraft,
    options: {
      readonly conditions?: WriteConditions;
      readonly more?: () => Promise<{ readonly changes: readonly Change[]; readonly unused: readonly string[] }>;
    } = {}
  ): Promise<StoredObject> {
    const object: StoredObject = { ...draft, bucket, key, blob: file.id, lastModified: Date.now() };
    await this.publishBlob(file, async () => {
      await this.index.requireBucket(bucket);
      const current = await this.index.object(bucket, key);
      checkWrite(options.conditions ?? {}, key, current);
      const more = await options.more?.();
      return {
        changes: [{ type: 'put', key: objectKey(bucket, key), value: object }, ...(more?.changes ?? [])],
        unused: [...(current ? [current.blob] : []), ...(more?.unused ?? [])],
      };
    });
    return object;
  }

  /**
   * Makes an object of the bytes of another without touching these: both have one blob, which nothing ever changes.
   * False when the other one is no longer what it was.
   * @throws AwsError `NoSuchBucket`, `PreconditionFailed` and others.
   */
  async shareObject(source: StoredObject, copy: StoredObject, conditions: WriteConditions): Promise<boolean> {
    const { bucket, key } = copy;
    let shared = false;
    await this.change(async () => {
      const [there, current] = await Promise.all([
        this.index.object(source.bucket, source.key),
        this.index.object(bucket, key),
        this.index.requireBucket(bucket),
      ]);
      if (there?.blob !== source.blob) return { changes: [] };
      checkWrite(conditions, key, current);
      shared = true;
      return {
        changes: [{ type: 'put', key: objectKey(bucket, key), value: copy }],
        unused: current ? [current.blob] : [],
        shared: source.blob,
      };
    });
    return shared;
  }

  /**
   * Moves a written file among the blobs and, in one step with what `decide` says, makes it part of something.
   * @param decide called when nothing else can change the index; gives the changes, and the blobs they make unused.
   * @throws what `decide` throws; the file is gone then.
   */
  async publishBlob(file: Pick<WrittenFile, 'id' | 'path'>, decide: () => Promise<Step>): Promise<void> {
    const mark = garbageKey(file.id);
    try {
      await this.index.write([{ type: 'put', key: mark, value: '' }]);
      await this.blobs.publish(file);
      await this.change(async () => {
        const step = await decide();
        return { ...step, changes: [{ type: 'del', key: mark }, ...step.changes] };
      });
    } catch (error) {
      await this.blobs.discard(file);
      // A mark that cannot be removed now does no harm: the next start removes it.
      await this.removeBlobs([file.id]).catch(() => undefined);
      throw error;
    }
  }

  /** Changes the index in one step and then removes the blobs that nothing has any more. */
  async change(decide: () => Promise<Step>): Promise<void> {
    const gone = await this.index.exclusive(async () => {
      const step = await decide();
      const { changes, gone } = this.#withBlobs(step);
      if (changes.length > 0) await this.index.write(changes);
      return gone;
    });
    // The change is done. What cannot be removed now is still marked, and goes at the next start.
    await this.removeBlobs(gone).catch(() => undefined);
  }

  /** The changes of a step with those of how many have its blobs, and the blobs that nothing has after it. */
  #withBlobs({ changes, unused = [], shared }: Step): { readonly changes: Change[]; readonly gone: string[] } {
    const sharers = new Map<string, number>();
    const add = (blob: string, count: number): void => {
      sharers.set(blob, (sharers.get(blob) ?? this.index.sharers(blob)) + count);
    };
    if (shared !== undefined) add(shared, 1);
    for (const blob of unused) add(blob, -1);
    const all = [...changes];
    const gone: string[] = [];
    for (const [blob, count] of sharers) {
      if (count > 0) all.push({ type: 'put', key: sharedKey(blob), value: count });
      else if (this.index.sharers(blob) > 0) all.push({ type: 'del', key: sharedKey(blob) });
      if (count >= 0) continue;
      all.push({ type: 'put', key: garbageKey(blob), value: '' });
      gone.push(blob);
    }
    return { changes: all, gone };
  }

  /** Removes blobs that are marked as garbage, and their marks. */
  private async removeBlobs(blobs: readonly string[]): Promise<void> {
    if (blobs.length === 0) return;
    await Promise.all(blobs.map((blob) => this.blobs.remove(blob)));
    await this.index.write(blobs.map((blob): Change => ({ type: 'del', key: garbageKey(blob) })));
  }
}
