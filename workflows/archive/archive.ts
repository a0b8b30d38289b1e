import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { StepInput } from '../../activities/run-scope.js';
import { lockIdOf } from '../elt/lock.js';
import { LockHolder } from '../lock-holder.js';
import { allEnded } from '../remote-job.js';
import { beginArchive, copyObjects, deleteSources } from './activities.js';
import { archiveLayers, archiveStamp } from './layers.js';
import type { ArchiveInput, ArchiveResult, ArchivedLayer, LayerState, LayerTask } from './types.js';

const none: ArchivedLayer = { objects: 0, bytes: 0, deleted: 0, changed: 0 };

/** Prefixes that an archive empties, as names of resources of the lock. */
export function archivedPrefixes({ plan, deployment }: Pick<ArchiveInput, 'plan' | 'deployment'>): string[] {
  return archiveLayers(deployment).map(({ bucket }) => `s3://${bucket}/${plan.source.table}/`);
}

async function begin(input: ArchiveInput, at: StepInput): Promise<LayerState[]> {
  const { plan, deployment, stamp = archiveStamp(workflowInfo().startTime) } = input;
  const work = await beginArchive.executeWithOptions({ summary: `archive ${plan.source.table} as ${stamp}` }, [
    {
      ...at,
      table: plan.source.table,
      stamp,
      layers: archiveLayers(deployment),
      ...(plan.archive && { retentionDays: plan.archive.retentionDays }),
    },
  ]);
  return work.map(({ layer, finish, copy, made }): LayerState => {
    const tasks: LayerTask[] = [];
    if (finish) tasks.push({ kind: 'delete', stamp: finish.stamp, cursor: { page: 0, deleted: 0, changed: 0 } });
    if (copy) tasks.push({ kind: 'copy', ...copy, cursor: { page: 0, objects: 0, bytes: 0 } });
    return { layer, tasks, done: { ...none, ...made } };
  });
}

/** Does one activity's worth of a layer's first task. */
async function advance(input: ArchiveInput, at: StepInput, state: LayerState): Promise<LayerState> {
  const { pageObjects = 1_000, pagesPerActivity = 10 } = input.limits ?? {};
  const [task, ...rest] = state.tasks;
  const layer = archiveLayers(input.deployment).find(({ name }) => name === state.layer);
  if (task === undefined || layer === undefined) return state;
  const { stamp } = task;
  const shared = { ...at, table: input.plan.source.table, stamp, layer };
  if (task.kind === 'copy') {
    const { cursor: from, resumed } = task;
    const summary = `copy ${layer.name} from object ${from.objects + 1}`;
    const limits = { pageObjects, pagesPerActivity };
    const { cursor, finished } = await copyObjects.executeWithOptions({ summary }, [
      { ...shared, from, limits, resumed },
    ]);
    const { objects, bytes, page } = cursor;
    const deletes: LayerTask[] =
      page === 0 ? [] : [{ kind: 'delete', stamp, cursor: { page: 0, deleted: 0, changed: 0 } }];
    const tasks = finished ? [...deletes, ...rest] : [{ ...task, cursor }, ...rest];
    return { ...state, tasks, done: { ...state.done, stamp, objects, bytes } };
  }
  const { cursor: from } = task;
  const summary = `delete ${layer.name} sources from page ${from.page + 1}`;
  const { cursor, finished } = await deleteSources.executeWithOptions({ summary }, [
    { ...shared, from, pagesPerActivity },
  ]);
  const done = {
    ...state.done,
    deleted: state.done.deleted + cursor.deleted - from.deleted,
    changed: state.done.changed + cursor.changed - from.changed,
  };
  return { ...state, tasks: finished ? rest : [{ ...task, cursor }, ...rest], done };
}

/** Works on a layer until nothing is left or the execution has done its share. */
async function work(input: ArchiveInput, at: StepInput, state: LayerState): Promise<LayerState> {
  let current = state;
  const { activitiesPerExecution = 400 } = input.limits ?? {};
  for (let activities = 0; activities < activitiesPerExecution && current.tasks.length > 0; activities += 1) {
    if (activities > 0 && workflowInfo().continueAsNewSuggested) break;
    current = await advance(input, at, current);
  }
  return current;
}

async function moveLayers(input: ArchiveInput, at: StepInput): Promise<LayerState[]> {
  const states = input.resume ?? (await begin(input, at));
  return await allEnded(states.map((state) => work(input, at, state)));
}

/**
 * Moves everything that raw and lake hold of a table to the archive buckets, both layers at the same time: all of a
 * layer is copied and verified and its manifest complete before the first source is deleted. What an earlier archive
 * left undone is done first. May be repeated at any point; an empty table is a success. An activity goes through ten
 * thousand objects, so that 100,000 objects are some 350 events; after 400 activities a layer it continues as new.
 * On its own it holds the lock of the warehouse; as a child, its parent does.
 */
export async function archive(input: ArchiveInput): Promise<ArchiveResult> {
  const { plan, deployment, runKey } = input;
  const at = { scope: { pipeline: plan.name, runKey, planHash: plan.hash }, stage: 'archive', step: 'archive' };
  const lock = workflowInfo().parent === undefined ? new LockHolder(() => undefined) : undefined;
  let left: LayerState[] | undefined;
  try {
    // Asking for what is held already, as an execution that goes on does, is answered at once.
    await lock?.acquire(at, lockIdOf(deployment), archivedPrefixes(input));
    const states = await moveLayers(input, at);
    if (states.every(({ tasks }) => tasks.length === 0)) {
      const layers = Object.fromEntries(states.map(({ layer, done }) => [layer, done])) as ArchiveResult['layers'];
      return { table: plan.source.table, layers };
    }
    left = states;
  } finally {
    if (left === undefined) await lock?.release();
  }
  return await continueAsNew<typeof archive>({
    ...input,
    stamp: input.stamp ?? archiveStamp(workflowInfo().startTime),
    resume: left,
  });
}
