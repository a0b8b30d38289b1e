import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLockActivities } from '../../activities/locks.js';
import { installRuntime } from '../../workers/runtime.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import type { WarehouseLockInput, WarehouseLockState, warehouseLock } from '../../workflows/index.js';
import { hastyClock } from '../activities/activity-environment.js';
import type { Visit, lockUser } from './small/index.js';
import { startTestTemporal } from './stack.js';
import type { TestTemporal } from './stack.js';

describe('the lock of a warehouse', () => {
  const taskQueue = 'lock';
  let temporal: TestTemporal;
  let connections: NativeConnection[];
  let workers: Worker[];
  let running: Promise<unknown>;
  let lock = '';
  let tests = 0;
  /** Who is inside, by resource; and who came in, in order. */
  const inside = new Map<string, string>();
  const entered: string[] = [];
  const broken: string[] = [];

  const activities = {
    enter({ holder, resources }: Visit): Promise<void> {
      entered.push(holder);
      for (const resource of resources) {
        const other = inside.get(resource);
        if (other !== undefined) broken.push(`${holder} and ${other} both hold ${resource}`);
        inside.set(resource, holder);
      }
      return Promise.resolve();
    },
    leave({ resources }: Visit): Promise<void> {
      for (const resource of resources) inside.delete(resource);
      return Promise.resolve();
    },
  };
  const begin = async (input: WarehouseLockInput = {}): Promise<void> => {
    lock = `lock-${(tests += 1)}`;
    await temporal.client.workflow.start<typeof warehouseLock>('warehouseLock', {
      workflowId: lock,
      taskQueue,
      args: [{ idleMs: 500, ...input }],
    });
  };
  const use = async (name: string, resources: readonly string[], hold = true) =>
    await temporal.client.workflow.start<typeof lockUser>('lockUser', {
      workflowId: `${lock}-${name}`,
      taskQueue,
      args: [lock, resources, hold],
    });
  const state = async (): Promise<WarehouseLockState> =>
    await temporal.client.workflow.getHandle(lock).query<WarehouseLockState>('state');
  const names = (requests: WarehouseLockState['queue']): string[] =>
    requests.map(({ holder }) => holder.slice(lock.length + 1));
  const untilHeld = async (...holders: string[]): Promise<void> =>
    await expect.poll(async () => names((await state()).holders).sort()).toEqual(holders);
  const untilQueued = async (...waiting: string[]): Promise<void> =>
    await expect.poll(async () => names((await state()).queue)).toEqual(waiting);
  const finish = async (handle: WorkflowHandle<typeof lockUser>): Promise<void> => {
    await handle.signal('finish');
    await handle.result();
  };

  beforeAll(async () => {
    installRuntime('silent');
    const [started, workflowBundle] = await Promise.all([
      startTestTemporal(),
      bundleWorkflows(join(import.meta.dirname, 'small')),
    ]);
    temporal = started;
    const { TEMPORAL_ADDRESS: address } = temporal.env;
    // Two workers of one task queue in one process need a connection each.
    connections = await Promise.all(['one', 'two'].map(() => NativeConnection.connect({ address })));
    const lockActivities = createLockActivities({ temporal: temporal.client, clock: hastyClock });
    workers = await Promise.all(
      connections.map((connection) =>
        Worker.create({
          connection,
          taskQueue,
          workflowBundle,
          activities: { ...lockActivities, ...activities },
          maxHeartbeatThrottleInterval: '1s',
        })
      )
    );
    running = Promise.all(workers.map((worker) => worker.run()));
  });
  afterEach(() => {
    expect(broken).toEqual([]);
    inside.clear();
    entered.length = 0;
  });
  afterAll(async () => {
    for (const worker of workers ?? []) worker.shutdown();
    await running;
    for (const connection of connections ?? []) await connection.close();
    await temporal?.stop();
  });

  it('lets 50 runs in one at a time and in their order, in bounded history', async () => {
    await begin({ maximumEvents: 120 });
    const first = await use('first', ['x', 'y']);
    await untilHeld('first');
    const users = await Promise.all(Array.from({ length: 50 }, (_, index) => use(String(index), ['y', 'x'], false)));
    await expect.poll(async () => (await state()).queue.length, { timeout: 60_000 }).toBe(50);
    const order = (await state()).queue.map(({ holder }) => holder);
    await finish(first);
    await Promise.all(users.map((user) => user.result()));
    expect(entered).toEqual([first.workflowId, ...order]);
    await expect
      .poll(async () => (await temporal.client.workflow.getHandle(lock).describe()).status.name)
      .toBe('COMPLETED');
    const executions = temporal.client.workflow.list({ query: `WorkflowId = '${lock}'` });
    const lengths: number[] = [];
    await expect
      .poll(async () => {
        lengths.length = 0;
        for await (const { historyLength } of executions) lengths.push(historyLength);
        return lengths.length;
      })
      .toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThan(450);
  });

  it('grants all or nothing, and none overtakes one that has waited longer for the same', async () => {
    await begin();
    const a = await use('a', ['x']);
    await untilHeld('a');
    const b = await use('b', ['x', 'y']);
    await untilQueued('b');
    const c = await use('c', ['y', 'z']);
    await untilQueued('b', 'c');
    const d = await use('d', ['w']);
    await untilHeld('a', 'd');
    await finish(a);
    await untilHeld('b', 'd');
    await finish(b);
    await untilHeld('c', 'd');
    await Promise.all([finish(c), finish(d)]);
  });

  it('goes on when a holder is terminated, and when one that waits is terminated or cancelled', async () => {
    await begin();
    const a = await use('a', ['x']);
    await untilHeld('a');
    const b = await use('b', ['x']);
    await untilQueued('b');
    const c = await use('c', ['x']);
    await untilQueued('b', 'c');
    const d = await use('d', ['x']);
    await untilQueued('b', 'c', 'd');
    await b.cancel();
    await expect(b.result()).rejects.toThrow(WorkflowFailedError);
    await untilQueued('c', 'd');
    await c.terminate();
    await a.terminate();
    inside.clear(); // nobody is left to say so
    await untilHeld('d');
    await finish(d);
    expect(entered).toEqual([a.workflowId, d.workflowId]);
  });

  it('finds a dead holder that came in while others were watched', async () => {
    await begin();
    const a = await use('a', ['x']);
    await untilHeld('a');
    const b = await use('b', ['x']);
    await untilQueued('b');
    const c = await use('c', ['y']);
    await untilHeld('a', 'c');
    const d = await use('d', ['y']);
    await untilQueued('b', 'd');
    await c.terminate();
    inside.delete('y');
    await untilHeld('a', 'd');
    await finish(a);
    await Promise.all([finish(b), finish(d)]);
  });

  it('keeps what a run holds when it is reset, and gives it back to one that starts again under its id', async () => {
    await begin();
    const a = await use('a', ['x']);
    await untilHeld('a');
    await expect.poll(() => entered).toEqual([a.workflowId]);
    const b = await use('b', ['x']);
    await untilQueued('b');
    const { events = [] } = await a.fetchHistory();
    // The last workflow task that completed: the reset repeats what came after it.
    const task = events?.findLast(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes);
    await temporal.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: a.workflowId },
      workflowTaskFinishEventId: task?.eventId,
      requestId: 'reset',
      reason: 'test',
    });
    inside.clear();
    await untilQueued('b');
    expect(names((await state()).holders)).toEqual(['a']);
    await temporal.client.workflow.getHandle(a.workflowId).terminate();
    inside.clear();
    // It may be dead for the lock already, and come after b then; b ends either way.
    const again = await use('a', ['x'], false);
    await b.signal('finish');
    await Promise.all([again.result(), b.result()]);
  });

  it('ends when nothing is held or wanted, and is started again by the next request', async () => {
    await begin({ idleMs: 1 });
    const handle = temporal.client.workflow.getHandle(lock);
    await handle.result();
    await (await use('a', ['x'], false)).result();
    expect(entered).toEqual([`${lock}-a`]);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });
});
