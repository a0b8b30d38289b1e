import { WorkflowFailedError } from '@temporalio/client';
import type { Workflow, WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import { rootCause } from '../../client/root-cause.js';

/** What a workflow failed of: the message of the innermost cause. Fails the test when it did not fail. */
export async function failureOf<T extends Workflow>(handle: WorkflowHandle<T>): Promise<string> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = rootCause(error);
  return cause instanceof Error ? cause.message : String(cause);
}
