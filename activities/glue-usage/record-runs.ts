import type { JobRun } from '@aws-sdk/client-glue';
import { billedDpuSeconds, dpuPriceKey } from '../../model/cost/glue-dpu.js';
import type { Prices } from '../../model/cost/prices.js';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import type { UsageGuard } from '../../model/glue-usage/settings.js';
import { judgeRun } from '../../model/glue-usage/verdict.js';
import { glueRunFacts } from '../cost/glue-usage.js';
import { endOf } from './glue-runs.js';
import type { GlueStateEvent } from './state-events.js';

function costOf(run: JobRun, prices: Prices): number | undefined {
  const facts = glueRunFacts(run);
  const [seconds, price] = [billedDpuSeconds(facts), prices.price(dpuPriceKey(facts))];
  return seconds === null || price === null ? undefined : (seconds / 3600) * price;
}

/** The record of a run as Glue describes it. */
export function recordOfRun(run: JobRun, guard: UsageGuard, prices: Prices, optedOut: boolean): GlueRunRecord {
  const { Id: runId = '', JobName: job = '', JobRunState: state = '', StartedOn } = run;
  const workers = run.NumberOfWorkers ?? run.MaxCapacity; // a Standard capacity is workers of one DPU
  const executionSeconds = run.ExecutionTime;
  return {
    id: `${runId}_${StartedOn?.toISOString() ?? 'unknown'}`,
    job,
    runId,
    state,
    ...judgeRun({ state, executionSeconds, workers }, guard),
    optedOut,
    startedAt: StartedOn?.toISOString(),
    endedAt: new Date(endOf(run)).toISOString(),
    executionSeconds,
    timeout: run.Timeout,
    attempt: run.Attempt,
    workers,
    workerType: run.WorkerType,
    glueVersion: run.GlueVersion,
    executionClass: run.ExecutionClass,
    dpuSeconds: run.DPUSeconds,
    autoScaled: glueRunFacts(run).autoScaled,
    cost: costOf(run, prices),
  };
}

/** The record of a run that only an event tells of, since its job is gone. */
export function recordOfEvent({ job, runId, state, time }: GlueStateEvent, guard: UsageGuard): GlueRunRecord {
  const verdict = judgeRun({ state }, guard);
  return { id: `${runId}_unknown`, job, runId, state, ...verdict, optedOut: false, endedAt: time, autoScaled: false };
}
