import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { DeterminismViolationError } from '@temporalio/workflow';
import type { WorkflowBundle } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { installRuntime } from '../../workers/runtime.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';

const root = join(import.meta.dirname, '..', '..');
const histories = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.bin'));

const load = async (name: string): Promise<temporal.api.history.v1.History> =>
  protos.temporal.api.history.v1.History.decode(await readFile(join(import.meta.dirname, name)));

/** Replays under the workflow id of the recording, of which ids of children are made. */
async function replay(workflowBundle: WorkflowBundle, history: temporal.api.history.v1.History): Promise<void> {
  const { workflowId } = history.events[0]?.workflowExecutionStartedEventAttributes ?? {};
  await Worker.runReplayHistory({ workflowBundle }, history, workflowId || undefined);
}

/** The workflows with a text in one of their files replaced, as a careless change would. */
async function bundleChanged(file: string, from: string, to: string): Promise<WorkflowBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-changed-'));
  try {
    await cp(join(root, 'workflows'), join(folder, 'workflows'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'workflows', file);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
    return await bundleWorkflows(join(folder, 'workflows'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('recorded histories', () => {
  let workflowBundle: WorkflowBundle;
  beforeAll(async () => {
    installRuntime('silent');
    workflowBundle = await bundleWorkflows();
  });

  it('are there', () => {
    expect(histories).not.toEqual([]);
  });

  it.each(histories)('%s replays with the present workflows', async (name) => {
    await replay(workflowBundle, await load(name));
  });

  describe('catch a change of', () => {
    let history: temporal.api.history.v1.History;
    beforeAll(async () => (history = await load('elt-0.2.0.bin')));

    it.each([
      [
        'the order of stages',
        'elt/elt.ts',
        "await sheet.stage('landing', () => loadLanding(run));",
        "await callInWaves(run, 'dwh', []);",
      ],
      [
        'the activities of a stage',
        'elt/stages/prepare.ts',
        "for (const transaction of setupTransactions(setup)) await executeWave(run, 'prepare', [transaction]);",
        '',
      ],
      ['when the lock is asked for', 'elt/stages/prepare.ts', 'if (run.durable) await run.sheet.step', 'if (!run.durable) await run.sheet.step'],
      ['what a stage records', 'run-sheet.ts', "upsertSearchAttributes([keyword('SluiceStage', name)]);", ''],
    ])('%s', async (_change, file, from, to) => {
      const changed = await bundleChanged(file, from, to);
      await expect(replay(changed, history)).rejects.toThrow(DeterminismViolationError);
    });
  });
});
