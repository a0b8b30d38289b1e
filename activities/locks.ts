import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { LockRequest, WarehouseLockInput } from '../workflows/warehouse-lock.js';
import { keepHeartbeating } from './heartbeat.js';
import type { PollClock } from './poll-clock.js';
import { pollInterval, systemClock } from './poll-clock.js';
import type { StepInput } from './run-scope.js';

/** Input of `requestLock`. */
export interface RequestLockInput extends StepInput {
  /** Workflow id of the lock. */
  readonly lock: string;
  readonly request: LockRequest;
}

/** Activities on the lock workflow; they need a client of Temporal. */
export interface LockActivities {
  /**
   * Asks a lock for resources, and starts the lock when there is none. It answers by the signal `lockGranted`. Asking
   * again does no harm.
   */
  requestLock(input: RequestLockInput): Promise<void>;
  /** Waits until at least one of the workflows has no open execution, and returns those that have none. */
  waitForClosedWorkflow(input: { readonly workflowIds: readonly string[] }): Promise<string[]>;
}

/** Makes the activities over a client. */
export function createLockActivities({
  temporal,
  clock = systemClock,
}: {
  readonly temporal: Client;
  readonly clock?: PollClock;
}): LockActivities {
  const isClosed = async (workflowId: string): Promise<boolean> => {
    try {
      return (await temporal.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return true;
      throw error;
    }
  };
  return {
    async requestLock({ lock, request }) {
      await temporal.workflow.signalWithStart<(input?: WarehouseLockInput) => Promise<void>, [LockRequest]>(
        'warehouseLock',
        {
          workflowId: lock,
          taskQueue: Context.current().info.taskQueue,
          signal: 'request',
          signalArgs: [request],
          args: [{}],
          staticSummary: 'One writer per table of a warehouse',
        }
      );
    },

    async waitForClosedWorkflow({ workflowIds }) {
      const { cancellationSignal: signal, cancelled } = Context.current();
      const began = clock.now();
      const stopHeartbeats = keepHeartbeating(() => ({ workflows: workflowIds.length }));
      try {
        for (;;) {
          const closed: string[] = [];
          for (const workflowId of workflowIds) {
            if (signal.aborted) await cancelled;
            if (await isClosed(workflowId)) closed.push(workflowId);
          }
          if (closed.length > 0) return closed;
          await clock.sleep(pollInterval(clock.now() - began), signal).catch(() => cancelled);
        }
      } finally {
        stopHeartbeats();
      }
    },
  };
}
