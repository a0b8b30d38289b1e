import type { ServiceEvent } from '../data-quality/result-event.js';
import type { JobRunEntity } from './job-run.js';

/**
 * The event of a run that has ended.
 * @see https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
 */
export function jobStateEvent(run: JobRunEntity): ServiceEvent {
  const well = run.JobRunState === 'SUCCEEDED';
  return {
    source: 'aws.glue',
    detailType: 'Glue Job State Change',
    detail: {
      jobName: run.JobName,
      severity: well || run.JobRunState === 'STOPPED' ? 'INFO' : 'ERROR',
      state: run.JobRunState,
      jobRunId: run.Id,
      message: run.ErrorMessage ?? (well ? 'Job run succeeded' : `Job run ended ${run.JobRunState}`),
    },
  };
}
