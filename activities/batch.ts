import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { EltWorkflowOptions } from '../model/elt-run.js';
import { StepError, onResource } from './failures.js';

/** A workflow of a batch: its type's arguments and how it is started, as `eltWorkflowOptions` gives them. */
export interface BatchRun extends Partial<Omit<EltWorkflowOptions, 'args' | 'workflowId'>> {
  readonly workflowId: string;
  readonly args: readonly unknown[];
}

/** Where a batch's pages stand: `<prefix>/page-000001.json` and so on, each a JSON array of {@link BatchRun}. */
export interface BatchPages {
  readonly bucket: string;
  /** Without a slash at its end. */
  readonly prefix: string;
  readonly pages: number;
}

/** Bytes; with the envelope that Temporal adds, below its limit of 2 MB for a payload. */
const maximumPageBytes = 1_500_000;

/** Key of a page, numbered from 1. */
export const batchPageKey = (prefix: string, page: number): string =>
  `${prefix}/page-${String(page).padStart(6, '0')}.json`;

/** Divides runs into pages, as JSON, each small enough for {@link BatchActivities.readBatchPage}. */
export function batchPages(runs: Iterable<BatchRun>): string[] {
  const pages: string[] = [];
  let page: string[] = [];
  let size = 0;
  for (const run of runs) {
    const text = JSON.stringify(run);
    const bytes = Buffer.byteLength(text) + 1;
    if (page.length > 0 && (size + bytes > maximumPageBytes || page.length === 100)) {
      pages.push(`[${page.join(',')}]`);
      [page, size] = [[], 0];
    }
    page.push(text);
    size += bytes;
  }
  return page.length === 0 ? pages : [...pages, `[${page.join(',')}]`];
}

/** Activities of batches. */
export interface BatchActivities {
  /** Reads a page, numbered from 1. A page that is not there, or is none, is a permanent failure. */
  readBatchPage(input: { readonly batch: BatchPages; readonly page: number }): Promise<BatchRun[]>;
}

/** Makes the activities over a client. */
export function createBatchActivities({ s3 }: { readonly s3: S3Client }): BatchActivities {
  return {
    async readBatchPage({ batch, page }) {
      const Key = batchPageKey(batch.prefix, page);
      const resource = `s3://${batch.bucket}/${Key}`;
      const text = await onResource(resource, async () => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: batch.bucket, Key }));
        return (await Body?.transformToString()) ?? '';
      });
      let runs: unknown;
      try {
        runs = JSON.parse(text);
      } catch {
        throw new StepError('Permanent', resource, 'the page is not JSON');
      }
      const isRun = (run: BatchRun | null): boolean =>
        typeof run === 'object' && typeof run?.workflowId === 'string' && Array.isArray(run.args);
      if (!Array.isArray(runs) || !runs.every(isRun)) {
        throw new StepError('Permanent', resource, 'the page is not an array of {workflowId, args, …}');
      }
      return runs as BatchRun[];
    },
  };
}
