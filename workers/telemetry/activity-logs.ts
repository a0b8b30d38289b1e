import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { StepInput } from '../../activities/run-scope.js';

/** Adds to every log line of an activity which run, stage and step it serves; Temporal adds workflow and attempt. */
export const activityLogs: ActivityInterceptorsFactory = () => {
  let step: Partial<StepInput> = {};
  return {
    inbound: {
      execute(input, next) {
        step = (input.args[0] ?? {}) as Partial<StepInput>;
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => {
        const { scope, stage, step: name } = step;
        return next({ ...input, pipeline: scope?.pipeline, runKey: scope?.runKey, stage, step: name });
      },
    },
  };
};
