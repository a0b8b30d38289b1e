import {
  ParentClosePolicy,
  continueAsNew,
  defineQuery,
  executeChild,
  isCancellation,
  proxyActivities,
  rootCause,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../../activities/index.js';
import type { BatchPages, BatchRun } from '../../model/batch-pages.js';
import { movesToNewVersions } from '../worker-traits.js';

const { readBatchPage } = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 15 },
});

/** Input of the `batch` workflow. */
export interface BatchInput {
  readonly batch: BatchPages;
  /** Type of the workflows that are started. Default `elt`. */
  readonly workflowType?: string;
  /** Runs at the same time. Default 20. */
  readonly concurrency?: number;
  /** What an execution before this one has done; set by the workflow itself. */
  readonly progress?: BatchProgress;
}

/** How far a batch is, and its result. */
export interface BatchProgress {
  /** Pages whose runs have all been started. */
  readonly pages: number;
  readonly completed: number;
  readonly failed: number;
  /** Runs whose workflow id was used before: they are not started again. */
  readonly alreadyStarted: number;
  /** The first hundred that failed. */
  readonly failures: readonly { readonly workflowId: string; readonly message: string }[];
}

/** Progress so far. */
export const batchProgressQuery = defineQuery<BatchProgress>('batchProgress');

/** Temporal ends an execution at 51,200 events or 50 MB and warns at 10,240 and 10 MB. */
const limits = { events: 7_000, bytes: 8_000_000 };
const maximumFailures = 100;

/**
 * Starts workflows from pages in S3, so many at a time, and waits for all. A run that fails is noted and does not hold
 * up the others. History is bounded by a page: before it grows, the window is let run empty and the batch continues as
 * new. A cancellation cancels the runs under way and waits for them.
 */
export async function batch(input: BatchInput): Promise<BatchProgress> {
  const { batch: pages, workflowType = 'elt', concurrency = 20 } = input;
  let progress: BatchProgress = input.progress ?? {
    pages: 0,
    completed: 0,
    failed: 0,
    alreadyStarted: 0,
    failures: [],
  };
  setHandler(batchProgressQuery, () => progress);

  const run = async ({ workflowId, args, ...options }: BatchRun): Promise<void> => {
    try {
      await executeChild(workflowType, {
        ...options,
        workflowId,
        args: [...args],
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      });
      progress = { ...progress, completed: progress.completed + 1 };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        progress = { ...progress, alreadyStarted: progress.alreadyStarted + 1 };
        return;
      }
      if (isCancellation(error)) throw error;
      const failures =
        progress.failures.length < maximumFailures
          ? [...progress.failures, { workflowId, message: rootCause(error) ?? 'no message' }]
          : progress.failures;
      progress = { ...progress, failed: progress.failed + 1, failures };
    }
  };

  const window = new Set<Promise<void>>();
  try {
    for (let page = progress.pages + 1; page <= pages.pages; page += 1) {
      const { historyLength, historySize } = workflowInfo();
      if (historyLength > limits.events || historySize > limits.bytes) {
        await Promise.all(window);
        return await continueAsNew<typeof batch>({ ...input, progress });
      }
      const summary = `page ${page} of ${pages.pages}`;
      for (const one of await readBatchPage.executeWithOptions({ summary }, [{ batch: pages, page }])) {
        const running = run(one).finally(() => window.delete(running));
        running.catch(() => undefined); // seen by whoever awaits the window
        window.add(running);
        while (window.size >= concurrency) await Promise.race(window);
      }
      progress = { ...progress, pages: page };
    }
    await Promise.all(window);
  } catch (error) {
    await Promise.allSettled(window);
    throw error;
  }
  return progress;
}

// A batch of days gives the runs it still has to start to the current version.
setWorkflowOptions(movesToNewVersions(), batch);
