import type { NativeConnection } from '@temporalio/worker';

/** What waits on a task queue, and who works on it. */
export interface Backlog {
  /** Tasks of workflows and activities that no worker has taken yet. */
  readonly tasks: number;
  /** Worker processes that have asked for tasks in the last minutes. */
  readonly workers: number;
}

/** Where the backlog of which queue is asked for. */
export interface BacklogQuery {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
}

// temporal.api.enums.v1.TaskQueueType
const taskQueueTypes = { workflow: 1, activity: 2 } as const;

/** Asks Temporal for a queue's backlog. Rejects as gRPC does, also when the namespace's permissions do not allow it. */
export async function readBacklog({ connection, namespace, taskQueue }: BacklogQuery): Promise<Backlog> {
  const answers = await Promise.all(
    Object.values(taskQueueTypes).map((taskQueueType) =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        taskQueueType,
        reportStats: true,
      })
    )
  );
  const identities = answers.flatMap(({ pollers }) => (pollers ?? []).map(({ identity }) => identity));
  return {
    tasks: answers.reduce((sum, { stats }) => sum + Number(String(stats?.approximateBacklogCount ?? 0)), 0),
    workers: new Set(identities).size,
  };
}

/**
 * A line of log that CloudWatch Logs makes metrics of, in the namespace `Sluice` with the dimension `TaskQueue`:
 * `TaskQueueBacklog`, `TaskQueueWorkers`, and `TaskQueueBacklogPerWorker`, by which the service scales.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function backlogLine(taskQueue: string, { tasks, workers }: Backlog, at: Date): string {
  const names = ['TaskQueueBacklog', 'TaskQueueWorkers', 'TaskQueueBacklogPerWorker'];
  return JSON.stringify({
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        { Namespace: 'Sluice', Dimensions: [['TaskQueue']], Metrics: names.map((Name) => ({ Name, Unit: 'Count' })) },
      ],
    },
    TaskQueue: taskQueue,
    TaskQueueBacklog: tasks,
    TaskQueueWorkers: workers,
    TaskQueueBacklogPerWorker: tasks / Math.max(1, workers),
  });
}

/** How the backlog is told. */
export interface BacklogPublication extends BacklogQuery {
  /** Takes a line at a time. */
  readonly write: (line: string) => void;
  /** Told of a failure, once until the next success. */
  readonly onWarning: (message: string) => void;
  /** @default 60_000 */
  readonly everyMilliseconds?: number;
}

/** Writes {@link backlogLine} again and again until it is stopped; keeps no process alive. */
export function publishBacklog(publication: BacklogPublication): { stop(): void } {
  const { taskQueue, write, onWarning, everyMilliseconds = 60_000 } = publication;
  let failing = false;
  const publish = async (): Promise<void> => {
    try {
      write(backlogLine(taskQueue, await readBacklog(publication), new Date()));
      failing = false;
    } catch (error) {
      if (!failing) onWarning(`Temporal does not tell the backlog of ${taskQueue}: ${String(error)}`);
      failing = true;
    }
  };
  const timer = setInterval(() => void publish(), everyMilliseconds);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
