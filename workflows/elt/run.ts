import { patched } from '@temporalio/workflow';
import type { RunScope, StepInput } from '../../activities/run-scope.js';
import { RunSheet } from '../run-sheet.js';
import { startThenWait } from '../remote-job.js';
import { startGlueJob, stopGlueJob, waitGlueJob } from './activities.js';
import { setupTransactions } from './setup-transactions.js';
import type { EltInput, RejectedItems, StageName } from './types.js';

/** Names of the steps of each stage, in the order they are shown. */
export function stepsOf({ plan }: EltInput): Readonly<Record<StageName, readonly string[]>> {
  const calls = (waves: EltInput['plan']['staging']): string[] => waves.flat().map(({ procedure }) => procedure);
  return {
    prepare: ['source', ...setupTransactions(plan.setup).map(({ step }) => step)],
    export: ['export', 'verify'],
    lake: [plan.lake.jobName],
    landing: plan.entities.map(({ jobName }) => jobName),
    staging: calls(plan.staging),
    dwh: [...calls(plan.dimensions), ...calls(plan.facts)],
    counts: ['counts'],
  };
}

/** What the stages of one run share. */
export class EltRun {
  /** False while a run that version 0.1.0 began is replayed: it has no archive, lock, windows or run record. */
  readonly durable = patched('durability');
  readonly sheet: RunSheet;
  readonly scope: RunScope;
  readonly rejected: Record<string, RejectedItems> = {};

  constructor(readonly input: EltInput) {
    const { plan, runKey } = input;
    this.scope = { pipeline: plan.name, runKey, planHash: plan.hash };
    this.sheet = new RunSheet(stepsOf(input));
  }

  /** The part of an activity's input that says which run and step it serves. */
  at(stage: StageName, step: string): StepInput {
    return { scope: this.scope, stage, step };
  }

  /** Runs a Glue job as a step of a stage and keeps what it rejected. */
  async glueJob(stage: StageName, jobName: string, args: Readonly<Record<string, string>>): Promise<void> {
    const { plan, deployment } = this.input;
    const at = this.at(stage, jobName);
    await this.sheet.step(stage, jobName, async (step) => {
      const { report } = await startThenWait({
        start: async () => {
          const input = {
            ...at,
            jobName,
            arguments: args,
            reports: { bucket: deployment.buckets.lake, table: plan.source.table },
          };
          const job = await startGlueJob.executeWithOptions({ summary: `start ${jobName}` }, [input]);
          step.remote(job.runId);
          return job;
        },
        wait: (job) => waitGlueJob.executeWithOptions({ summary: `${jobName} ${job.runId}` }, [{ ...at, job }]),
        stop: (job) => stopGlueJob.executeWithOptions({ summary: `stop ${jobName} ${job.runId}` }, [{ ...at, job }]),
      });
      const rows = Object.values(report.rows).reduce((sum, count) => sum + count, 0);
      step.counts({ items: report.itemsRead, rows, rejected: report.rejectedItems });
      if (report.rejectedItems > 0) {
        this.rejected[jobName] = { items: report.rejectedItems, reportUri: report.uri };
      }
    });
  }
}
