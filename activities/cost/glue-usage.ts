import type { GlueClient, JobRun } from '@aws-sdk/client-glue';
import { GetDataQualityRulesetEvaluationRunCommand, paginateGetJobRuns } from '@aws-sdk/client-glue';
import type { GlueRunFacts } from '../../model/cost/glue-dpu.js';
import type { RunRecord } from '../../model/run-record.js';
import type { RunScope } from '../run-scope.js';
import { stepToken } from '../run-scope.js';

/** Clocks of Glue and Temporal differ by less. */
const tolerance = 3_600_000;

/** What the price of a job run depends on. */
export function glueRunFacts(run: JobRun): GlueRunFacts {
  return {
    workerType: run.WorkerType,
    numberOfWorkers: run.NumberOfWorkers,
    maxCapacity: run.MaxCapacity,
    executionClass: run.ExecutionClass,
    glueVersion: run.GlueVersion,
    executionTime: run.ExecutionTime,
    dpuSeconds: run.DPUSeconds,
    autoScaled: run.Arguments?.['--enable-auto-scaling'] === 'true',
  };
}

/** The runs of a job that an execution has started, those that Glue itself repeated among them. */
async function jobRuns(glue: GlueClient, scope: RunScope, job: string, since: number): Promise<JobRun[]> {
  const token = stepToken({ scope, step: job });
  const runs: JobRun[] = [];
  for await (const page of paginateGetJobRuns({ client: glue, pageSize: 200 }, { JobName: job })) {
    const listed = page.JobRuns ?? [];
    runs.push(...listed.filter(({ Arguments: given }) => given?.['--sluice_token'] === token));
    if (listed.some(({ StartedOn }) => StartedOn !== undefined && StartedOn.getTime() < since)) break; // newest first
  }
  return runs;
}

/**
 * Every Glue job run and data quality run that this execution of a pipeline has started, whatever became of it. What a
 * resumed run took over counts in the execution that started it.
 */
export async function measureGlue(glue: GlueClient, run: RunRecord, scope: RunScope): Promise<GlueRunFacts[]> {
  const since = Date.parse(run.startedAt) - tolerance;
  const facts: GlueRunFacts[] = [];
  for (const { name: stage, steps } of run.stages) {
    for (const { name, remoteId, reused } of steps) {
      if (remoteId === undefined || reused) continue;
      if (stage === 'lake' || stage === 'landing') {
        facts.push(...(await jobRuns(glue, scope, name, since)).map(glueRunFacts));
      } else if (stage.endsWith('-gates')) {
        const { NumberOfWorkers, ExecutionTime } = await glue.send(
          new GetDataQualityRulesetEvaluationRunCommand({ RunId: remoteId })
        );
        // Data quality runs say no worker type; their workers are of one DPU each.
        facts.push({
          workerType: 'G.1X',
          numberOfWorkers: NumberOfWorkers,
          executionTime: ExecutionTime,
          autoScaled: false,
        });
      }
    }
  }
  return facts;
}
