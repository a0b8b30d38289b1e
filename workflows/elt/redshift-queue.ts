import { workflowInfo } from '@temporalio/workflow';
import type { RedshiftTaskQueue } from '../../model/task-queues.js';

/**
 * Task queue of the activities that call the Redshift Data API, whose quotas are an account's: the server hands them out
 * no faster than the workers of this queue say. Runs that began on older code go on with their own task queue.
 */
export function redshiftQueue(): RedshiftTaskQueue {
  return `${workflowInfo().taskQueue}-redshift`;
}
