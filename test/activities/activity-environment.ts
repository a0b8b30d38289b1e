import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { FailureInterceptor } from '../../activities/failures.js';

/** An environment for one activity, as a worker of Sluice would run it. A cancelled one cannot be used again. */
export function activityEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment(
    {},
    { logger: new DefaultLogger('ERROR'), interceptors: [() => ({ inbound: new FailureInterceptor() })] }
  );
}
