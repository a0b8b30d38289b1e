import type { TaskStatusType } from '@aws-sdk/client-glue';
import type { Outcome } from '../remote-job.js';

/** What the states of evaluation and recommendation runs mean. */
export const runOutcomes: Readonly<Record<TaskStatusType, Outcome>> = {
  STARTING: 'running',
  RUNNING: 'running',
  STOPPING: 'stopping',
  STOPPED: 'failed',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMEOUT: 'failed',
};
