import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { z } from 'zod';
import { parseJson } from '../export-manifest.js';
import { StepError, onResource } from '../failures.js';
import type { GenerationManifest, ManifestEntry } from './generation.js';
import {
  generationManifest,
  manifestEntry,
  manifestKey,
  manifestPageKey,
  stampPattern,
  tablePrefix,
} from './generation.js';

/** The manifests of a table's generations in one archive bucket. */
export class ManifestStore {
  constructor(
    private readonly s3: S3Client,
    private readonly bucket: string,
    private readonly table: string
  ) {}

  /** Stamps of all generations, complete or not, the latest first; one call per thousand. */
  async stamps(abortSignal?: AbortSignal): Promise<string[]> {
    const prefix = tablePrefix(this.table);
    return await onResource(`s3://${this.bucket}/${prefix}`, async () => {
      const stamps: string[] = [];
      const query = { Bucket: this.bucket, Prefix: prefix, Delimiter: '/' };
      for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: this.s3 }, query, { abortSignal })) {
        stamps.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)));
      }
      return stamps.filter((stamp) => stampPattern.test(stamp)).reverse();
    });
  }

  /** A generation's manifest; undefined when it has none. */
  async read(stamp: string): Promise<GenerationManifest | undefined> {
    const key = manifestKey(this.table, stamp);
    const body = await this.open(key);
    if (body === undefined) return undefined;
    const text = Buffer.concat((await body.toArray()) as Buffer[]).toString('utf8');
    return this.parsed(generationManifest, text, key);
  }

  async write(manifest: GenerationManifest): Promise<void> {
    await this.put(manifestKey(this.table, manifest.stamp), `${JSON.stringify(manifest)}\n`, 'application/json');
  }

  /** One page of entries. Rejects when it is not there. */
  async readPage(stamp: string, page: number): Promise<ManifestEntry[]> {
    const key = manifestPageKey(this.table, stamp, page);
    const body = await this.open(key);
    if (body === undefined) throw this.broken(key, 'the page is missing');
    const entries: ManifestEntry[] = [];
    for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
      if (line !== '') entries.push(this.parsed(manifestEntry, line, key));
    }
    return entries;
  }

  async writePage(stamp: string, page: number, entries: readonly ManifestEntry[]): Promise<void> {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await this.put(manifestPageKey(this.table, stamp, page), text, 'application/x-ndjson');
  }

  private async put(Key: string, Body: string, ContentType: string): Promise<void> {
    const command = new PutObjectCommand({ Bucket: this.bucket, Key, Body, ContentType });
    await onResource(`s3://${this.bucket}/${Key}`, () => this.s3.send(command));
  }

  private async open(Key: string): Promise<Readable | undefined> {
    return await onResource(`s3://${this.bucket}/${Key}`, async () => {
      try {
        return (await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }))).Body as Readable;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  private parsed<T>(schema: z.ZodType<T>, text: string, key: string): T {
    const result = schema.safeParse(parseJson(text));
    if (result.success) return result.data;
    throw this.broken(key, 'this is not a manifest that Sluice wrote');
  }

  private broken(key: string, message: string): StepError {
    return new StepError('Permanent', `s3://${this.bucket}/${key}`, message, 'See who else writes to the bucket.');
  }
}
