import type { TemporalConnection } from './temporal-connection.js';

/** Milliseconds between two looks at a workflow that is waited for. */
export const watchIntervalMs = 250;

/** A workflow to start under an id that is of this call alone. */
export interface NewWorkflow {
  readonly type: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly staticSummary: string;
  readonly input: unknown;
}

/** Starts a workflow; that it is there already means that the answer to an earlier try was lost. */
export async function startOnce(temporal: TemporalConnection, workflow: NewWorkflow): Promise<void> {
  const { type, input, ...options } = workflow;
  await temporal.read(() =>
    temporal.client.workflow.start(type, { ...options, args: [input] }).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
      }
    )
  );
}

/**
 * Waits until a workflow has ended and gives its result.
 * @throws WorkflowFailedError when it ended otherwise; RunFailedError when the server does not answer for half a
 * minute; the signal's reason when aborted.
 */
export async function resultOf<Result>(
  temporal: TemporalConnection,
  workflowId: string,
  signal?: AbortSignal
): Promise<Result> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  for (;;) {
    const { status } = await temporal.read(() => handle.describe(), signal);
    if (status.name !== 'RUNNING') return (await temporal.read(() => handle.result(), signal)) as Result;
    await new Promise((resolve) => setTimeout(resolve, watchIntervalMs));
  }
}
