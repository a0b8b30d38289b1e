import { join } from 'node:path';
import { paginateGetJobRuns } from '@aws-sdk/client-glue';
import { DescribeExportCommand, paginateListExports } from '@aws-sdk/client-dynamodb';
import { paginateListStatements } from '@aws-sdk/client-redshift-data';
import type { Client } from '@temporalio/client';
import { usageOf } from '../../activities/cost/temporal-usage.js';
import type { HistoryEvent } from '../../activities/cost/temporal-usage.js';
import { generateItems } from '../../examples/ecommerce/sample-data.js';
import { loadItems } from '../../local/environment/load-items.js';
import { eltWorkflowOptions } from '../../model/elt-run.js';
import { compile, loadModel } from '../../model/index.js';
import { deployment, provisionPlan, startTestAws, startTestTemporal } from '../../test/workflows/stack.js';
import type { TestAws, TestTemporal } from '../../test/workflows/stack.js';
import { startWorker } from '../../workers/index.js';
import { SkippingClock } from './skipping-clock.js';

/** Lengths that remote jobs are given, in seconds, on top of what the local engines need. */
export interface JobLengths {
  readonly export: number;
  readonly glue: number;
  readonly statement: number;
}

/** A remote job as its service recorded it, in seconds since the run began. */
export interface RemoteJobTime {
  readonly kind: keyof JobLengths;
  readonly from: number;
  readonly to: number;
}

/** A run under skipped time. */
export interface MeasuredRun {
  /** Seconds from its start to its end. */
  readonly wall: number;
  readonly jobs: readonly RemoteJobTime[];
  /** Seconds that each wait for an export or a Glue run took from the request to the result that is in the history. */
  readonly waits: readonly number[];
  /** Of the run, its child and its lock together. */
  readonly actions: number;
  /** Heartbeats among the Actions. */
  readonly heartbeats: number;
  /** Events of the run's own history. */
  readonly events: number;
}

const taskQueue = 'overhead';
const plan = compile(loadModel(join(import.meta.dirname, '..', '..', 'examples', 'ecommerce', 'warehouse.yaml')));
const milliseconds = ({ seconds, nanos }: { seconds?: unknown; nanos?: number | null }): number =>
  Number(seconds) * 1000 + (nanos ?? 0) / 1e6;

/** The ecommerce pipeline with a small table, a local AWS whose jobs take as long as they are told, and skipped time. */
export class OverheadStage {
  #runs = 0;

  private constructor(
    private readonly clock: SkippingClock,
    private readonly aws: TestAws,
    private readonly temporal: TestTemporal,
    private readonly lengths: { now: JobLengths },
    private readonly stopWorker: () => Promise<void>
  ) {}

  static async open(): Promise<OverheadStage> {
    const clock = new SkippingClock();
    const lengths: { now: JobLengths } = { now: { export: 0, glue: 0, statement: 0 } };
    const kinds: Readonly<Record<string, keyof JobLengths>> = {
      ExportTableToPointInTime: 'export',
      StartJobRun: 'glue',
      ExecuteStatement: 'statement',
      BatchExecuteStatement: 'statement',
    };
    const aws = await startTestAws({
      sleep: (time, signal) => clock.sleep(time, signal),
      intercept: [
        ({ operation, phase }) => {
          clock.touch();
          const kind = kinds[operation];
          if (phase === 'before' && kind !== undefined) {
            return { slowMs: lengths.now[kind] * 1000, sleep: clock.work };
          }
        },
      ],
    });
    const temporal = await startTestTemporal();
    await provisionPlan(aws, plan);
    await loadItems(aws.clients.dynamodb, plan.source, [...generateItems({ items: 200, seed: 7 })]);
    const worker = await startWorker({
      configuration: { taskQueue, worker: { redshift: { activitiesPerSecond: 0 } } },
      env: { ...process.env, ...aws.env, ...temporal.env },
      logLevel: 'error',
      clock,
    });
    const running = worker.run();
    return new OverheadStage(clock, aws, temporal, lengths, async () => {
      worker.shutdown();
      await running;
    });
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.temporal.stop();
    await this.aws.stop();
    this.clock.close();
  }

  /** A run as a schedule starts it, with jobs of these lengths. */
  async run(lengths: JobLengths): Promise<MeasuredRun> {
    const { client } = this.temporal;
    this.#runs += 1;
    this.lengths.now = lengths;
    const asked = new Date();
    const { args, ...options } = eltWorkflowOptions(plan, deployment, `bench-${this.#runs}`, taskQueue);
    const [{ runKey: _runKey, ...input }] = args;
    const schedule = await client.schedule.create({
      scheduleId: options.workflowId,
      spec: {},
      action: {
        type: 'startWorkflow',
        workflowType: 'elt',
        workflowId: options.workflowId,
        taskQueue,
        args: [input],
        typedSearchAttributes: options.typedSearchAttributes,
      },
      state: { triggerImmediately: true },
    });
    const workflowId = await startedBy(client, options.workflowId);
    await client.workflow.result(workflowId);
    await schedule.delete();
    const lock = client.workflow.getHandle(
      `lock-workgroup-${deployment.redshift.workgroup}-${deployment.redshift.database}`
    );
    const histories = [
      await this.#history(client, workflowId),
      await this.#history(client, `${workflowId}/archive`),
      await this.#history(client, lock.workflowId),
    ];
    await lock.terminate();
    const [own = []] = histories;
    const usages = histories.map(usageOf);
    // Signal-with-start is one Action, though the lock's history shows a start and a signal.
    const actions = usages.reduce((sum, usage) => sum + usage.actions + usage.heartbeats, 0) - 1;
    const [start = 0, end = 0] = [own[0], own.at(-1)].map((event) => milliseconds(event?.eventTime ?? {}));
    return {
      wall: (end - start) / 1000,
      jobs: (await this.#jobs(asked)).map(({ kind, from, to }) => ({
        kind,
        from: (from - start) / 1000,
        to: (to - start) / 1000,
      })),
      waits: waitsIn(own),
      actions,
      heartbeats: usages.reduce((sum, usage) => sum + usage.heartbeats, 0),
      events: own.length,
    };
  }

  /** A history with the times of the skipping clock. */
  async #history(client: Client, workflowId: string): Promise<HistoryEvent[]> {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).map((event) => {
      const at = this.clock.at(milliseconds(event.eventTime ?? {}));
      const eventTime = { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 };
      return { ...event, eventTime } as unknown as HistoryEvent;
    });
  }

  /** Remote jobs that were started since, in milliseconds of the skipping clock. */
  async #jobs(since: Date): Promise<{ kind: keyof JobLengths; from: number; to: number }[]> {
    const { dynamodb, glue, redshift } = this.aws.clients;
    const jobs: { kind: keyof JobLengths; from: number; to: number }[] = [];
    const add = (kind: keyof JobLengths, from?: Date, to?: Date): void => {
      if (from === undefined || to === undefined || from < since) return;
      jobs.push({ kind, from: this.clock.at(from.getTime()), to: this.clock.at(to.getTime()) });
    };
    for await (const { ExportSummaries = [] } of paginateListExports({ client: dynamodb }, {})) {
      for (const { ExportArn } of ExportSummaries) {
        const { ExportDescription: one } = await dynamodb.send(new DescribeExportCommand({ ExportArn }));
        add('export', one?.StartTime, one?.EndTime);
      }
    }
    for (const JobName of [plan.lake.jobName, plan.landing?.jobName ?? '']) {
      for await (const { JobRuns = [] } of paginateGetJobRuns({ client: glue }, { JobName })) {
        for (const run of JobRuns) add('glue', run.StartedOn, run.CompletedOn);
      }
    }
    const { workgroup, database } = deployment.redshift;
    const query = { WorkgroupName: workgroup, Database: database, Status: 'ALL' } as const;
    for await (const { Statements = [] } of paginateListStatements({ client: redshift }, query)) {
      for (const { CreatedAt, UpdatedAt } of Statements) add('statement', CreatedAt, UpdatedAt);
    }
    return jobs;
  }
}

async function startedBy(client: Client, scheduleWorkflowId: string): Promise<string> {
  for (;;) {
    for await (const { workflowId } of client.workflow.list()) {
      if (workflowId.startsWith(`${scheduleWorkflowId}-`)) return workflowId;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Seconds from where the start of an export or a Glue run is scheduled to where its wait has completed. */
function waitsIn(events: readonly HistoryEvent[]): number[] {
  const scheduled = new Map<string, { readonly name: string; readonly at: number }>();
  const waits: number[] = [];
  let began = 0;
  for (const event of events) {
    const at = milliseconds(event.eventTime ?? {});
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name) scheduled.set(String(event.eventId), { name, at });
    if (name === 'startExport' || name === 'startGlueJob') began = at;
    const completed = event.activityTaskCompletedEventAttributes?.scheduledEventId;
    const of = scheduled.get(String(completed))?.name;
    if (of === 'waitExport' || of === 'waitGlueJob') waits.push((at - began) / 1000);
  }
  return waits;
}
