import { join } from 'node:path';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installRuntime } from '../../workers/runtime.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { approveUpdate, rejectUpdate } from '../../workflows/approval.js';
import type { ApprovalsState } from '../../workflows/index.js';
import type { asker } from './small/index.js';
import { startTestTemporal } from './stack.js';
import type { TestTemporal } from './stack.js';

/** Why the update was refused. */
async function refusal(update: Promise<unknown>): Promise<string> {
  const error: unknown = await update.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause?.message ?? '';
}

describe('an approval', () => {
  const taskQueue = 'approval';
  let temporal: TestTemporal;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;
  let runs = 0;

  const ask = async (...questions: { name: string; deadlineSeconds: number }[]) =>
    await temporal.client.workflow.start<typeof asker>('asker', {
      workflowId: `asker-${(runs += 1)}`,
      taskQueue,
      args: [questions],
    });
  const asked = (handle: WorkflowHandle<typeof asker>) => handle.query<ApprovalsState>('asked');
  const day = 86_400;

  beforeAll(async () => {
    installRuntime('silent');
    const [started, workflowBundle] = await Promise.all([
      startTestTemporal(),
      bundleWorkflows(join(import.meta.dirname, 'small')),
    ]);
    temporal = started;
    connection = await NativeConnection.connect({ address: temporal.env.TEMPORAL_ADDRESS });
    worker = await Worker.create({ connection, taskQueue, workflowBundle });
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
    await temporal?.stop();
  });

  it('is given once, with name and reason; the same answer again is the first one', async () => {
    const handle = await ask({ name: 'gap', deadlineSeconds: day }, { name: 'gate', deadlineSeconds: day });
    await expect
      .poll(async () => (await asked(handle)).pending)
      .toMatchObject([{ name: 'gap', question: 'May gap be?' }]);
    const first = await handle.executeUpdate(approveUpdate, { args: [{ by: 'ada', reason: 'known', name: 'gap' }] });
    expect(first).toMatchObject({ name: 'gap', approved: true, by: 'ada', reason: 'known' });
    await expect.poll(async () => (await asked(handle)).pending).toMatchObject([{ name: 'gate' }]);
    const again = await handle.executeUpdate(approveUpdate, { args: [{ by: 'bob', name: 'gap' }] });
    expect(again).toEqual(first);
    expect(await refusal(handle.executeUpdate(rejectUpdate, { args: [{ by: 'bob', name: 'gap' }] }))).toMatch(
      /^gap was approved by ada at .*: that stands\.$/
    );
    const second = await handle.executeUpdate(rejectUpdate, { args: [{ by: 'bob' }] });
    expect(await handle.result()).toEqual([first, second]);
    expect(second).toMatchObject({ name: 'gate', approved: false, by: 'bob' });
  });

  it('is refused, leaving no trace, under a wrong name or without a name of who gives it', async () => {
    const handle = await ask({ name: 'gap', deadlineSeconds: day });
    await expect.poll(async () => (await asked(handle)).pending.length).toBe(1);
    expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ by: 'ada', name: 'other' }] }))).toBe(
      'other does not wait for approval, but gap does.'
    );
    expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ by: ' ' }] }))).toMatch(/name is missing/);
    const events = (await handle.fetchHistory()).events ?? [];
    expect(events.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'ada' }] });
    await handle.result();
  });

  it('is a rejection when nobody answers in time', async () => {
    const handle = await ask({ name: 'gap', deadlineSeconds: 1 });
    expect(await handle.result()).toMatchObject([
      { name: 'gap', approved: false, by: 'deadline', reason: expect.stringMatching(/^nobody decided until 2/) },
    ]);
  });

  it('keeps its deadline and its decisions when the workflow continues as new', async () => {
    const handle = await ask({ name: 'one', deadlineSeconds: day }, { name: 'two', deadlineSeconds: day });
    await expect.poll(async () => (await asked(handle)).pending.length).toBe(1);
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'ada' }] });
    await expect.poll(async () => (await asked(handle)).pending).toMatchObject([{ name: 'two' }]);
    const before = await asked(handle);
    const { runId } = await handle.describe();
    await handle.signal('renew');
    await expect.poll(async () => (await handle.describe()).runId, { timeout: 10_000 }).not.toBe(runId);
    await expect.poll(async () => asked(handle)).toEqual(before);
    await handle.executeUpdate(rejectUpdate, { args: [{ by: 'bob' }] });
    const latest = temporal.client.workflow.getHandle<typeof asker>(handle.workflowId);
    expect(await latest.result()).toMatchObject([
      { name: 'one', approved: true, by: 'ada' },
      { name: 'two', approved: false, by: 'bob' },
    ]);
  });
});
