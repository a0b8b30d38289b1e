import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { batchPageKey } from '../model/batch-pages.js';
import type { BatchPages, BatchRun } from '../model/batch-pages.js';
import { StepError, onResource } from './failures.js';

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
